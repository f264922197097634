import * as tf from '@tensorflow/tfjs-core';
// Registers the gradients.
import '@tensorflow/tfjs-layers';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  BACKBONES,
  createEmbedder,
  createEmbedderPool,
  loadBackend,
  pictureBytes,
  readModel,
  train,
} from '../../src/model';
import { createOnnxEmbedder, loadOnnxRuntime } from '../../src/model/onnx/embedder';
import { bundleWorker, repository, starterDir } from './support/bundle';
import { noisePictures } from './support/pictures';
import { findOnnxRuntime } from './support/onnx';
import { farthest, network, slopeErrors, stepOf } from './support/step';
import { environment, quickOptions, stripes, tinyInput } from './support/training';
import { wasmDir } from './support/wasm';

/** One that scripts/tfjs-node.mjs built, named by the environment; else one that npm could install. */
function findTfjsNode(): string | undefined {
  const built =
    process.env['MARGIN_TFJS_NODE'] ?? path.join(repository, '.cache/tfjs-node/node_modules/@tensorflow/tfjs-node');
  if (existsSync(path.join(built, 'lib'))) return built;
  try {
    const installed = path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node/package.json'));
    return existsSync(path.join(installed, 'lib')) ? installed : undefined;
  } catch {
    return undefined;
  }
}

const tfjsNodePath = findTfjsNode();
const onnxPath = findOnnxRuntime();

describe.skipIf(tfjsNodePath === undefined)('tfjs-node', () => {
  beforeAll(async () => {
    await loadBackend({ choice: 'wasm', wasmDir: wasmDir() });
    const loaded = await loadBackend({ choice: 'auto', wasmDir: wasmDir(), tfjsNodePath: tfjsNodePath! });
    expect(loaded.name, loaded.why.join('; ')).toBe('node');
  }, 60_000);

  it.each(BACKBONES)('%s: the same embeddings and gradients as on wasm', async backbone => {
    const [node, wasm] = [stepOf(await network('tensorflow', backbone), 3), stepOf(await network('wasm', backbone), 3)];
    expect(node.loss).toBeCloseTo(wasm.loss, 4);
    expect(farthest(node.embedded, wasm.embedded)).toBeLessThan(1e-4);
    for (const [i, gradient] of node.gradients.entries()) {
      const scale = gradient.reduce((max, v) => Math.max(max, Math.abs(v)), 1);
      expect(farthest(wasm.gradients[i]!, gradient) / scale, `parameter ${i}`).toBeLessThan(1e-3);
    }
  });

  it.each(BACKBONES)('%s: a training step agrees with finite differences in double precision', async backbone => {
    const { forward, kinds } = slopeErrors(await network('tensorflow', backbone), backbone === 'koch' ? 1 : 4);
    expect(forward).toBeLessThan(1e-4);
    for (const [name, { steepest, random }] of Object.entries(kinds)) {
      expect(steepest, name).toBeLessThan(1e-3);
      expect(random, name).toBeLessThan(1e-3);
    }
  });

  it.skipIf(onnxPath === undefined)('the starter gives the same vectors as on onnxruntime-node', async () => {
    const source = await readModel('starter', { starterDir });
    const pixels = noisePictures(6, pictureBytes(source.card.input));
    await tf.setBackend('tensorflow');
    const node = await createEmbedder(source, { name: 'node', why: [] });
    const onnx = await createOnnxEmbedder(source, loadOnnxRuntime(onnxPath), []);
    expect(farthest(await node.embed(pixels, 6), await onnx.embed(pixels, 6))).toBeLessThan(1e-4);
    await Promise.all([node.dispose(), onnx.dispose()]);
  });

  it('the starter gives the same vectors as on wasm', async () => {
    const source = await readModel('starter', { starterDir });
    const pixels = noisePictures(6, pictureBytes(source.card.input));
    const vectors: Float32Array[] = [];
    for (const [choice, name] of [
      ['node', 'tensorflow'],
      ['wasm', 'wasm'],
    ] as const) {
      await tf.setBackend(name);
      const embedder = await createEmbedder(source, { name: choice, why: [] });
      vectors.push(await embedder.embed(pixels, 6));
    }
    expect(farthest(vectors[0]!, vectors[1]!)).toBeLessThan(1e-4);
  });

  it('embeds on worker threads, and trains in one', async () => {
    const backend = { choice: 'node', wasmDir: wasmDir(), tfjsNodePath: tfjsNodePath! } as const;
    const source = await readModel('starter', { starterDir });
    const pool = await createEmbedderPool({
      source,
      backend,
      workerFile: await bundleWorker('src/model/worker.ts'),
      threads: 2,
    });
    expect(pool.backend.name).toBe('node');
    const vectors = await pool.embed(noisePictures(9, pictureBytes(source.card.input)), 9);
    expect(vectors).toHaveLength(9 * pool.dimension);
    await pool.dispose();

    const workerFile = await bundleWorker('src/model/training/train-worker.ts');
    const options = quickOptions({ epochs: 3, stepsPerEpoch: 15, learningRate: 3e-3 });
    const onNode = await train(options, tinyInput, stripes(6, 8), { ...environment(workerFile), backend });
    const onWasm = await train(options, tinyInput, stripes(6, 8), environment(workerFile));
    expect(onNode.backend.name).toBe('node');
    expect(onNode.history[2]!.loss).toBeLessThan(onNode.history[0]!.loss);
    // One seed, two engines: the same run but for rounding, which training makes larger step by step.
    expect(Math.abs(onNode.history[0]!.loss / onWasm.history[0]!.loss - 1)).toBeLessThan(1e-2);
  }, 120_000);
});
