import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadModel, saveModel, splitHeldOut, train } from '../../src/model';
import type { EpochReport, TrainResult } from '../../src/model';
import { retrieval } from '../../src/core/evaluation';
import type { RetrievalOptions } from '../../src/core/evaluation';
import { bundleWorker, passingFolder } from './support/bundle';
import { environment, quickOptions, shortTraining, stripes, tinyInput } from './support/training';
import { wasmDir } from './support/wasm';

const weightsOf = (result: TrainResult): number[] => [...new Float32Array(result.artifacts.weights)];

/** What a trained model, saved and loaded again, finds among the images that were held out. */
async function heldOutOf(
  { artifacts, card, split: { heldOut } }: TrainResult,
  data: ReturnType<typeof stripes>,
  over: RetrievalOptions = {},
) {
  const saved = path.join(passingFolder('model'), 'mine');
  await saveModel(saved, artifacts, { ...card, name: 'mine' });
  const embedder = await loadModel(saved, { backend: { choice: 'wasm', wasmDir: wasmDir() } });
  const { dimension, metric } = embedder;
  const vectors = await embedder.embed(data.pixels, data.count);
  await embedder.dispose();
  return retrieval({ vectors, dimension, metric }, data.labels, { queries: heldOut, gallery: heldOut, ...over });
}
let workerFile: string;

beforeAll(async () => {
  workerFile = await bundleWorker('src/model/training/train-worker.ts');
  wasmDir();
}, 60_000);

