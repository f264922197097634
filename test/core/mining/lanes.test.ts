import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowDistance } from '../../../src/core/distances';
import { UnionFind } from '../../../src/core/mining/duplicates';
import { bestThreshold } from '../../../src/core/mining/turn';
import type { PairCandidate } from '../../../src/core/mining/types';
import { pairKey } from '../../../src/core/pairs';
import type { PairKey, Relation } from '../../../src/core/types';
import { mine } from '../../../src/kernel';
import { clusters, dataOf, requestOf } from '../../support/mining';

const pairs = (candidates: unknown) => candidates as PairCandidate[];

describe('hard positives', () => {
  it('are the same-class pairs beyond the quantile, farthest first', async () => {
    // nine points of one class on a line: distances 1 to 8, of which 8 - d + 1 pairs are d apart
    const data = dataOf(
      Array.from({ length: 9 }, (_, i) => [i]),
      new Array<number>(9).fill(0),
    );
    const { candidates, report } = await mine(data, requestOf({ lane: 'hard-positives', quantile: 0.8 }));
    // 36 pairs; 80 % of them are 29 pairs: the 29th nearest is 5 apart
    expect(report.threshold).toBe(5);
    expect(pairs(candidates).map(c => c.distance)).toEqual([8, 7, 7, 6, 6, 6]);
    expect(report.found).toBe(6);
  });
});

describe('uncertain pairs', () => {
  it('turn on the threshold that best separates the answers', async () => {
    expect(bestThreshold([])).toBeUndefined();
    expect(bestThreshold([{ distance: 1, same: true }])).toBeUndefined();
    const of = (same: number[], different: number[]) =>
      bestThreshold([
        ...same.map(distance => ({ distance, same: true })),
        ...different.map(distance => ({ distance, same: false })),
      ]);
    expect(of([1, 2], [4, 5])).toBe(3);
    // one flipped answer on each side does not move it
    expect(of([1, 1.1, 1.2, 2, 9], [0.5, 4, 5, 6, 7])).toBe(3);
    // shares count, not numbers
    expect(of([1, 1.5, 2, 2.5, 3], [2.8, 4])).toBeCloseTo(2.65, 9);
    expect(of([1, 1], [1, 1])).toBe(0.5);
  });

  it('are the unanswered pairs nearest to it, whatever their classes', async () => {
    const data = dataOf([[0], [1], [3], [7], [15]], [0, -1, 0, 1, 1]);
    const answered = new Map<PairKey, Relation>([
      [pairKey(data.ids[0]!, data.ids[1]!), 'same'],
      [pairKey(data.ids[3]!, data.ids[4]!), 'different'],
    ]);
    const { candidates, report } = await mine(
      data,
      requestOf({ lane: 'uncertain-pairs', topK: 3, guards: { answered } }),
    );
    expect(report.threshold).toBe(4.5);
    expect(pairs(candidates).map(c => c.distance)).toEqual([4, 3, 6]);
    const without = await mine(data, requestOf({ lane: 'uncertain-pairs', margin: 2, topK: 1 }));
    expect(without.report.threshold).toBe(2);
    expect(without.report.notes.join()).toContain('no answers of both kinds');
  });
});

