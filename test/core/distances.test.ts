import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distance, rowDistance, similarityOf } from '../../src/core/distances';
import { METRICS, type Distance } from '../../src/core/types';

const vector = (length: number) =>
  fc.array(fc.float({ min: -1000, max: 1000, noNaN: true }), { minLength: length, maxLength: length });
const pair = fc.integer({ min: 1, max: 40 }).chain(length => fc.tuple(vector(length), vector(length)));

describe('distances', () => {
  it('are the sums of the textbook', () => {
    fc.assert(
      fc.property(pair, ([x, y]) => {
        const w = Float32Array.from(x, (_, k) => (k % 5) / 4);
        const sum = (of: (a: number, b: number, k: number) => number) => x.reduce((s, a, k) => s + of(a, y[k]!, k), 0);
        const squares = sum((a, b) => (a - b) ** 2);
        const close = (actual: number, expected: number) =>
          expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-12 * (1 + Math.abs(expected)));
        close(distance('sql2', x, y), squares);
        close(distance('l2', x, y), Math.sqrt(squares));
        close(
          distance('l1', x, y),
          sum((a, b) => Math.abs(a - b)),
        );
        close(
          distance('weightedL1', x, y, w),
          sum((a, b, k) => w[k]! * Math.abs(a - b)),
        );
        const lengths = Math.sqrt(sum(a => a * a) * sum((_, b) => b * b));
        close(distance('cosine', x, y), lengths > 0 ? Math.max(0, 1 - sum((a, b) => a * b) / lengths) : 1);
      }),
    );
  });

  it('are the same both ways, to the last bit, zero from a vector to itself and never negative', () => {
    fc.assert(
      fc.property(pair, ([x, y]) => {
        const w = Float32Array.from(x, (_, k) => 0.3 + k);
        for (const metric of METRICS) {
          const d = distance(metric, x, y, w);
          expect(distance(metric, y, x, w)).toBe(d);
          expect(d).toBeGreaterThanOrEqual(0);
          if (metric !== 'cosine' || x.some(a => a !== 0)) expect(distance(metric, x, x, w)).toBe(0);
        }
      }),
    );
  });

  it('of unit vectors obey l2² = 2 (1 - cos)', () => {
    for (const angle of [0.1, 1, 2, 3]) {
      const x = [1, 0];
      const y = [Math.cos(angle), Math.sin(angle)];
      expect(distance('sql2', x, y)).toBeCloseTo(2 * distance('cosine', x, y), 6);
    }
  });

  it('of a zero vector by cosine are 1', () => {
    expect(distance('cosine', [0, 0], [1, 2])).toBe(1);
    expect(distance('cosine', [0, 0], [0, 0])).toBe(1);
  });

  it('do not overflow where the vectors do not', () => {
    expect(distance('l2', [3e38, -3e38], [-3e38, 3e38])).toBeCloseTo(8.485e38, -36);
    expect(distance('cosine', [3e38, 0], [0, 3e38])).toBe(1);
    expect(distance('cosine', [1e-45, 0], [1e-45, 1e-45])).toBeCloseTo(1 - Math.SQRT1_2, 12);
  });

  it('read rows at their places', () => {
    const x = Float32Array.of(9, 9, 1, 2);
    const y = Float32Array.of(4, 6, 9, 9);
    expect(rowDistance('l2', 2)(x, 1, y, 0)).toBe(5);
  });

  it('refuse vectors of different lengths and weights that make no sense', () => {
    expect(() => distance('l2', [1], [1, 2])).toThrow('1 and 2');
    expect(() => rowDistance('weightedL1', 2)).toThrow('2 weights');
    expect(() => rowDistance('weightedL1', 2, Float32Array.of(1, NaN))).toThrow('weight 1');
  });

  it('become similarities in one place, with the sign turned', () => {
    expect(similarityOf('cosine', 0.25 as Distance)).toBe(0.75);
    expect(similarityOf('l2', 0.25 as Distance)).toBe(-0.25);
  });
});
