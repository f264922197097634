import os from 'node:os';
import { METRICS } from '../../../src/core/types';
import type { Metric } from '../../../src/core/types';
import { completeOptions, LOSSES, train } from '../../../src/model';
import type { Loss, ModelInput, TrainEnvironment, TrainingData, TrainOptions } from '../../../src/model';
import { Random } from '../../../src/model/training/random';
import { wasmDir } from './wasm';

/** Grey pictures of 16 x 16. */
export const tinyInput: ModelInput = {
  width: 16,
  height: 16,
  channels: 1,
  fit: 'fill',
  background: 0,
  scale: 1 / 255,
  mean: [0.5],
  std: [0.5],
};

/** Classes that differ by the direction and width of stripes, with noise: learnable in a few steps, not in none. */
export function stripes(classes: number, each: number, seed = 1): TrainingData {
  const count = classes * each;
  const pixels = new Uint8Array(count * 256);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const label = i % classes;
    labels[i] = label;
    const random = new Random(seed, i);
    const phase = random.between(0, 6.28);
    const angle = (label * Math.PI) / classes;
    const period = 1.1 + (label % 3) * 0.4;
    for (let y = 0; y < 16; y++) {
      for (let x = 0; x < 16; x++) {
        const wave = Math.sin((x * Math.cos(angle) + y * Math.sin(angle)) * period + phase);
        pixels[i * 256 + y * 16 + x] = Math.max(0, Math.min(255, 128 + 80 * wave + random.between(-60, 60)));
      }
    }
  }
  return { pixels, count, labels, classNames: Array.from({ length: classes }, (_, c) => `stripes-${c}`) };
}

/** Small and quick: conv4 with few filters. */
export function quickOptions(chosen: Parameters<typeof completeOptions>[0] = {}): TrainOptions {
  return completeOptions(
    {
      backbone: 'conv4',
      widen: 0.125,
      embeddingSize: 8,
      classesPerBatch: 4,
      imagesPerClass: 4,
      epochs: 3,
      stepsPerEpoch: 6,
      threads: 1,
      ...chosen,
      augmentation: { affine: false, crop: false, colour: false, ...chosen.augmentation },
    },
    tinyInput,
    os.availableParallelism(),
  );
}

export function environment(workerFile: string, more: Partial<TrainEnvironment> = {}): TrainEnvironment {
  return { backend: { choice: 'wasm', wasmDir: wasmDir() }, workerFile, ...more };
}

export type Combination = readonly [loss: Loss, distance: Metric, normalise: boolean];

/** Every combination of loss, distance and normalisation that is accepted. */
export function trainable(): Combination[] {
  const all = LOSSES.flatMap(loss =>
    METRICS.flatMap(distance => [true, false].map((normalise): Combination => [loss, distance, normalise])),
  );
  return all.filter(([loss, distance, normalise]) => {
    try {
      return completeOptions({ loss, distance, normalise }, tinyInput, 1).loss === loss;
    } catch {
      return false;
    }
  });
}

/** A short training on stripes, with everything else left to its defaults: the epochs, and held-out MAP@R before the first. */
export async function shortTraining([loss, distance, normalise]: Combination, workerFile: string) {
  const data = stripes(12, 8);
  const options = quickOptions({ loss, distance, normalise, heldOut: 0.5, epochs: 4, stepsPerEpoch: 25, threads: 2 });
  const run = (chosen: Partial<TrainOptions>) =>
    train({ ...options, ...chosen }, tinyInput, data, environment(workerFile));
  const idle = await run({ epochs: 1, stepsPerEpoch: 1, learningRate: 1e-12, weightDecay: 0 });
  const result = await run({});
  const { history } = result;
  return { result, history, before: idle.history[0]!.heldOut!, after: history.at(-1)!.heldOut! };
}
