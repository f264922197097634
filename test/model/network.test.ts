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
import { farthest, network, picture, slopeRatios, stepOf } from './support/step';
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

describe('training mode', () => {
  it('has gradients that agree with finite differences', async () => {
    const ratios = slopeRatios(await network('wasm', 'conv4'), 4);
    expect(Object.keys(ratios).length).toBeGreaterThan(8);
    for (const [name, ratio] of Object.entries(ratios)) expect(Math.abs(ratio - 1), name).toBeLessThan(0.05);
  });

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

  it('has one set of weights for both twins: swapping them changes no gradient, and each twin moves it', async () => {
    const model = await network('wasm', 'conv4');
    const plan = planOf(model);
    const variables = model.trainableWeights.map(weight => weight.read() as tf.Variable);
    const [left, right] = [picture([2, 16, 16, 1]), tf.mul(picture([2, 16, 16, 1]), -0.5)];
    const gradients = (order: tf.Tensor[], twin?: 0 | 1): Float32Array[] => {
      const { grads } = tf.variableGrads(() => {
        const seen: SeenMoments[] = [];
        const [a, b] = tf.split(trainForward(plan, tf.concat(order), seen), 2) as [tf.Tensor, tf.Tensor];
        // Holding one twin's embedding fixed leaves what the other says to the shared weights.
        const fixed = (z: tf.Tensor): tf.Tensor => tf.tensor(z.dataSync(), z.shape);
        return tf.sum(tf.square(tf.sub(twin === 1 ? fixed(a) : a, twin === 0 ? fixed(b) : b))) as tf.Scalar;
      }, variables);
      return variables.map(v => grads[v.name]!.dataSync<'float32'>());
    };
    const [both, swapped] = [gradients([left, right]), gradients([right, left])];
    const [first, second] = [gradients([left, right], 0), gradients([left, right], 1)];
    for (const [i, gradient] of both.entries()) {
      const scale = gradient.reduce((max, v) => Math.max(max, Math.abs(v)), 1e-2);
      expect(farthest(swapped[i]!, gradient) / scale).toBeLessThan(1e-3);
      const sum = first[i]!.map((v, k) => v + second[i]![k]!);
      expect(farthest(sum, gradient) / scale).toBeLessThan(1e-3);
    }
    expect(Math.max(...first[0]!.map(Math.abs))).toBeGreaterThan(0);
    expect(Math.max(...second[0]!.map(Math.abs))).toBeGreaterThan(0);
  });

  it('refuses pictures that are too small for the backbone', () => {
    const options = { width: 64, height: 64, channels: 1, embeddingSize: 8, seed: 1 } as const;
    expect(() => buildNetwork({ ...options, backbone: 'koch' })).toThrow(/at least 65 x 65/);
  });
});
