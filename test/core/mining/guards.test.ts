import { describe, expect, it } from 'vitest';
import type { Guards, MiningRequest, PairCandidate, TripletCandidate } from '../../../src/core/mining/types';
import { pairKey } from '../../../src/core/pairs';
import { mine } from '../../../src/kernel';
import { clusters, dataOf, requestOf } from '../../support/mining';

const data = clusters(90, 4, 6, { spread: 0.9, seed: 21 });
const run = async (guards: Guards, changes: Partial<MiningRequest> = {}) =>
  mine(data, requestOf({ guards, ...changes }));

describe('guards', () => {
  it('leave flagged images out and count them', async () => {
    const flagged = new Set([data.ids[4]!, data.ids[9]!]);
    const { candidates, report } = await run({ flagged });
    expect(report.leftOut['flagged']).toBe(2);
    expect(report.images).toBe(88);
    for (const t of candidates as TripletCandidate[]) {
      for (const row of [t.anchor, t.positive, t.negative]) expect([4, 9]).not.toContain(row);
    }
  });

  it('never ask an answered negative again, and keep a confirmed positive', async () => {
    const first = (await run({})).candidates[0] as TripletCandidate;
    const positive = pairKey(data.ids[first.anchor]!, data.ids[first.positive]!);
    const negative = pairKey(data.ids[first.anchor]!, data.ids[first.negative]!);
    const has = async (guards: Guards, want: Partial<TripletCandidate>) =>
      ((await run(guards)).candidates as TripletCandidate[]).some(t =>
        Object.entries(want).every(([name, row]) => t[name as keyof TripletCandidate] === row),
      );
    const { anchor, positive: p, negative: n } = first;
    expect(await has({ answered: new Map([[negative, 'different']]) }, { anchor, negative: n })).toBe(false);
    expect(await has({ answered: new Map([[positive, 'same']]) }, { anchor, positive: p })).toBe(true);
    expect(await has({ answered: new Map([[positive, 'different']]) }, { anchor, positive: p })).toBe(false);
    expect(await has({ answered: new Set([positive]) }, { anchor, positive: p })).toBe(false);
  });

  it('leave copies of an image out', async () => {
    const copied = dataOf([[0], [0], [1], [1], [1.2]], [0, 1, 0, 1, 1]);
    const { candidates, report } = await mine(copied, requestOf({ lane: 'hard-negatives', margin: 2 }));
    expect(report.leftOut['exactDuplicates']).toBe(2);
    for (const { distance } of candidates as PairCandidate[]) expect(distance).toBeGreaterThan(0);
  });

  it('heed the least distance on both sides of a triplet', async () => {
    const { candidates, report } = await run({ minDistance: 1.5 }, { margin: 3 });
    expect(candidates.length).toBeGreaterThan(0);
    expect(report.leftOut['minDistance']).toBeGreaterThan(0);
    for (const t of candidates as TripletCandidate[]) {
      expect(Math.min(t.positiveDistance, t.negativeDistance)).toBeGreaterThanOrEqual(1.5);
    }
  });

  it('cap candidates of one image, of two classes and of a group of near duplicates, best first', async () => {
    const all = (await run({})).candidates as TripletCandidate[];
    const rows = (t: TripletCandidate) => [t.anchor, t.positive, t.negative];
    const counts = new Map<number, number>();
    const expected = all.filter(t => {
      if (rows(t).some(row => (counts.get(row) ?? 0) >= 2)) return false;
      for (const row of rows(t)) counts.set(row, (counts.get(row) ?? 0) + 1);
      return true;
    });
    const capped = await run({ perImage: 2 });
    expect(capped.candidates).toEqual(expected);
    expect(capped.report.leftOut['perImage']).toBe(all.length - expected.length);

    const pairs = new Map<string, number>();
    for (const t of (await run({ perClassPair: 2 })).candidates as TripletCandidate[]) {
      const key = [data.labels[t.anchor]!, data.labels[t.negative]!].sort().join();
      pairs.set(key, (pairs.get(key) ?? 0) + 1);
    }
    expect(Math.max(...pairs.values())).toBe(2);

    const duplicateDistance = 1.2;
    const { groups } = await run({}, { lane: 'near-duplicates', duplicateDistance });
    const triplets = (await run({ perDuplicateGroup: 3 }, { duplicateDistance })).candidates as TripletCandidate[];
    const touching = groups!.map(group => triplets.filter(t => rows(t).some(row => group.includes(row))).length);
    expect(Math.max(...touching)).toBe(3);
  });

  it('keep the best topK and say how many came after', async () => {
    const all = await run({});
    const some = await run({}, { topK: 7 });
    expect(some.candidates).toEqual(all.candidates.slice(0, 7));
    expect(some.report.leftOut['topK']).toBe(all.candidates.length - 7);
    expect(some.report.found).toBe(all.report.found);
  });
});
