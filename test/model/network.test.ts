import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { BACKBONES, loadBackend } from '../../src/model';
import { buildNetwork } from '../../src/model/network/backbones';
import { foldNetwork } from '../../src/model/network/embed-forward';
import { batchNormalise } from '../../src/model/network/normalise';
import type { Tail } from '../../src/model/network/normalise';
import { planOf } from '../../src/model/network/plan';
import { trainForward } from '../../src/model/network/train-forward';
import type { SeenMoments } from '../../src/model/network/train-forward';
import { farthest, network, picture, slopeErrors, stepOf } from './support/step';
import { wasmDir } from './support/wasm';

beforeAll(async () => {
  await loadBackend({ choice: 'wasm', wasmDir: wasmDir() });
}, 60_000);

describe.each(BACKBONES)('%s', backbone => {
  it('gives the same embeddings and gradients on wasm as in plain JavaScript', async () => {
    const [slow, fast] = [stepOf(await network('cpu', backbone), 3), stepOf(await network('wasm', backbone), 3)];
    expect(fast.loss).toBeCloseTo(slow.loss, 4);
    expect(farthest(fast.embedded, slow.embedded)).toBeLessThan(1e-4);
    for (const [i, gradient] of slow.gradients.entries()) {
      const scale = gradient.reduce((max, v) => Math.max(max, Math.abs(v)), 1);
      expect(farthest(fast.gradients[i]!, gradient) / scale, `parameter ${i}`).toBeLessThan(1e-3);
    }
  }, 60_000);

  it('folded, embeds as tf.layers does', async () => {
    const model = await network('wasm', backbone);
    stepOf(model, 4);
    const x = picture([2, ...(model.inputs[0]!.shape.slice(1) as number[])]);
    const folded = tf.tidy(() => foldNetwork(planOf(model)).run(x).dataSync());
    const plain = tf.tidy(() => (model.predict(x) as tf.Tensor).dataSync());
    expect(farthest(folded, plain)).toBeLessThan(1e-4);
  });
});

it.each(BACKBONES)('%s: a training step agrees with finite differences in double precision', async backbone => {
  const { forward, kinds } = slopeErrors(await network('wasm', backbone), backbone === 'koch' ? 1 : 4);
  expect(forward).toBeLessThan(1e-4);
  expect(Object.keys(kinds).length).toBeGreaterThan(3);
  for (const [name, { steepest, random }] of Object.entries(kinds)) {
    expect(steepest, name).toBeLessThan(1e-3);
    expect(random, name).toBeLessThan(1e-3);
  }
});

describe('training mode', () => {
  it.each(['linear', 'relu', 'relu6', 'relu+pool'] as Tail[])(
    'normalises and then does %s as composed ops do',
    async tail => {
      const results: number[][] = [];
      for (const backend of ['cpu', 'wasm']) {
        await tf.setBackend(backend);
        for (const channels of [8, 5]) {
          const x = tf.mul(tf.randomNormal([3, 5, 6, channels], 2, 3, 'float32', 5), 1);
          const [gamma, beta] = [
            tf.randomUniform([channels], 0.5, 2, 'float32', 6),
            tf.randomNormal([channels], 0, 1, 'float32', 7),
          ];
          const f = (...[a, g, b]: tf.Tensor[]): tf.Tensor => batchNormalise(a!, g!, b!, 1e-3, tail).y;
          const y = f(x, gamma, beta);
          const dy = tf.randomNormal(y.shape, 0, 1, 'float32', 8);
          results.push([y, ...tf.grads(f)([x, gamma, beta], dy)].flatMap(t => [...t.dataSync()]));
        }
      }
      expect(farthest(results[2]!, results[0]!)).toBeLessThan(2e-4);
      expect(farthest(results[3]!, results[1]!)).toBeLessThan(2e-4);
    },
  );

  it.each([
    ['both twins of a pair', 2],
    ['all three of a triplet', 3],
  ])('has one set of weights for %s: their order changes no gradient, and each moves it', async (_, members) => {
    const model = await network('wasm', 'conv4');
    const plan = planOf(model);
    const variables = model.trainableWeights.map(weight => weight.read() as tf.Variable);
    const pictures = [1, -0.5, 0.25].slice(0, members).map(factor => tf.mul(picture([2, 16, 16, 1]), factor));
    /** Gradients with the members in an order of the batch; of one alone, what it says to the shared weights. */
    const gradients = (order: number[], alone?: number): Float32Array[] => {
      const { grads } = tf.variableGrads(() => {
        const seen: SeenMoments[] = [];
        const parts = tf.split(trainForward(plan, tf.concat(order.map(i => pictures[i]!)), seen), members);
        // Holding the other members' embeddings fixed leaves what this one says.
        const fixed = (z: tf.Tensor): tf.Tensor => tf.tensor(z.dataSync(), z.shape);
        const [a, b, c] = pictures.map((_picture, i) => {
          const z = parts[order.indexOf(i)]!;
          return alone === undefined || alone === i ? z : fixed(z);
        }) as [tf.Tensor, tf.Tensor, tf.Tensor?];
        const apart = (x: tf.Tensor, y: tf.Tensor): tf.Tensor => tf.sum(tf.square(tf.sub(x, y)));
        // The squared distance of a pair; of a triplet the positive's less the negative's, where the hinge is open.
        return (c ? tf.sub(apart(a, b), apart(a, c)) : apart(a, b)) as tf.Scalar;
      }, variables);
      return variables.map(v => grads[v.name]!.dataSync<'float32'>());
    };
    const inOrder = Array.from({ length: members }, (_member, i) => i);
    const whole = gradients(inOrder);
    const reversed = gradients([...inOrder].reverse());
    const each = inOrder.map(i => gradients(inOrder, i));
    for (const [k, gradient] of whole.entries()) {
      const scale = gradient.reduce((max, v) => Math.max(max, Math.abs(v)), 1e-2);
      expect(farthest(reversed[k]!, gradient) / scale).toBeLessThan(1e-3);
      const sum = gradient.map((_value, at) => each.reduce((total, one) => total + one[k]![at]!, 0));
      expect(farthest(sum, gradient) / scale).toBeLessThan(1e-3);
    }
    for (const one of each) expect(Math.max(...one[0]!.map(Math.abs))).toBeGreaterThan(0);
  });

  it('refuses pictures that are too small for the backbone', () => {
    const options = { width: 64, height: 64, channels: 1, embeddingSize: 8, seed: 1 } as const;
    expect(() => buildNetwork({ ...options, backbone: 'koch' })).toThrow(/at least 65 x 65/);
  });
});
