import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
// Registers the gradients.
import '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend } from '../../src/model';
import { repository } from './support/bundle';
import { wasmDir } from './support/wasm';

/** Values with repeats, zeros and negative stretches: what max pooling and relu stumble over. */
function values(shape: number[], seed: number): tf.Tensor {
  let state = seed + 12345;
  const next = (): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 32;
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => Math.round((next() * 2 - 1.3) * 64) / 64),
    shape,
  );
}

/** Runs `f` on both backends and returns the largest difference relative to the largest value. */
async function difference(f: () => tf.Tensor[]): Promise<number> {
  const results: Float32Array[][] = [];
  for (const backend of ['cpu', 'wasm']) {
    await tf.setBackend(backend);
    results.push(tf.tidy(() => f().map(t => t.dataSync<'float32'>())));
  }
  const [expected, actual] = results as [Float32Array[], Float32Array[]];
  expect(actual.map(a => a.length)).toEqual(expected.map(e => e.length));
  let worst = 0;
  for (const [i, e] of expected.entries()) {
    const scale = e.reduce((max, v) => Math.max(max, Math.abs(v)), 1);
    for (const [j, v] of e.entries()) worst = Math.max(worst, Math.abs(v - actual[i]![j]!) / scale);
  }
  return worst;
}

beforeAll(async () => {
  await loadBackend({ choice: 'wasm', wasmDir: wasmDir() });
}, 60_000);

const sizes = {
  n: fc.integer({ min: 1, max: 3 }),
  h: fc.integer({ min: 2, max: 9 }),
  w: fc.integer({ min: 2, max: 9 }),
  ci: fc.constantFrom(1, 3, 4, 7, 8, 16, 17),
  co: fc.constantFrom(1, 5, 8, 12, 16, 17),
  kh: fc.integer({ min: 1, max: 4 }),
  kw: fc.integer({ min: 1, max: 4 }),
  stride: fc.integer({ min: 1, max: 3 }),
  pad: fc.constantFrom('same' as const, 'valid' as const),
  seed: fc.nat(1000),
};