describe('training', () => {
  it('makes held-out classes easier to find, and what it saves embeds the same', async () => {
    const data = stripes(12, 16);
    const epochs: EpochReport[] = [];
    const options = quickOptions({ epochs: 6, stepsPerEpoch: 20, widen: 0.25, classesPerBatch: 8 });
    const result = await train(options, tinyInput, data, { ...environment(workerFile), onEpoch: e => epochs.push(e) });
    expect(epochs).toHaveLength(6);
    expect(result.split.by).toBe('class');
    expect(epochs.at(-1)!.loss).toBeLessThan(epochs[0]!.loss);
    expect(result.card.training).toMatchObject({ ended: 'finished', steps: 120, backend: 'wasm' });

    const rows = result.split.heldOut;
    const found = await heldOutOf(result, data);
    // What was judged in training is what the saved model does.
    expect(found.mapAtR.value).toBeCloseTo(result.best!.heldOut, 4);
    const labels = Int32Array.from(rows, i => data.labels[i]!);
    const bytes = tinyInput.width * tinyInput.height;
    const raw = Float32Array.from(rows.flatMap(i => [...data.pixels.subarray(i * bytes, (i + 1) * bytes)]));
    const floor = retrieval({ vectors: raw, dimension: bytes, metric: 'l2' }, labels);
    expect(found.mapAtR.value).toBeGreaterThan(floor.mapAtR.value + 0.05);
  });

  it('judges the one class held out of few by what it finds among all pictures, without the pairs left open', async () => {
    const data = stripes(4, 8);
    const { heldOut } = splitHeldOut(data, 0.2, 1);
    const unknown = [
      { a: heldOut[0]!, b: heldOut[1]! },
      { a: heldOut[2]!, b: heldOut[3]! },
    ];
    const options = quickOptions({ epochs: 2, seed: 1 });
    const result = await train(options, tinyInput, { ...data, unknown }, environment(workerFile));
    expect(result.split).toMatchObject({ by: 'class', among: 'all', heldOut });
    expect(result.card.training).toMatchObject({ heldOut: { images: 8, by: 'class', among: 'all' } });
    const all = Array.from({ length: data.count }, (_, i) => i);
    const isOpen = (a: number, b: number) =>
      unknown.some(pair => (pair.a === a && pair.b === b) || (pair.a === b && pair.b === a));
    const found = await heldOutOf(result, data, { gallery: all, isOpen });
    expect(found.mapAtR.value).toBeCloseTo(result.best!.heldOut, 4);
    const blind = await heldOutOf(result, data, { gallery: all });
    expect(blind.mapAtR.value).not.toBeCloseTo(found.mapAtR.value, 4);
  });

  it('repeats bit for bit with a seed, and is another run with another', async () => {
    const data = stripes(6, 6);
    const run = (seed: number, threads: number) =>
      train(quickOptions({ seed, threads }), tinyInput, data, environment(workerFile)).then(weightsOf);
    const [a, b, c, d, e] = [await run(1, 1), await run(1, 1), await run(2, 1), await run(1, 2), await run(1, 2)];
    expect(b).toEqual(a);
    expect(c).not.toEqual(a);
    expect(e).toEqual(d);
  });

  it('goes on from a checkpoint as if it had never stopped', async () => {
    const data = stripes(6, 6);
    const options = quickOptions({ epochs: 4 });
    const whole = await train(options, tinyInput, data, environment(workerFile));
    const checkpointDir = passingFolder('checkpoint');
    const abort = new AbortController();
    const part = await train(options, tinyInput, data, {
      ...environment(workerFile, { checkpointDir, signal: abort.signal }),
      onEpoch: ({ epoch }) => epoch === 2 && abort.abort(),
    });
    expect(part.ended).toBe('cancelled');
    let known: readonly EpochReport[] = [];
    const rest = await train(options, tinyInput, data, {
      ...environment(workerFile, { checkpointDir }),
      onStart: (_, history) => (known = history),
    });
    expect(known).toEqual(rest.history.slice(0, rest.resumedFrom));
    expect(rest.resumedFrom).toBeGreaterThanOrEqual(2);
    expect(rest.resumedFrom).toBeLessThan(4);
    expect(weightsOf(rest)).toEqual(weightsOf(whole));
    expect(rest.history.map(h => h.loss)).toEqual(whole.history.map(h => h.loss));
    // On other data it is begun anew, and that is said; with other choices it is just another run.
    const met = async (threads: number, over: Partial<typeof data>) => {
      const stop = new AbortController();
      const env = environment(workerFile, { checkpointDir, signal: stop.signal, onStart: () => stop.abort() });
      const { otherData } = await train({ ...options, threads }, tinyInput, { ...data, ...over }, env);
      return otherData;
    };
    expect(await met(1, { excluded: [0] })).toBe(4);
    expect(await met(2, {})).toBeUndefined();
    expect(await met(1, { answers: [], excluded: [0] })).toBeUndefined();
    // Another seed is another run: its checkpoint is not taken.
    const other = await train(
      quickOptions({ epochs: 4, seed: 2 }),
      tinyInput,
      data,
      environment(workerFile, { checkpointDir }),
    );
    expect(other.resumedFrom).toBe(0);
  });

  it('keeps the best so far when it is cancelled', async () => {
    const abort = new AbortController();
    const result = await train(quickOptions({ epochs: 500 }), tinyInput, stripes(6, 6), {
      ...environment(workerFile, { signal: abort.signal }),
      onEpoch: ({ epoch }) => {
        if (epoch === 3) abort.abort();
      },
    });
    expect(result.ended).toBe('cancelled');
    expect(result.history.length).toBeGreaterThanOrEqual(3);
    expect(result.history.length).toBeLessThan(500);
    expect(result.best!.heldOut).toBe(Math.max(...result.history.map(h => h.heldOut!)));
  });

  it('stops early when the held-out figure no longer gets better', async () => {
    const options = quickOptions({ epochs: 60, stepsPerEpoch: 1, learningRate: 1e-7, patience: 2 });
    const result = await train(options, tinyInput, stripes(6, 6), environment(workerFile));
    expect(result.ended).toBe('early');
    expect(result.history.length - result.best!.epoch).toBe(2);
  });

  it('is the same run with more minutes than it needs, and learns nothing once they are over', async () => {
    const data = stripes(6, 6);
    const run = (chosen: Parameters<typeof quickOptions>[0]) =>
      train(quickOptions({ threads: 2, epochs: 2, ...chosen }), tinyInput, data, environment(workerFile));
    const [free, ample] = [await run({}), await run({ maxMinutes: 10_000 })];
    expect(weightsOf(ample)).toEqual(weightsOf(free));
    // The learning rate has come down to nothing with the time: whichever it was, the network is as it began.
    const [slow, fast] = [
      await run({ maxMinutes: 1e-9, learningRate: 1e-3 }),
      await run({ maxMinutes: 1e-9, learningRate: 1e-1 }),
    ];
    expect(slow.ended).toBe('time');
    expect(weightsOf(fast)).toEqual(weightsOf(slow));
    expect(weightsOf(free)).not.toEqual(weightsOf(slow));
  });

  it('whitens in the end where that is better on classes held out, and gives the network as it was where it is not', async () => {
    const data = stripes(12, 16);
    const base = { epochs: 2, stepsPerEpoch: 10, widen: 0.25 };
    const plain = await train(quickOptions(base), tinyInput, data, environment(workerFile));
    const checkpointDir = passingFolder('whitened');
    const result = await train(quickOptions({ ...base, whiten: true }), tinyInput, data, {
      ...environment(workerFile, { checkpointDir }),
    });
    const { kept, before, after } = result.whitened!;
    expect(before).toBeCloseTo(plain.best!.heldOut, 6);
    expect(kept).toBe(after! > before!);
    expect(result.card.training).toMatchObject({ whitened: { kept, before, after } });
    const found = await heldOutOf(result, data);
    expect(found.mapAtR.value).toBeCloseTo(kept ? after! : before!, 4);

    // With nothing held out there is nothing to judge by; and what is done in the end goes on from the same checkpoint.
    const all = { ...base, heldOut: 0 };
    const folder = passingFolder('finished');
    const as = await train(quickOptions(all), tinyInput, data, environment(workerFile, { checkpointDir: folder }));
    const white = await train(
      quickOptions({ ...all, whiten: true }),
      tinyInput,
      data,
      environment(workerFile, { checkpointDir: folder }),
    );
    expect(white.resumedFrom).toBe(2);
    expect(white.whitened).toEqual({ kept: true });
    const [x, y] = [weightsOf(as), weightsOf(white)];
    let at = 0;
    for (const { name, shape } of white.artifacts.specs) {
      const until = at + shape.reduce((product, side) => product * side, 1);
      const alike = x.slice(at, until).every((value, i) => value === y[at + i]);
      expect(alike, name).toBe(!name.startsWith('embedding/'));
      at = until;
    }
  });

  it('whitens the best epoch on every replica, and leaves nothing of it behind where it is not kept', async () => {
    const data = stripes(12, 8);
    const base = { epochs: 6, stepsPerEpoch: 8, learningRate: 0.02, heldOut: 0.5, patience: 0, seed: 2, threads: 2 };
    const plain = await train(quickOptions(base), tinyInput, data, environment(workerFile));
    const white = await train(quickOptions({ ...base, whiten: true }), tinyInput, data, environment(workerFile));
    expect(plain.best!.epoch).toBeLessThan(6);
    expect(white.best).toEqual(plain.best);
    expect(white.whitened).toMatchObject({ kept: false, before: plain.best!.heldOut });
    expect(white.artifacts.specs.map(({ name }) => name)).toContainEqual(expect.stringContaining('moving_mean'));
    expect(weightsOf(white)).toEqual(weightsOf(plain));
  });

  it('learns from answers alone, on pictures without classes', async () => {
    const { pixels, count, labels } = stripes(4, 20);
    const answers = Array.from({ length: 160 }, (_, k) => {
      const [a, b] = [(k * 7) % count, (k * 13 + (k % 2 === 0 ? 4 : 5)) % count];
      return { a, b, relation: labels[a] === labels[b] ? ('same' as const) : ('different' as const) };
    }).filter(({ a, b }) => a !== b);
    const data = { pixels, count, labels: new Int32Array(count).fill(-1), answers };
    const options = quickOptions({ loss: 'contrastive', epochs: 8, stepsPerEpoch: 20, widen: 0.25 });
    const result = await train(options, tinyInput, data, environment(workerFile));
    expect(result.history.at(-1)!.loss).toBeLessThan(result.history[0]!.loss * 0.9);
  });

  // One of each loss, distance and scale; all of them in combinations.slow.test.ts.
  it.each([
    ['contrastive', 'l2', false],
    ['triplet', 'weightedL1', false],
    ['soft-margin', 'sql2', true],
    ['hoffer-ailon', 'cosine', false],
    ['cross-entropy', 'weightedL1', false],
  ] as const)('lowers its loss and finds held-out classes better with %s on %s', async (loss, distance, normalise) => {
    const { result, history, before, after } = await shortTraining([loss, distance, normalise], workerFile);
    expect(history.at(-1)!.loss).toBeLessThan(history[0]!.loss);
    expect(after).toBeGreaterThan(before);
    expect(result.weights?.length).toBe(distance === 'weightedL1' ? 8 : undefined);
    expect(result.card.embedding).toMatchObject({ metric: distance, normalise });
    if (result.weights) expect(Math.min(...result.weights)).toBeGreaterThanOrEqual(0);
  });

  it('fits the margin to the distances that the network begins with, and the card says which', async () => {
    const data = stripes(6, 6);
    const marginOf = async (distance: 'l2' | 'l1', threads: number) => {
      const options = quickOptions({ loss: 'contrastive', distance, normalise: false, epochs: 1, threads });
      const { card } = await train(options, tinyInput, data, environment(workerFile));
      return card.embedding.margin!;
    };
    const [l2, l1] = [await marginOf('l2', 1), await marginOf('l1', 1)];
    // The l1 distance of d numbers is from 1 to sqrt(d) times the l2 distance.
    expect(l1 / l2).toBeGreaterThan(1.5);
    expect(l1 / l2).toBeLessThan(Math.sqrt(8));
    expect(await marginOf('l2', 2)).toBe(l2);
  });

  it('ends with the reason when a worker dies', async () => {
    const dying = path.join(path.dirname(workerFile), 'dies.cjs');
    // At its 30th meeting with the other replica: some steps into the run, however fast that is.
    writeFileSync(
      dying,
      `const { workerData } = require('node:worker_threads'); require(${JSON.stringify(workerFile)});
       if (workerData.replica === 1) {
         const add = Atomics.add;
         let met = 0;
         Atomics.add = (...args) => (++met === 30 ? process.exit(3) : add(...args));
       }`,
    );
    const options = quickOptions({ threads: 2, epochs: 10_000, patience: 0 });
    await expect(train(options, tinyInput, stripes(6, 6), environment(dying))).rejects.toThrow(/exit code 3/);
  });

  it('refuses what cannot train, before it starts', async () => {
    const env = environment(workerFile);
    await expect(train(quickOptions(), tinyInput, stripes(1, 9), env)).rejects.toThrow(/too little to train on/);
    await expect(train(quickOptions({ backbone: 'koch' }), tinyInput, stripes(4, 4), env)).rejects.toThrow(
      /at least 65 x 65/,
    );
    const data = stripes(6, 10);
    const { heldOut, train: left } = splitHeldOut(data, 0.2, 1);
    const [out, others] = [heldOut[0]!, left.filter(i => data.labels[i] === data.labels[left[0]!])];
    const lost = { ...data, triplets: Int32Array.from([others[0]!, others[1]!, out]), drawClasses: false };
    const mined = quickOptions({ seed: 1, heldOut: 0.2, epochs: 1 });
    await expect(train(mined, tinyInput, lost, env)).rejects.toThrow(/mined triplets has an image that is held out/);
    const rest = left.find(i => data.labels[i] !== data.labels[others[0]!])!;
    const some = Int32Array.from([...lost.triplets, others[0]!, others[1]!, rest]);
    const { card, triplets } = await train(mined, tinyInput, { ...lost, triplets: some }, env);
    expect(triplets).toBe(1);
    expect(card.training).toMatchObject({ triplets: 1 });
  });
});
