import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Backbone } from '../../../src/model';
import { buildNetwork } from '../../../src/model/network/backbones';
import { foldNetwork } from '../../../src/model/network/embed-forward';
import { planOf } from '../../../src/model/network/plan';
import { trainForward, updateMovingMoments } from '../../../src/model/network/train-forward';
import type { SeenMoments } from '../../../src/model/network/train-forward';

/** Sizes that halve evenly, and leave normalisation more than a few values to normalise over. */
const sizes = { conv4: 16, koch: 65, resnet: 32, mobile: 64 };

/** A small network of each kind, the same on every backend: its weights are made by seed. */
export async function network(backend: string, backbone: Backbone): Promise<LayersModel> {
  await tf.setBackend(backend);
  const size = sizes[backbone];
  return buildNetwork({ backbone, width: size, height: size, channels: 1, embeddingSize: 6, widen: 0.125, seed: 3 });
}

export function picture(shape: number[]): tf.Tensor4D {
  return tf.randomNormal(shape as [number, number, number, number], 0, 1, 'float32', 11) as tf.Tensor4D;
}

/** Embeddings, loss and gradients of one training step. */
export function stepOf(model: LayersModel, n: number) {
  const plan = planOf(model);
  const [, h, w, c] = model.inputs[0]!.shape as number[];
  const x = picture([n, h!, w!, c!]);
  const seen: SeenMoments[] = [];
  const variables = model.trainableWeights.map(weight => weight.read() as tf.Variable);
  const { value, grads } = tf.variableGrads(
    () => tf.mean(tf.square(tf.sub(trainForward(plan, x, seen), 0.3))) as tf.Scalar,
    variables,
  );
  updateMovingMoments(seen, 0.9);
  const gradients = variables.map(v => grads[v.name]!.dataSync<'float32'>());
  const embedded = tf.tidy(() => foldNetwork(plan).run(x).dataSync<'float32'>());
  return { loss: value.dataSync()[0]!, gradients, embedded };
}

/**
 * By parameter: the slope of a training step's loss along its gradient, by finite differences, over what the gradient says.
 * One direction for all of a parameter's weights, where the slope is steepest and rounding counts least.
 */
export function slopeRatios(model: LayersModel, n: number): Record<string, number> {
  const plan = planOf(model);
  const x = picture([n, ...(model.inputs[0]!.shape.slice(1) as number[])]);
  const loss = (): tf.Scalar => {
    const seen: SeenMoments[] = [];
    const value = tf.mean(tf.square(tf.sub(trainForward(plan, x, seen), 0.3))) as tf.Scalar;
    for (const { mean, variance } of seen) tf.dispose([mean, variance]);
    return value;
  };
  const variables = model.trainableWeights.map(weight => weight.read() as tf.Variable);
  const { grads } = tf.variableGrads(loss, variables);
  const ratios: Record<string, number> = {};
  for (const variable of variables) {
    const start = variable.dataSync<'float32'>().slice();
    const gradient = grads[variable.name]!.dataSync<'float32'>();
    const length = Math.hypot(...gradient);
    if (length < 1e-3) continue;
    const at = (delta: number): number => {
      const moved = start.map((v, i) => v + (delta * gradient[i]!) / length);
      variable.assign(tf.tensor(moved, variable.shape));
      return tf.tidy(() => loss().dataSync()[0]!);
    };
    ratios[variable.name] = (at(5e-3) - at(-5e-3)) / 1e-2 / length;
    variable.assign(tf.tensor(start, variable.shape));
  }
  return ratios;
}

export function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((worst, v, i) => Math.max(worst, Math.abs(v - b[i]!)), 0);
}
