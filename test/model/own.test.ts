import { initializers, input as inputLayer, layers, model as layersModel } from '@tensorflow/tfjs-layers';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { completeOptions, loadBackend, loadModel, readModel, saveModel, train } from '../../src/model';
import type { ModelSource, TrainOptions, TrainResult } from '../../src/model';
import { bundleWorker, passingFolder } from './support/bundle';
import { writeLayersModel } from './support/own';
import { environment, quickOptions, stripes, tinyInput } from './support/training';
import { wasmDir } from './support/wasm';

const backend = { choice: 'wasm', wasmDir: wasmDir() } as const;
const data = stripes(12, 8);
let workerFile: string;
let l1: ModelSource;

beforeAll(async () => {
  workerFile = await bundleWorker('src/model/training/train-worker.ts');
  await loadBackend(backend);
  l1 = await trainedFirst({
    loss: 'triplet',
    distance: 'l1',
    normalise: false,
    mining: 'all',
    heldOut: 0.5,
    epochs: 6,
    stepsPerEpoch: 20,
  });
}, 60_000);

/** A network of our own, trained a little, saved and read again. */
async function trainedFirst(chosen: Partial<TrainOptions>): Promise<ModelSource> {
  return readModel(await saved(await train(quickOptions(chosen), tinyInput, data, environment(workerFile))));
}

async function saved({ artifacts, card }: TrainResult): Promise<string> {
  const folder = path.join(passingFolder('model'), 'mine');
  await saveModel(folder, artifacts, { ...card, name: 'mine' });
  return folder;
}

type Chosen = Parameters<typeof completeOptions>[0];

/** Choices of going on, as the card of the model completes them. */
const goingOn = ({ card }: ModelSource, chosen: Chosen = {}): TrainOptions =>
  completeOptions(
    {
      backbone: 'own',
      ...{ classesPerBatch: 4, imagesPerClass: 4, epochs: 1, stepsPerEpoch: 3, threads: 2 },
      ...{ augmentation: { affine: false, crop: false, colour: false }, ...chosen },
    },
    tinyInput,
    2,
    card.embedding,
  );

const goOn = (source: ModelSource, chosen: Chosen = {}): Promise<TrainResult> =>
  train(goingOn(source, chosen), source.card.input, data, { ...environment(workerFile), source });

async function vectorsOf(folder: string): Promise<number[]> {
  const embedder = await loadModel(folder, { backend });
  const vectors = await embedder.embed(data.pixels, data.count);
  await embedder.dispose();
  return [...vectors];
}

/** Too small a step to change any order: no epoch is better than the start. */
const idle: Chosen = { learningRate: 1e-12, weightDecay: 0, heldOut: 0.5 };

