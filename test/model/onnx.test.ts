import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  BACKBONES,
  BackendError,
  createEmbedderPool,
  loadBackend,
  loadModel,
  pictureBytes,
  readModel,
} from '../../src/model';
import type { ModelCard, ModelSource } from '../../src/model';
import { createEmbedder } from '../../src/model/load-model';
import { buildParts } from '../../src/model/network/parts';
import { createOnnxEmbedder, loadOnnxRuntime } from '../../src/model/onnx/embedder';
import { bundleWorker, starterDir } from './support/bundle';
import { findOnnxRuntime } from './support/onnx';
import { noisePictures } from './support/pictures';
import { farthest, stepOf } from './support/step';
import { wasmDir } from './support/wasm';

const onnxPath = findOnnxRuntime();
const wasm = { choice: 'wasm', wasmDir: wasmDir() } as const;

/** A source whose normalisations have moments of their own, as after training. */
async function trainedSource(backbone: (typeof BACKBONES)[number]): Promise<ModelSource> {
  const [width, height] = { conv4: [28, 28], koch: [65, 70], resnet: [33, 47], mobile: [65, 63] }[backbone] as [
    number,
    number,
  ];
  const channels = backbone === 'resnet' || backbone === 'mobile' ? 3 : 1;
  const options = {
    backbone,
    width,
    height,
    channels,
    embeddingSize: 12,
    widen: 0.25,
    seed: 5,
    freeze: false,
  } as const;
  const parts = await buildParts(options);
  stepOf(parts.network, 4);
  const { topology, ...files } = await parts.artifacts();
  const each = (value: number): number[] => new Array<number>(channels).fill(value);
  const input: ModelCard['input'] = {
    width,
    height,
    channels,
    fit: 'fill',
    background: 0,
    scale: 1 / 127.5,
    mean: each(0.9),
    std: each(1.1),
  };
  const card: ModelCard = {
    version: 1,
    name: backbone,
    input,
    embedding: { normalise: backbone !== 'koch', metric: 'l2' },
  };
  return { id: backbone, key: '', card, topology: { modelTopology: topology }, ...files };
}

it('a missing onnxruntime-node is a reason, not an end', async () => {
  const missing = { ...wasm, choice: 'auto', onnxPath: '/no/such/folder', tfjsNodePath: '/no/such/folder' } as const;
  const embedder = await loadModel('starter', { starterDir, backend: missing });
  expect(embedder.backend.name).toBe('wasm');
  expect(embedder.backend.why).toHaveLength(3);
  expect(embedder.backend.why.join('\n')).toMatch(
    /onnx: Cannot find module[^]*node: Cannot find module[^]*wasm: tfjs-backend-wasm runs/,
  );
  await embedder.dispose();
  await expect(loadModel('starter', { starterDir, backend: { ...missing, choice: 'onnx' } })).rejects.toThrow(
    BackendError,
  );
});

describe.skipIf(onnxPath === undefined)('onnxruntime-node', () => {
  beforeAll(async () => {
    await loadBackend(wasm);
  });

  it.each(BACKBONES)('%s: the same vectors as on wasm', async backbone => {
    const source = await trainedSource(backbone);
    const pixels = noisePictures(5, pictureBytes(source.card.input));
    const onnx = await createOnnxEmbedder(source, loadOnnxRuntime(onnxPath), []);
    const plain = await createEmbedder(source, { name: 'wasm', why: [] });
    const [a, b] = [await onnx.embed(pixels, 5), await plain.embed(pixels, 5)];
    expect(onnx.dimension).toBe(12);
    expect(farthest(a, b) / Math.max(1, ...b.map(Math.abs))).toBeLessThan(1e-4);
    await onnx.dispose();
    await plain.dispose();
  });

  it('is what auto takes, and embeds the starter on worker threads', async () => {
    const source = await readModel('starter', { starterDir });
    const pixels = noisePictures(70, pictureBytes(source.card.input));
    const workerFile = await bundleWorker('src/model/worker.ts');
    const pool = await createEmbedderPool({
      source,
      backend: { ...wasm, choice: 'auto', onnxPath: onnxPath! },
      workerFile,
      threads: 2,
    });
    expect(pool.backend).toMatchObject({ name: 'onnx', why: ['onnx: onnxruntime-node runs, one thread a worker'] });
    const plain = await loadModel('starter', { starterDir, backend: wasm });
    expect(farthest(await pool.embed(pixels, 70), await plain.embed(pixels, 70))).toBeLessThan(1e-4);
    await pool.dispose();
  });

  it('is passed over by auto where a layer has no ONNX form', async () => {
    const { layers, sequential } = await import('@tensorflow/tfjs-layers');
    const model = sequential({ layers: [layers.layerNormalization({ inputShape: [8, 8, 3] }), layers.flatten()] });
    const source = await trainedSource('conv4');
    let saved!: tf.io.ModelArtifacts;
    await model.save(
      tf.io.withSaveHandler(artifacts => {
        saved = artifacts;
        return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
      }),
    );
    const input: ModelCard['input'] = {
      ...source.card.input,
      width: 8,
      height: 8,
      channels: 3,
      mean: [0, 0, 0],
      std: [1, 1, 1],
    };
    const odd: ModelSource = {
      ...source,
      card: { ...source.card, input },
      topology: { modelTopology: saved.modelTopology as object },
      specs: saved.weightSpecs!,
      weights: tf.io.CompositeArrayBuffer.join(saved.weightData),
    };
    const { startEmbedder } = await import('../../src/model/start');
    const options = { ...wasm, onnxPath: onnxPath!, tfjsNodePath: '/no/such/folder' };
    const embedder = await startEmbedder(odd, { ...options, choice: 'auto' });
    expect(embedder.backend.name).toBe('wasm');
    expect(embedder.backend.why[0]).toMatch(/onnx: layer .* is a LayerNormalization/);
    await expect(startEmbedder(odd, { ...options, choice: 'onnx' })).rejects.toThrow(/LayerNormalization/);
  });
});