describe('near duplicates', () => {
  const data = dataOf([[0], [0.1], [0.15], [5], [5.2], [9], [0.15]], [0, 0, 1, 1, 0, 0, 1]);

  it('are groups, and just the pairs that hold them together', async () => {
    const { candidates, groups, report } = await mine(
      data,
      requestOf({ lane: 'near-duplicates', duplicateDistance: 0.3 }),
    );
    expect(groups).toEqual([
      [0, 1, 2, 6],
      [3, 4],
    ]);
    expect(pairs(candidates).map(c => [c.a, c.b])).toEqual([
      [2, 6],
      [1, 2],
      [0, 1],
      [3, 4],
    ]);
    expect(report.leftOut['implied']).toBe(report.found - 4);
  });

  it('say of each pair which group it is in, and of the run how many there are', async () => {
    const { candidates, report } = await mine(data, requestOf({ lane: 'near-duplicates', duplicateDistance: 0.3 }));
    expect(pairs(candidates).map(({ group }) => group)).toEqual([
      ...Array.from({ length: 3 }, () => ({ number: 1, size: 4 })),
      { number: 2, size: 2 },
    ]);
    expect(report.groups).toEqual({ count: 2, images: 6 });
  });

  it('hold each group together by the pairs given, but where a cap forbids it, and count what caps dropped', async () => {
    const inputs = fc.record({
      places: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 4, maxLength: 24 }),
      labels: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 24, maxLength: 24 }),
      perImage: fc.constantFrom(undefined, 1, 2, 3),
      perClassPair: fc.constantFrom(undefined, 1, 3),
      topK: fc.constantFrom(1, 3, 1000),
      reach: fc.integer({ min: 1, max: 6 }),
    });
    let dropped = 0;
    const property = async ({
      places,
      labels,
      perImage,
      perClassPair,
      topK,
      reach,
    }: typeof inputs extends fc.Arbitrary<infer T> ? T : never) => {
      const line = dataOf(
        places.map(x => [x]),
        places.map((_, i) => labels[i]!),
      );
      const request = requestOf({
        lane: 'near-duplicates',
        duplicateDistance: reach,
        guards: { perImage, perClassPair },
      });
      const { candidates, groups, report } = await mine(line, request);
      const { implied = 0, perImage: overImage = 0, perClassPair: overClasses = 0 } = report.leftOut;
      dropped += overImage + overClasses;
      expect(candidates.length + implied + overImage + overClasses).toBe(report.found);
      const held = new UnionFind(places.length);
      const ofImage = new Array<number>(places.length).fill(0);
      const ofClasses = new Map<string, number>();
      const classPair = (i: number, j: number) => [line.labels[i]!, line.labels[j]!].sort().join();
      for (const { a, b } of pairs(candidates)) {
        // each given pair joins something: none of them follows from the others
        expect(held.join(a, b)).toBe(true);
        for (const image of [a, b]) ofImage[image]!++;
        ofClasses.set(classPair(a, b), (ofClasses.get(classPair(a, b)) ?? 0) + 1);
      }
      const all = new UnionFind(places.length);
      for (let i = 0; i < places.length; i++) {
        for (let j = i + 1; j < places.length; j++) {
          if (Math.abs(places[i]! - places[j]!) > reach) continue;
          all.join(i, j);
          const isOver =
            Math.max(ofImage[i]!, ofImage[j]!) >= (perImage ?? Infinity) ||
            (ofClasses.get(classPair(i, j)) ?? 0) >= (perClassPair ?? Infinity);
          expect(held.find(i) === held.find(j) || isOver).toBe(true);
        }
      }
      const together = new Set(
        groups!.map(group => group.map(row => all.find(row))).flatMap(roots => [new Set(roots).size]),
      );
      expect([...together].every(size => size === 1)).toBe(true);
      if (perImage === undefined && perClassPair === undefined) {
        expect(candidates).toHaveLength(report.groups!.images - report.groups!.count);
      }
      // the number asked for cuts the list and changes nothing else
      const cut = await mine(line, { ...request, topK });
      expect(cut.candidates).toEqual(candidates.slice(0, topK));
      expect(cut.report.leftOut).toEqual({ ...report.leftOut, topK: Math.max(0, candidates.length - topK) });
      expect(cut.groups).toEqual(groups);
    };
    await fc.assert(fc.asyncProperty(inputs, property), { numRuns: 300 });
    expect(dropped).toBeGreaterThan(100);
  });

  it('do not ask what answers imply', async () => {
    const answered = new Map<PairKey, Relation>([[pairKey(data.ids[0]!, data.ids[1]!), 'same']]);
    const request = requestOf({ lane: 'near-duplicates', duplicateDistance: 0.3, guards: { answered } });
    const { candidates, groups } = await mine(data, request);
    expect(groups![0]).toEqual([0, 1, 2, 6]);
    expect(pairs(candidates).map(c => [c.a, c.b])).not.toContainEqual([0, 1]);
  });

  it('have a reach that follows the data where none is given', async () => {
    const spread = clusters(200, 8, 10, { spread: 0.7 });
    for (let i = 0; i < 10; i++) {
      for (let k = 0; k < 8; k++) spread.vectors[(i + 20) * 8 + k] = spread.vectors[i * 8 + k]! + 0.01;
    }
    for (const metric of ['l2', 'sql2', 'cosine', 'l1'] as const) {
      const { groups } = await mine(spread, requestOf({ lane: 'near-duplicates', metric }));
      const planted = Array.from({ length: 10 }, (_, i) => [i, i + 20]);
      const found = groups!.map(group => [...group].sort((a, b) => a - b));
      for (const pair of planted) expect(found).toContainEqual(pair);
    }
  });
});