describe('going on from a model', () => {
  it('keeps its embedding size, normalisation and distance unless others are chosen', async () => {
    const kept = goingOn(l1);
    expect(kept).toMatchObject({ loss: 'triplet', distance: 'l1', normalise: false, embeddingSize: 0 });
    const other = goingOn(l1, { distance: 'cosine', normalise: true, embeddingSize: 5 });
    expect(other).toMatchObject({ distance: 'cosine', normalise: true, embeddingSize: 5 });
    // Where the loss chosen cannot be taken over it, another distance is.
    expect(goingOn(l1, { loss: 'cross-entropy' })).toMatchObject({ distance: 'weightedL1', normalise: false });
    const result = await goOn(l1);
    expect(result.card.embedding).toMatchObject({ dimension: 8, metric: 'l1', normalise: false });
    const weights = l1.specs.reduce((sum, { shape }) => sum + shape.reduce((n, side) => n * side, 1), 0);
    expect(result.parameters).toBe(weights);
  });

  it.each([
    ['whole', {}],
    ['with a frozen trunk', { freeze: true }],
    ['with a new head of another size', { embeddingSize: 2 }],
    ['with a new head on a frozen trunk, compared otherwise', { freeze: true, embeddingSize: 2, distance: 'cosine' }],
  ] as const)(
    '%s, it is judged as it was, and given back byte for byte where nothing was better',
    async (_, chosen) => {
      const result = await goOn(l1, { ...idle, ...chosen });
      expect(result).toMatchObject({ unchanged: true, best: { epoch: 0 } });
      expect(new Uint8Array(result.artifacts.weights)).toEqual(new Uint8Array(l1.weights));
      expect(result.artifacts.specs).toEqual(l1.specs);
      expect(result.card.embedding).toEqual(l1.card.embedding);
      // The figure that the model had when it was made, on the same pictures held out.
      const { best } = l1.card.training as { best: { heldOut: number } };
      expect(result.best!.heldOut).toBeCloseTo(best.heldOut, 6);
      expect(await vectorsOf(await saved(result))).toEqual(await vectorsOf(l1.id));
    },
  );

  it('begins a head of as many numbers as the identity, so that the model begins as it was', async () => {
    const result = await goOn(l1, { ...idle, freeze: true });
    expect(result.history[0]!.heldOut).toBeCloseTo(result.best!.heldOut, 6);
  });

  it('goes on from learned weights of the weighted L1', async () => {
    const koch = await trainedFirst({ loss: 'cross-entropy', learningRate: 0.02, epochs: 4, stepsPerEpoch: 20 });
    const { weights } = koch.card.embedding;
    expect(Math.max(...weights!) - Math.min(...weights!)).toBeGreaterThan(0.05);
    const options = goingOn(koch, { ...idle, heldOut: 0 });
    expect(options).toMatchObject({ loss: 'cross-entropy', distance: 'weightedL1', normalise: false });
    // Weights that do not fit another size were not learned: they are scaled as new ones are, which add up to 4.
    const small = await goOn(koch, { loss: 'cross-entropy', embeddingSize: 5, ...idle, heldOut: 0 });
    expect(small.weights).toHaveLength(5);
    expect(Math.abs(small.weights!.reduce((sum, w) => sum + w, 0) - 4)).toBeGreaterThan(1);
    const result = await train(options, tinyInput, data, { ...environment(workerFile), source: koch });
    expect(result.unchanged).toBeUndefined();
    for (const [i, weight] of result.weights!.entries()) expect(weight).toBeCloseTo(weights![i]!, 4);
  });
});

describe('a model that uses a layer twice', () => {
  let source: ModelSource;
  beforeAll(async () => {
    const x = inputLayer({ shape: [16, 16, 1] });
    const kernelInitializer = initializers.glorotNormal({ seed: 3 });
    const shared = layers.conv2d({ name: 'shared', filters: 1, kernelSize: 3, padding: 'same', kernelInitializer });
    const twice = shared.apply(shared.apply(x)) as SymbolicTensor;
    const pooled = layers.maxPooling2d({ poolSize: 4 }).apply(twice) as SymbolicTensor;
    const flat = layers.flatten().apply(pooled) as SymbolicTensor;
    const embedding = layers.dense({ units: 10, kernelInitializer }).apply(flat) as SymbolicTensor;
    source = await readModel(
      await writeLayersModel(layersModel({ inputs: x, outputs: embedding }), { input: tinyInput }),
    );
  });

  it('embeds, and is trained behind it as it is', async () => {
    expect(await vectorsOf(source.id)).toHaveLength(10 * data.count);
    const result = await goOn(source, {
      freeze: true,
      heldOut: 0,
      mining: 'all',
      stepsPerEpoch: 20,
      epochs: 3,
      learningRate: 0.01,
    });
    expect(result.parameters).toBe(10 * 10 + 10);
    expect(result.history[2]!.loss).toBeLessThan(result.history[0]!.loss);
    const vectors = await vectorsOf(await saved(result));
    expect(vectors.every(Number.isFinite)).toBe(true);
  });

  it('is refused whole: with the layer, and what can be done instead', async () => {
    await expect(goOn(source)).rejects.toThrow(/cannot be trained whole: layer shared is used 2 times.*--freeze/);
  });
});
