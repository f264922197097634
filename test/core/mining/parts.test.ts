import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DistanceWeighted, logWeight } from '../../../src/core/mining/distance-weighted';
import { UnionFind } from '../../../src/core/mining/duplicates';
import { Neighbours } from '../../../src/core/mining/neighbours';
import { CandidatePool, compareEntries, type Entry } from '../../../src/core/mining/pool';
import { hashRanks, prepare } from '../../../src/core/mining/problem';
import { Random } from '../../../src/core/random';
import { clusters, hashOf, requestOf } from '../../support/mining';

const ranks = hashRanks(Array.from({ length: 40 }, (_, i) => hashOf((i * 7) % 40)));
const entry = fc.record({
  score: fc.constantFrom(1, 2, 3, 4),
  a: fc.nat(39),
  b: fc.nat(39),
  c: fc.integer({ min: -1, max: 39 }),
});

describe('a pool', () => {
  it('gives all candidates in total order while none are dropped', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 300 }), entries => {
        const pool = new CandidatePool(ranks, 1000);
        for (const { score, a, b, c } of entries) pool.offer(score, a, b, c);
        const given = [...pool.inOrder(8)].map(at => pool.entry(at));
        expect(given.map(e => JSON.stringify(e))).toEqual(
          [...entries].sort((x, y) => compareEntries(ranks, x, y)).map(e => JSON.stringify(e)),
        );
      }),
    );
  });

  it('drops only what comes after its floor', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(entry, { minLength: 60, maxLength: 300, selector: e => JSON.stringify(e) }),
        entries => {
          const pool = new CandidatePool(ranks, 12);
          for (const { score, a, b, c } of entries) pool.offer(score, a, b, c);
          expect(pool.dropped + pool.count).toBe(entries.length);
          expect(pool.offered).toBe(entries.length);
          const { floor } = pool;
          expect(floor).toBeDefined();
          const upToFloor = (list: Entry[]) =>
            list.filter(e => compareEntries(ranks, e, floor!) <= 0).sort((x, y) => compareEntries(ranks, x, y));
          const given = upToFloor([...pool.inOrder()].map(at => pool.entry(at)));
          expect(given).toEqual(upToFloor([...entries]));
          expect(given.length).toBeGreaterThanOrEqual(12);
        },
      ),
    );
  });

  it('trims to the best, and says from where on it dropped', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(entry, { minLength: 21, maxLength: 200, selector: e => JSON.stringify(e) }),
        entries => {
          const pool = new CandidatePool(ranks, 1000);
          for (const { score, a, b, c } of entries) pool.offer(score, a, b, c);
          pool.trim(20);
          const best = [...entries].sort((x, y) => compareEntries(ranks, x, y)).slice(0, 20);
          expect([...pool.inOrder(8)].map(at => pool.entry(at))).toEqual(best);
          expect(pool.floor).toEqual(best.at(-1));
          expect(pool).toMatchObject({ count: 20, offered: entries.length, dropped: entries.length - 20 });
          pool.trim(20);
          expect(pool.count).toBe(20);
        },
      ),
    );
  });
});

describe('neighbours', () => {
  it('sort by distance, then by hash', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(39), { maxLength: 40 }), fc.nat(5), (rows, levels) => {
        const list = new Neighbours();
        for (const row of rows) list.push(row, (row * 13) % (levels + 1));
        list.sort(ranks);
        const sorted = [...rows].sort(
          (x, y) => ((x * 13) % (levels + 1)) - ((y * 13) % (levels + 1)) || ranks[x]! - ranks[y]!,
        );
        expect([...list.rows.subarray(0, list.count)]).toEqual(sorted);
        for (const x of [-1, 0, 1, 2.5, 9]) {
          expect(list.lowerBound(x)).toBe(sorted.filter(row => (row * 13) % (levels + 1) < x).length);
        }
      }),
    );
  });

  it('sort long lists that are already in order', () => {
    const list = new Neighbours();
    const many = new Int32Array(50_000).map((_, i) => i);
    for (let i = 0; i < 50_000; i++) list.push(i, Math.floor(i / 3));
    list.sort(many);
    expect([...list.rows.subarray(0, 6)]).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe('disjoint sets', () => {
  it('join', () => {
    const sets = new UnionFind(6);
    expect([sets.join(4, 2), sets.join(2, 5), sets.join(5, 4), sets.join(0, 1)]).toEqual([true, true, false, true]);
    expect([...sets.labels()]).toEqual([0, 0, 2, 3, 2, 2]);
  });
});

describe('distance-weighted draws', () => {
  it('follow the weights of Wu et al.', () => {
    const data = clusters(400, 4, 2, { unit: true, seed: 31 });
    const draws = new Map<number, number>();
    const list = new Neighbours();
    for (let row = 1; row <= 60; row++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += (data.vectors[k]! - data.vectors[row * 4 + k]!) ** 2;
      list.push(row, Math.sqrt(sum));
    }
    list.sort(hashRanks(data.ids));
    const weights = Array.from(list.distances.subarray(0, 60), d => Math.exp(logWeight(d, 4)));
    const total = weights.reduce((a, b) => a + b);
    const runs = 4000;
    for (let seed = 0; seed < runs; seed++) {
      const weighted = new DistanceWeighted(prepare(data, requestOf({ seed })));
      weighted.weigh(0, list);
      const place = weighted.draw(0, 399, 0, 60);
      draws.set(place, (draws.get(place) ?? 0) + 1);
    }
    const chi = weights.reduce((sum, weight, at) => {
      const expected = (runs * weight) / total;
      return sum + ((draws.get(at) ?? 0) - expected) ** 2 / expected;
    }, 0);
    // 59 degrees of freedom: below 98.3 in 99.9 % of cases; seeds are fixed
    expect(chi).toBeLessThan(98.3);
  }, 60_000);

  it('stay in their range, also where its weights are next to nothing', () => {
    const data = clusters(60, 128, 2, { unit: true, spread: 3 });
    const list = new Neighbours();
    list.push(1, 0.5);
    for (let row = 2; row < 60; row++) list.push(row, row);
    const draws = new DistanceWeighted(prepare(data, requestOf({ seed: 4 })));
    data.vectors.copyWithin(128, 0, 128);
    draws.weigh(0, list);
    const random = new Random(2);
    for (let run = 0; run < 100; run++) {
      const begin = 1 + random.below(50);
      const place = draws.draw(0, run, begin, begin + 5);
      expect(place).toBeGreaterThanOrEqual(begin);
      expect(place).toBeLessThan(begin + 5);
    }
    expect(draws.draw(0, 1, 3, 3)).toBe(-1);
  });

  it('have the weight of the formula', () => {
    // n = 3: q(D) = D, with D cut at 0.5
    expect(Math.exp(logWeight(1.5, 3))).toBeCloseTo(1 / 1.5, 12);
    expect(logWeight(0.1, 3)).toBe(logWeight(0.5, 3));
    expect(Math.exp(logWeight(1, 5))).toBeCloseTo(1 / (1 * (1 - 0.25)), 12);
  });
});
