import * as tf from '@tensorflow/tfjs-core';
import { batchNormalise } from './normalise';
import type { Tail } from './normalise';
import type { Plan, Step } from './plan';
import { isHalvingPool, onlyFollower, reluOf } from './plan';

/** Moments that one batch normalisation saw, for its moving averages. */
export interface SeenMoments {
  step: Step;
  mean: tf.Tensor1D;
  variance: tf.Tensor1D;
}

/**
 * Runs a network in training mode: batch moments, with relu and pooling fused behind batch normalisation; any other layer
 * through its own `call`. What the batch normalisations saw is pushed to `seen` and kept.
 */
export function trainForward(plan: Plan, x: tf.Tensor, seen: SeenMoments[]): tf.Tensor {
  const values = new Map<string, tf.Tensor>([[plan.input, x]]);
  const done = new Set<Step>();
  for (const step of plan.steps) {
    if (done.has(step)) continue;
    const inputs = step.inputs.map(name => values.get(name)!);
    if (step.kind === 'BatchNormalization') {
      const { tail, last, covered } = tailOf(plan, step);
      for (const other of covered) done.add(other);
      values.set(last.output, normaliseStep(step, inputs[0]!, tail, seen));
    } else if (isPlainConvolution(step)) {
      values.set(step.output, convolve(step, inputs[0]! as tf.Tensor4D));
    } else {
      const y = step.layer.call(inputs.length === 1 ? inputs[0]! : inputs, { training: true });
      values.set(step.output, Array.isArray(y) ? y[0]! : y);
    }
  }
  return values.get(plan.output)!;
}

function isPlainConvolution({ kind, layer }: Step): boolean {
  const { activation, dataFormat } = layer.getConfig();
  return kind === 'Conv2D' && (activation ?? 'linear') === 'linear' && dataFormat === 'channelsLast';
}

/** What the layer's own call does; but that one works out the gradient of its input also where nobody asks: of the pictures. */
function convolve({ layer }: Step, x: tf.Tensor4D): tf.Tensor {
  const [filter, bias] = layer.weights.map(weight => weight.read());
  const { strides, padding, dilationRate } = layer.getConfig() as Record<string, unknown>;
  const y = tf.conv2d(
    x,
    filter as tf.Tensor4D,
    strides as [number, number],
    padding as 'same' | 'valid',
    'NHWC',
    dilationRate as [number, number],
  );
  return bias ? tf.add(y, bias) : y;
}

function tailOf(plan: Plan, step: Step): { tail: Tail; last: Step; covered: Step[] } {
  const relu = onlyFollower(plan, step);
  const activation = reluOf(relu);
  if (!relu || !activation) return { tail: 'linear', last: step, covered: [] };
  const pool = onlyFollower(plan, relu);
  if (activation === 'relu' && isHalvingPool(pool)) return { tail: 'relu+pool', last: pool!, covered: [relu, pool!] };
  return { tail: activation, last: relu, covered: [relu] };
}

function normaliseStep(step: Step, x: tf.Tensor, tail: Tail, seen: SeenMoments[]): tf.Tensor {
  const { epsilon, scale, center, axis } = step.layer.getConfig() as Record<string, unknown>;
  if (axis !== -1 && axis !== x.rank - 1)
    throw new Error(`layer ${step.layer.name} normalises axis ${String(axis)}, not the channels`);
  const { gamma, beta } = parameters(step);
  const channels = x.shape.at(-1)!;
  const result = batchNormalise(
    x,
    scale === false ? tf.ones([channels]) : gamma!,
    center === false ? tf.zeros([channels]) : beta!,
    epsilon as number,
    tail,
  );
  seen.push({ step, mean: tf.keep(result.mean), variance: tf.keep(result.variance) });
  return result.y;
}

interface NormalisationParameters {
  gamma?: tf.Variable;
  beta?: tf.Variable;
  movingMean: tf.Variable;
  movingVariance: tf.Variable;
}

/** The variables of a BatchNormalization layer: weights come as gamma, beta (where it has them), moving mean, moving variance. */
export function parameters(step: Step): NormalisationParameters {
  const { scale, center } = step.layer.getConfig() as Record<string, unknown>;
  const all = step.layer.weights.map(weight => weight.read() as tf.Variable);
  const [movingMean, movingVariance] = all.slice(-2) as [tf.Variable, tf.Variable];
  const gamma = scale === false ? undefined : all[0]!;
  const beta = center === false ? undefined : all[scale === false ? 0 : 1]!;
  return { ...(gamma ? { gamma } : {}), ...(beta ? { beta } : {}), movingMean, movingVariance };
}

/** moving = momentum * moving + (1 - momentum) * seen, and lets go of what was seen. */
export function updateMovingMoments(seen: SeenMoments[], momentum: number): void {
  for (const { step, mean, variance } of seen) {
    const { movingMean, movingVariance } = parameters(step);
    tf.tidy(() => {
      movingMean.assign(tf.add(tf.mul(movingMean, momentum), tf.mul(mean, 1 - momentum)));
      movingVariance.assign(tf.add(tf.mul(movingVariance, momentum), tf.mul(variance, 1 - momentum)));
    });
    mean.dispose();
    variance.dispose();
  }
}
