import { describe, expect, it } from 'vitest';
import { verification } from '../../src/core/evaluation';
import { Random } from '../../src/core/random';
import { finish } from '../../src/core/steps';
import { errorRates, judgedVerificationSteps } from '../../src/core/verification-intervals';

/** Pairs of different images, or of `images` in all; different ones `gap` standard deviations farther. */
function drawn(random: Random, count: number, gap: number, images?: number) {
  const pairs = Array.from({ length: count }, (_, i) =>
    images === undefined ? { a: 2 * i, b: 2 * i + 1 } : { a: random.below(images), b: random.below(images) },
  );
  const same = pairs.map((_, i) => i % 2 === 0);
  const distances = same.map(is => random.normal() + (is ? 0 : gap));
  return { pairs, same, distances };
}

/** The normal distribution beyond x. */
function beyond(x: number): number {
  let sum = 0;
  const step = 1e-3;
  for (let t = x; t < x + 10; t += step) sum += Math.exp((-t * t) / 2) * step;
  return sum / Math.sqrt(2 * Math.PI);
}

describe('error rates', () => {
  it('of weighted pairs are those of pairs said so many times over', () => {
    const random = new Random(3);
    const { distances, same } = drawn(random, 60, 1);
    const weight = Float64Array.from(distances, () => random.below(4));
    const order = Uint32Array.from(distances.keys()).sort((x, y) => distances[x]! - distances[y]!);
    const repeated = [...weight.keys()].flatMap(i => new Array<number>(weight[i]!).fill(i));
    const whole = verification(
      repeated.map(i => distances[i]!),
      repeated.map(i => same[i]!),
    );
    const rates = errorRates(distances, same, order, weight)!;
    expect(rates.equalErrorRate).toBeCloseTo(whole.equalErrorRate, 12);
    for (const [i, limit] of ['0.1', '0.01', '0.001'].entries())
      expect(rates.fnmr[i]).toBeCloseTo(whole.fnmrAt[limit]!, 12);
  });

  it('are unknown where one kind is missing', () => {
    const order = Uint32Array.of(0, 1);
    expect(errorRates([1, 2], [true, false], order, Float64Array.of(1, 0))).toBeUndefined();
  });
});

describe('intervals of verification', () => {
  it('hold the true equal error rate about as often as they say', () => {
    const random = new Random(7);
    const truth = beyond(0.75);
    let held = 0;
    const runs = 100;
    for (let run = 0; run < runs; run++) {
      const { pairs, same, distances } = drawn(random, 200, 1.5);
      const { equalErrorRate } = finish(
        judgedVerificationSteps(distances, same, pairs, { seed: run, replicates: 200 }),
      );
      if (equalErrorRate.low <= truth && truth <= equalErrorRate.high) held++;
    }
    expect(held).toBeGreaterThanOrEqual(90);
  }, 60_000);

  it('are the same for one seed, and hold the figure itself', () => {
    const { pairs, same, distances } = drawn(new Random(1), 300, 1, 40);
    const judge = (seed: number) => finish(judgedVerificationSteps(distances, same, pairs, { seed }));
    const once = judge(1);
    expect(judge(1)).toEqual(once);
    expect(judge(2).equalErrorRate).not.toEqual(once.equalErrorRate);
    for (const { value, low, high } of [once.equalErrorRate, ...Object.values(once.fnmrAt)]) {
      expect(low).toBeLessThanOrEqual(value);
      expect(high).toBeGreaterThanOrEqual(value);
      expect(high - low).toBeLessThan(1);
    }
  });

  it('are wider where few images make the pairs', () => {
    const width = (images?: number) => {
      const { pairs, same, distances } = drawn(new Random(5), 400, 1, images);
      const { low, high } = finish(judgedVerificationSteps(distances, same, pairs)).equalErrorRate;
      return high - low;
    };
    expect(width(20)).toBeGreaterThan(width());
  });

  it('are no certainty where nothing is wrong', () => {
    const pairs = Array.from({ length: 20 }, (_, i) => ({ a: 2 * i, b: 2 * i + 1 }));
    const same = pairs.map((_, i) => i < 10);
    const { equalErrorRate, fnmrAt } = finish(
      judgedVerificationSteps(
        same.map(is => (is ? 0 : 1)),
        same,
        pairs,
      ),
    );
    expect(equalErrorRate).toMatchObject({ value: 0, low: 0 });
    // Wilson's bound for none of ten
    expect(equalErrorRate.high).toBeCloseTo(1.96 ** 2 / (10 + 1.96 ** 2), 10);
    expect(fnmrAt['0.1']!.high).toBe(equalErrorRate.high);
  });
});
