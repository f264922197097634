import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random';
import { finish } from '../../src/core/steps';
import { judgedMap } from '../../src/model';
import type { KnownPairs } from '../../src/model';
import { fitMap, identityMap, mappedDistances } from '../../src/model/training/map/fit-map';

const DIMENSION = 12;

/**
 * Unit vectors whose first two numbers tell the class and whose others are louder noise, as a network's are that knows more
 * than this folder asks for. `signal` 0: nothing tells the class.
 */
function vectorsOf(count: number, classes: number, signal: number, seed = 1) {
  const random = new Random(seed);
  const vectors = new Float32Array(count * DIMENSION);
  for (let row = 0; row < count; row++) {
    const angle = (2 * Math.PI * (row % classes)) / classes;
    const own = Array.from({ length: DIMENSION }, () => random.normal() * 0.5);
    own[0]! += signal * Math.cos(angle);
    own[1]! += signal * Math.sin(angle);
    const length = Math.hypot(...own);
    own.forEach((value, i) => (vectors[row * DIMENSION + i] = value / length));
  }
  return vectors;
}

function known(count: number, classes: number, signal: number, pairs: number, seed = 1): KnownPairs {
  const random = new Random(seed + 100);
  const [same, different]: [number, number][][] = [[], []];
  while (same!.length + different!.length < pairs) {
    const [a, b] = [random.below(count), random.below(count)];
    const kind = a % classes === b % classes ? same! : different!;
    // Half of each kind, as an order of questions around the threshold gives.
    if (a !== b && kind.length < pairs / 2) kind.push([a, b]);
  }
  return {
    vectors: vectorsOf(count, classes, signal, seed),
    dimension: DIMENSION,
    normalise: true,
    same: same!,
    different: different!,
  };
}

describe('a map learned from pairs', () => {
  it('begins as the identity, brings same pairs together and moves different ones apart, and repeats', () => {
    const data = known(120, 3, 0.6, 200);
    const map = finish(fitMap(data));
    const mean = (pairs: KnownPairs['same'], by?: Float64Array) => {
      const distances = finish(mappedDistances(data, pairs, by));
      return distances.reduce((sum, d) => sum + d, 0) / distances.length;
    };
    expect(mean(data.same, identityMap(DIMENSION))).toBe(mean(data.same));
    const gap = (by?: Float64Array) => mean(data.different, by) - mean(data.same, by);
    expect(gap(map)).toBeGreaterThan(1.5 * gap());
    expect(finish(fitMap(data))).toEqual(map);
  });

  it('stays nearer to the identity the fewer pairs there are', () => {
    const away = (map: Float64Array) => Math.hypot(...map.map((value, i) => value - identityMap(DIMENSION)[i]!));
    const few = known(120, 3, 0.6, 60);
    // The same pairs ten times over say the same, only with more weight.
    const tenfold = (pairs: KnownPairs['same']) => Array.from({ length: 10 }, () => pairs).flat();
    const many = { ...few, same: tenfold(few.same), different: tenfold(few.different) };
    expect(away(finish(fitMap(few)))).toBeLessThan(0.9 * away(finish(fitMap(many))));
  });

  it('needs both kinds', () => {
    expect(() => finish(fitMap({ ...known(20, 2, 1, 20), same: [] }))).toThrow(RangeError);
  });
});

describe('a map judged by pairs that it did not learn from', () => {
  it('says how much better it is, keeping images apart that a chain of answers joins', () => {
    // Pairs far between: components stay small, so that whole ones can be left out.
    const data = known(400, 3, 0.6, 240);
    const few = { ...data, same: data.same.slice(0, 90) };
    const { verdict, map } = finish(judgedMap(few, 1));
    expect(verdict.by).toBe('component');
    expect(verdict.same).toBe(90);
    expect(verdict.different).toBeGreaterThanOrEqual(10);
    expect(verdict.better).toBe(true);
    expect(verdict.after.value).toBeGreaterThan(verdict.before.value);
    // And that is so: on images that no pair was about.
    const fresh = known(200, 3, 0.6, 400, 7);
    const right = (by?: Float64Array) => {
      const [same, different] = [fresh.same, fresh.different].map(pairs => finish(mappedDistances(fresh, pairs, by)));
      return same!.flatMap(s => different!.map((d): number => (s < d ? 1 : 0))).reduce((sum, one) => sum + one, 0);
    };
    expect(right(map)).toBeGreaterThan(1.02 * right());
  });

  it('leaves images out one by one where everything hangs together', () => {
    const { verdict } = finish(judgedMap(known(60, 2, 0.6, 600), 1));
    expect(verdict.by).toBe('image');
  });

  it('stays the identity where nothing is to be learned, and says so', () => {
    // Of six such sets a few seem better by chance; those that do not must come back as they were.
    const results = Array.from({ length: 6 }, (_, i) => finish(judgedMap(known(400, 3, 0, 200, i + 1), i)));
    const worse = results.filter(({ verdict }) => !verdict.better);
    expect(worse.length).toBeGreaterThan(0);
    for (const { map, verdict } of worse) {
      expect(map).toEqual(identityMap(DIMENSION));
      expect(verdict.after.value).toBeLessThanOrEqual(verdict.before.value);
    }
  });

  it('refuses to learn from too little, and says what is missing', () => {
    const data = known(40, 3, 1, 60);
    expect(() => finish(judgedMap({ ...data, different: data.different.slice(0, 5) }, 1))).toThrow(
      /30 pairs known to be the same, 5 known to be different/,
    );
  });
});