describe('label errors', () => {
  it('finds planted ones first, with the reason in words', async () => {
    const data = clusters(300, 16, 6, { spread: 0.35, seed: 12 });
    data.classNames = ['ant', 'bee', 'cat', 'dog', 'eel', 'fox'].map(name => name);
    const wrong = [7, 60, 111, 205, 299];
    for (const row of wrong) data.labels[row] = (data.labels[row]! + 1) % 6;
    const { candidates } = await mine(data, requestOf({ lane: 'label-errors', topK: 5, guards: { perImage: 1 } }));
    const suspects = pairs(candidates);
    for (const { a, b, suspect } of suspects) {
      expect(wrong.includes(a) !== wrong.includes(b)).toBe(true);
      // it is the one of the two that was planted, and not the one that its neighbours have
      expect(wrong).toContain(suspect === 'a' ? a : b);
    }
    expect(new Set(suspects.map(({ suspect }) => suspect))).toEqual(new Set(['a', 'b']));
    expect(new Set(suspects.flatMap(({ a, b }) => [a, b]).filter(row => wrong.includes(row)))).toEqual(new Set(wrong));
    expect(suspects[0]!.reason).toMatch(/^\d+ of its 10 nearest images are “\w+”, (none|\d+) (is|are) “\w+”$/);
  });

  it('suspects two images that are each other’s nearest under two names', async () => {
    const own = [
      [-1, 0],
      [-1, 0.1],
      [1.1, 0],
      [1.1, 0.1],
    ];
    const data = dataOf([...own, [0, 0], [0.05, 0]], [0, 0, 1, 1, 0, 1]);
    const { candidates } = await mine(data, requestOf({ lane: 'label-errors', neighbours: 3 }));
    const twins = pairs(candidates).find(c => c.a === 4 && c.b === 5)!;
    expect(twins.reason).toContain('each other');
    expect(twins).not.toHaveProperty('suspect');
  });

  it('begin with images that are filed under two classes at once, beside the nearest of the other, until one is judged', async () => {
    const data = clusters(120, 8, 4, { spread: 0.3, seed: 3 });
    const row = 17;
    const other = (data.labels[row]! + 1) % 4;
    data.conflicts = new Map([
      [row, { labels: [other], reason: 'filed twice' }],
      // nobody else has its other class: its own has to do
      [40, { labels: [], reason: 'filed alone' }],
    ]);
    const request = requestOf({ lane: 'label-errors' });
    const first = pairs((await mine(data, request)).candidates);
    const distance = rowDistance('l2', 8);
    const nearestOf = (from: number, label: number) =>
      [...data.labels.keys()]
        .filter(i => i !== from && data.labels[i] === label)
        .sort(
          (i, j) => distance(data.vectors, from, data.vectors, i) - distance(data.vectors, from, data.vectors, j),
        )[0]!;
    const expected = [
      [row, nearestOf(row, other), 'filed twice'],
      [40, nearestOf(40, data.labels[40]!), 'filed alone'],
    ];
    const seen = first
      .slice(0, 2)
      .map(({ a, b, suspect, reason }) => [suspect === 'a' ? a : b, suspect === 'a' ? b : a, reason]);
    expect(seen).toHaveLength(2);
    for (const each of expected) expect(seen).toContainEqual(each);
    const answered = new Map<PairKey, Relation>([
      [pairKey(data.ids[row]!, data.ids[nearestOf(row, other)]!), 'different'],
    ]);
    const later = pairs((await mine(data, { ...request, guards: { answered } })).candidates);
    expect(later.map(({ reason }) => reason)).not.toContain('filed twice');
  });

  it('does not judge an image alone in its class by votes', async () => {
    const data = dataOf([[0], [1], [2], [3], [1.4]], [0, 0, 0, 0, 1]);
    const { candidates } = await mine(data, requestOf({ lane: 'label-errors', neighbours: 3 }));
    for (const { reason } of pairs(candidates)) expect(reason).not.toContain('of its');
  });
});