describe('wasm kernels against the plain JavaScript backend', () => {
  it('convolve, forwards and both gradients', async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(sizes), async ({ n, h, w, ci, co, kh, kw, stride, pad, seed }) => {
        fc.pre(pad === 'same' || (kh <= h && kw <= w));
        const worst = await difference(() => {
          const x = values([n, h, w, ci], seed) as tf.Tensor4D;
          const filter = values([kh, kw, ci, co], seed + 1) as tf.Tensor4D;
          const y = tf.conv2d(x, filter, stride, pad);
          const dy = values(y.shape, seed + 2);
          return [
            y,
            ...tf.grads((a, b) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, pad))([x, filter], dy),
          ];
        });
        expect(worst).toBeLessThan(1e-5);
      }),
      { numRuns: 60 },
    );
  });

  it('convolve 3 x 3 by two outputs at a time, in pictures of any size', async () => {
    const channels = fc.constantFrom(16, 20, 24, 36);
    const shape = fc.record({ ...sizes, ci: channels, co: channels, h: fc.nat(9), w: fc.nat(9) });
    await fc.assert(
      fc.asyncProperty(shape, async ({ n, h, w, ci, co, pad, seed }) => {
        fc.pre(pad === 'same' ? h > 0 && w > 0 : h > 2 && w > 2);
        const worst = await difference(() => {
          const x = values([n, h, w, ci], seed) as tf.Tensor4D;
          const filter = values([3, 3, ci, co], seed + 1) as tf.Tensor4D;
          const bias = values([co], seed + 3) as tf.Tensor1D;
          const run = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, pad);
          const y = run(x, filter);
          const fused = tf.fused.conv2d({ x, filter, strides: 1, pad, bias, activation: 'relu' });
          return [y, fused, ...tf.grads(run)([x, filter], values(y.shape, seed + 2))];
        });
        expect(worst).toBeLessThan(1e-5);
      }),
      { numRuns: 25 },
    );
  });

  it('convolve with uneven explicit padding', async () => {
    const worst = await difference(() => {
      const x = values([2, 6, 7, 3], 5) as tf.Tensor4D;
      const filter = values([3, 2, 3, 9], 6) as tf.Tensor4D;
      const pad: [[number, number], [number, number], [number, number], [number, number]] = [
        [0, 0],
        [0, 3],
        [2, 1],
        [0, 0],
      ];
      const y = tf.conv2d(x, filter, 1, pad);
      return [
        y,
        ...tf.grads((a, b) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, pad))([x, filter], values(y.shape, 7)),
      ];
    });
    expect(worst).toBeLessThan(1e-5);
  });

  it('convolve with bias and activation in one', async () => {
    for (const activation of ['linear', 'relu', 'relu6', 'elu'] as const) {
      const worst = await difference(() => {
        const x = values([2, 5, 5, 4], 1) as tf.Tensor4D;
        const filter = values([3, 3, 4, 13], 2) as tf.Tensor4D;
        const bias = values([13], 3) as tf.Tensor1D;
        return [tf.fused.conv2d({ x, filter, strides: 2, pad: 'same', bias, activation })];
      });
      expect(worst, activation).toBeLessThan(1e-5);
    }
  });

  it('pass gradients through max pooling, also where a window has only values <= 0', async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(sizes), async ({ n, h, w, ci, kh, kw, stride, pad, seed }) => {
        fc.pre(pad === 'same' || (kh <= h && kw <= w));
        const worst = await difference(() => {
          // Distinct values: which of two equal ones wins is the backend's own affair.
          const ramp = tf.reshape(tf.linspace(0, 0.01, n * h * w * ci), [n, h, w, ci]);
          const x = tf.add(values([n, h, w, ci], seed), ramp);
          const y = tf.maxPool(x as tf.Tensor4D, [kh, kw], stride, pad);
          return [tf.grad(a => tf.maxPool(a as tf.Tensor4D, [kh, kw], stride, pad))(x, values(y.shape, seed + 1))];
        });
        expect(worst).toBeLessThan(1e-6);
      }),
      { numRuns: 40 },
    );
  });

  it('share the gradient of average pooling among the values that were averaged, also at padded edges', async () => {
    await tf.setBackend('wasm');
    for (const [h, w, c] of [
      [5, 5, 3],
      [4, 6, 4],
      [7, 3, 9],
    ] as const) {
      // Pooling is linear: its gradient is the transpose of its matrix, which unit pictures spell out.
      const size = h * w * c;
      const pool = (x: tf.Tensor): tf.Tensor => tf.avgPool(x as tf.Tensor4D, 2, 2, 'same');
      const matrix = pool(tf.reshape(tf.eye(size), [size, h, w, c])).dataSync();
      const y = pool(tf.zeros([1, h, w, c]));
      const dy = values(y.shape, 3);
      const gradient = tf
        .grad(pool)(tf.zeros([1, h, w, c]), dy)
        .dataSync();
      const g = [...dy.dataSync()];
      for (let i = 0; i < size; i++) {
        const expected = g.reduce((sum, v, k) => sum + v * matrix[i * y.size + k]!, 0);
        expect(gradient[i]).toBeCloseTo(expected, 5);
      }
    }
  });

  it('convolve depthwise, both gradients', async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(sizes), async ({ n, h, w, ci, kh, stride, pad, seed }) => {
        // tfjs-backend-wasm's own forward kernel is wrong where the stride is larger than the kernel.
        fc.pre(stride <= kh && (pad === 'same' || (kh <= h && kh <= w)));
        const worst = await difference(() => {
          const x = values([n, h, w, ci], seed) as tf.Tensor4D;
          const filter = values([kh, kh, ci, 1], seed + 1) as tf.Tensor4D;
          const run = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
            tf.depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, pad);
          const y = run(x, filter);
          return [y, ...tf.grads(run)([x, filter], values(y.shape, seed + 2))];
        });
        expect(worst).toBeLessThan(1e-5);
      }),
      { numRuns: 40 },
    );
  });

  it('multiply matrices with every transpose, with bias and activation', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 20 }),
        fc.boolean(),
        fc.boolean(),
        async (rows, k, columns, transposeA, transposeB) => {
          const worst = await difference(() => {
            const a = values(transposeA ? [k, rows] : [rows, k], 1) as tf.Tensor2D;
            const b = values(transposeB ? [columns, k] : [k, columns], 2) as tf.Tensor2D;
            const bias = values([columns], 3);
            const fused = tf.fused.matMul({ a, b, transposeA, transposeB, bias, activation: 'relu' });
            return [tf.matMul(a, b, transposeA, transposeB), fused];
          });
          expect(worst).toBeLessThan(1e-5);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('sum over leading axes, and gather with its gradient', async () => {
    for (const shape of [
      [7, 5],
      [130, 3],
      [2, 3, 4, 9],
      [1, 1],
    ]) {
      const axes = shape.slice(0, -1).map((_, i) => i);
      const worst = await difference(() => {
        const x = values(shape, 4);
        const ids = tf.tensor1d([0, 0, shape[0]! - 1], 'int32');
        expect(() => tf.gather(x, [shape[0]!], 0)).toThrow();
        return [
          tf.sum(x, axes),
          tf.sum(x, axes, true),
          tf.gather(x, ids),
          tf.grad(a => tf.square(tf.gather(a, ids)))(x),
        ];
      });
      expect(worst).toBeLessThan(1e-5);
    }
  });

  it('are compiled from tiles that match their generator', async () => {
    const { tiles } = (await import('../../src/model/assembly/unroll-tiles.mjs')) as { tiles: string };
    expect(readFileSync(path.join(repository, 'src/model/assembly/tiles.ts'), 'utf8')).toBe(tiles);
  });
});
