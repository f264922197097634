import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadModel, readModel, saveModel, train } from '../../src/model';
import type { ModelSource } from '../../src/model';
import { Random } from '../../src/core/random';
import { bundleWorker, passingFolder } from './support/bundle';
import { environment, quickOptions, stripes, tinyInput } from './support/training';
import { wasmDir } from './support/wasm';

const PIXELS = 16 * 16;
const FEATURES = 6;
let workerFile: string;
let source: ModelSource;

/** A GraphModel as a converter writes it: the picture flattened, times a matrix of constants. */
function writeGraphModel(folder: string): void {
  const dims = (...sizes: number[]) => ({ dim: sizes.map(size => ({ size: String(size) })) });
  const constant = (name: string, dtype: string, ...sizes: number[]) => ({
    name,
    op: 'Const',
    attr: { dtype: { type: dtype }, value: { tensor: { dtype, tensorShape: dims(...sizes) } } },
  });
  const float = { type: 'DT_FLOAT' };
  const node = [
    { name: 'picture', op: 'Placeholder', attr: { dtype: float, shape: { shape: dims(-1, 16, 16, 1) } } },
    constant('shape', 'DT_INT32', 2),
    constant('matrix', 'DT_FLOAT', PIXELS, FEATURES),
    { name: 'flat', op: 'Reshape', input: ['picture', 'shape'], attr: { T: float, Tshape: { type: 'DT_INT32' } } },
    {
      name: 'features',
      op: 'MatMul',
      input: ['flat', 'matrix'],
      attr: { T: float, transpose_a: { b: false }, transpose_b: { b: false } },
    },
  ];
  const random = new Random(5);
  const matrix = Float32Array.from({ length: PIXELS * FEATURES }, () => random.next() - 0.5);
  const weights = Buffer.concat([
    Buffer.from(Int32Array.of(-1, PIXELS).buffer),
    Buffer.from(matrix.buffer, matrix.byteOffset, matrix.byteLength),
  ]);
  const specs = [
    { name: 'shape', shape: [2], dtype: 'int32' },
    { name: 'matrix', shape: [PIXELS, FEATURES], dtype: 'float32' },
  ];
  const model = {
    format: 'graph-model',
    modelTopology: { node, library: {}, versions: { producer: 1 } },
    weightsManifest: [{ paths: ['weights.bin'], weights: specs }],
  };
  writeFileSync(path.join(folder, 'model.json'), JSON.stringify(model));
  writeFileSync(path.join(folder, 'weights.bin'), weights);
  writeFileSync(path.join(folder, 'card.json'), JSON.stringify({ input: tinyInput }));
}

beforeAll(async () => {
  workerFile = await bundleWorker('src/model/training/train-worker.ts');
  const folder = passingFolder('graph-model');
  writeGraphModel(folder);
  source = await readModel(folder);
}, 60_000);

const trained = (freeze: boolean, heldOut = 0) =>
  train(quickOptions({ backbone: 'own', freeze, epochs: 1, heldOut }), source.card.input, stripes(6, 6), {
    ...environment(workerFile),
    source,
  });

describe('a GraphModel to go on from', () => {
  it('is refused as a whole, with the reason and what can be done instead', async () => {
    expect(source.format).toBe('graph-model');
    await expect(trained(false)).rejects.toThrow(
      /GraphModel's weights are constants.*cannot be trained whole.*--freeze.*--map/,
    );
  });

  it('is given a head, which is trained, and embeds with it', async () => {
    const result = await trained(true);
    const folder = path.join(passingFolder('headed'), 'headed');
    await saveModel(folder, result.artifacts, { ...result.card, name: 'headed' });
    const embedder = await loadModel(folder, { backend: { choice: 'wasm', wasmDir: wasmDir() } });
    const { pixels, count } = stripes(2, 1);
    const vectors = await embedder.embed(pixels, count);
    expect(embedder.dimension).toBe(8);
    expect([...vectors].every(Number.isFinite)).toBe(true);
    await embedder.dispose();
  });
});
