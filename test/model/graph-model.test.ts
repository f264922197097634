import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadModel, readModel, saveModel, train } from '../../src/model';
import type { ModelSource } from '../../src/model';
import { bundleWorker, passingFolder } from './support/bundle';
import { writeGraphModel } from './support/graph';
import { environment, quickOptions, stripes } from './support/training';
import { wasmDir } from './support/wasm';

let workerFile: string;
let source: ModelSource;

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
