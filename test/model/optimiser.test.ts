import * as tf from '@tensorflow/tfjs-core';
// Registers the gradients.
import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend } from '../../src/model';
import { Optimiser, rateFactor } from '../../src/model/training/optimiser';
import type { Parameter } from '../../src/model/training/optimiser';
import { wasmDir } from './support/wasm';

beforeAll(async () => {
  await loadBackend({ choice: 'wasm', wasmDir: wasmDir() });
}, 60_000);

const START = [-2, -0.3, 0.1, 0.9, 3];
const softplus = (v: number): number => Math.log1p(Math.exp(v));

/** lambda/2 |x|^2 in double precision, of what the weights are or of their softplus. */
function penalty(lambda: number, decays: Parameter['decays'], weights: readonly number[]): number {
  const of = weights.map(v => (decays === 'softplus' ? softplus(v) : decays === 'weight' ? v : 0));
  return (lambda / 2) * of.reduce((sum, v) => sum + v * v, 0);
}

describe.each(['cpu', 'wasm'])('on %s', backend => {
  it.each([
    ['sgd', 'weight'],
    ['sgd', 'softplus'],
    ['sgd', 'nothing'],
    ['adam', 'weight'],
    ['adam', 'softplus'],
    ['adam', 'nothing'],
  ] as const)('%s steps down the slope of the L2 penalty of %s, by finite differences', async (optimiser, decays) => {
    await tf.setBackend(backend);
    const [learningRate, weightDecay] = [0.5, 0.04];
    const variable = tf.variable(tf.tensor1d(START));
    const options = { optimiser, learningRate, weightDecay, schedule: 'constant' } as const;
    const made = new Optimiser([{ variable, decays, head: false }], options);
    // No slope of the loss, and the warm-up over: the step is the penalty's.
    made.apply([tf.zeros([START.length])], 49, 0, 0);
    const moved = variable.dataSync();
    for (const [i, at] of START.entries()) {
      const [h, shifted] = [1e-4, (by: number) => START.map((v, k) => (k === i ? v + by : v))];
      const slope = (penalty(weightDecay, decays, shifted(h)) - penalty(weightDecay, decays, shifted(-h))) / (2 * h);
      expect((at - moved[i]!) / learningRate).toBeCloseTo(slope, 5);
    }
  });

  it('sgd carries its velocity on, half at first and nine tenths in the end of a decaying schedule', async () => {
    await tf.setBackend(backend);
    const variable = tf.variable(tf.tensor1d([0, 0, 0, 0, 0]));
    const options = { optimiser: 'sgd', learningRate: 0.1, weightDecay: 0, schedule: 'decay' } as const;
    const made = new Optimiser([{ variable, decays: 'weight', head: false }], options);
    made.apply([tf.ones([5])], 49, 0, 0);
    expect(variable.dataSync()[4]).toBeCloseTo(-0.1, 6);
    made.apply([tf.zeros([5])], 50, 0, 0);
    expect(variable.dataSync()[4]).toBeCloseTo(-0.15, 6);
    made.apply([tf.zeros([5])], 51, 1, 0);
    expect(variable.dataSync()[4]).toBeCloseTo(-0.15 - 0.045, 6);
  });
});

it('the rate warms up over 50 steps, or over a tenth of a short run, and decays by a hundredth an epoch or along a cosine', () => {
  expect(rateFactor('constant', 24, 0.001, 7)).toBe(0.5);
  expect(rateFactor('constant', 1, 0.02, 0)).toBeCloseTo(0.2, 10);
  expect(rateFactor('constant', 9, 0.1, 0)).toBe(1);
  expect(rateFactor('decay', 100, 0.5, 2)).toBeCloseTo(0.9801, 10);
  expect(rateFactor('cosine', 100, 0.5, 2)).toBeCloseTo(0.5, 10);
  expect(rateFactor('cosine', 100, 1, 2)).toBeCloseTo(0, 10);
});
