import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Backbone } from '../../../src/model';
import { buildNetwork } from '../../../src/model/network/backbones';
import { foldNetwork } from '../../../src/model/network/embed-forward';
import { planOf } from '../../../src/model/network/plan';
import { trainForward, updateMovingMoments } from '../../../src/model/network/train-forward';
import type { SeenMoments } from '../../../src/model/network/train-forward';
import { Random } from '../../../src/model/training/random';
import { forward } from './double';

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

/** How far a training step is from the same in double precision. */
export interface SlopeErrors {
  /** farthest that an embedding is */
  forward: number;
  /**
   * By kind of parameter (`conv/kernel`, `norm/gamma`): share that the gradients differ by from slopes, along the gradients
   * themselves, where a wrong length shows, and along random directions, where a wrong one does.
   */
  kinds: Record<string, { steepest: number; random: number }>;
}

/**
 * Compares a training step with central differences of the same network in double precision. The step is so small that
 * hardly a relu is crossed.
 */
export function slopeErrors(model: LayersModel, n: number): SlopeErrors {
  const plan = planOf(model);
  const x = picture([n, ...(model.inputs[0]!.shape.slice(1) as number[])]);
  const variables = model.trainableWeights.map(weight => weight.read() as tf.Variable);
  const start = new Map(
    plan.steps
      .flatMap(step => step.layer.weights.map(w => w.read() as tf.Variable))
      .map(v => [v, Float64Array.from(v.dataSync())]),
  );
  const doubles = { shape: x.shape, data: Float64Array.from(x.dataSync()) };
  const at = (moved: ReadonlyMap<tf.Variable, Float64Array>): Float64Array =>
    forward(plan, doubles, variable => moved.get(variable) ?? start.get(variable)!).data;
  const lossOf = (z: Float64Array): number => z.reduce((sum, v) => sum + (v - 0.3) ** 2, 0) / z.length;

  let embedded: Float32Array | undefined;
  const { grads } = tf.variableGrads(() => {
    const seen: SeenMoments[] = [];
    const z = trainForward(plan, x, seen);
    for (const { mean, variance } of seen) tf.dispose([mean, variance]);
    embedded = z.dataSync<'float32'>();
    return tf.mean(tf.square(tf.sub(z, 0.3))) as tf.Scalar;
  }, variables);
  const gradients = new Map(variables.map(v => [v, grads[v.name]!.dataSync<'float32'>()]));
  const longest = Math.max(...[...gradients.values()].map(g => Math.hypot(...g)));
  // Each parameter counts alike, but for one with no slope: what shifts all of a channel, the next normalisation takes away.
  const inverse = (g: Float32Array): number => 1 / Math.max(Math.hypot(...g), 1e-3 * longest);
  const random = new Random(7);
  const kinds: SlopeErrors['kinds'] = {};
  const kindOf = ({ name }: tf.Variable): string => name.replace(/_\d+/g, '');
  for (const kind of new Set(variables.map(kindOf))) {
    const members = variables.filter(v => kindOf(v) === kind);
    const error = (along: (g: Float32Array) => number[]): number => {
      const directions = new Map(members.map(v => [v, along(gradients.get(v)!)]));
      const said = members.map(v => directions.get(v)!.reduce((sum, d, i) => sum + d * gradients.get(v)![i]!, 0));
      const h = 1e-8;
      const moved = (by: number): number =>
        lossOf(at(new Map(members.map(v => [v, start.get(v)!.map((w, i) => w + by * directions.get(v)![i]!)]))));
      const slope = (moved(h) - moved(-h)) / (2 * h);
      return Math.abs(slope - said.reduce((sum, one) => sum + one, 0)) / Math.hypot(...said);
    };
    kinds[kind] = {
      steepest: error(g => Array.from(g, v => v * inverse(g) ** 2)),
      random: error(g => Array.from(g, () => random.between(-1, 1) * inverse(g))),
    };
  }
  return { forward: farthest(embedded!, at(new Map())), kinds };
}

export function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((worst, v, i) => Math.max(worst, Math.abs(v - b[i]!)), 0);
}
