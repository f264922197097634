import { describe, expect, it } from 'vitest';
import { relativeMarginFloor } from '../../../src/core/mining/guards';
import type { PairCandidate, TripletCandidate } from '../../../src/core/mining/types';
import { mine, nearest } from '../../../src/kernel';
import { clusters, dataOf, requestOf } from '../../support/mining';

/** Defects that other miners have had; each of these tests would fail on them. */
describe('defects of other miners', () => {
  it('an image counted as its own negative or neighbour', async () => {
    const data = clusters(60, 3, 4, { spread: 0.5 });
    for (const lane of ['hard-negatives', 'uncertain-pairs', 'near-duplicates', 'label-errors'] as const) {
      const { candidates } = await mine(data, requestOf({ lane, margin: 50, duplicateDistance: 50 }));
      expect(candidates.length).toBeGreaterThan(0);
      for (const { a, b } of candidates as PairCandidate[]) expect(a).not.toBe(b);
    }
    const { rows, count } = await nearest(data, { metric: 'l2', count: 5 });
    rows.forEach((row, at) => expect(row).not.toBe(Math.floor(at / count)));
  });

  it('the margin looked up beside another positive', async () => {
    // two positives at very different distances: each must get the nearest negative of its own band
    const data = dataOf([[0], [1], [10], [1.5], [10.5], [30]], [0, 0, 0, 1, 1, 1]);
    const { candidates } = await mine(data, requestOf({ margin: 1 }));
    const ofFirst = (candidates as TripletCandidate[]).filter(t => t.anchor === 0);
    expect(ofFirst.map(t => [t.positive, t.negative])).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });

  it('a relative margin that lets nearer negatives through where similarities are negative', async () => {
    // l2 similarities are all negative: s(a,n) <= s(a,p) (1 - 0.2) would ask for nearer negatives, not for farther ones
    expect(relativeMarginFloor('l2', 2, 0.2)).toBeCloseTo(2.4, 12);
    expect(relativeMarginFloor('cosine', 0.5, 0.2)).toBeCloseTo(0.6, 12);
    // cosine beyond a right angle: similarity -0.5, a share of its size further down
    expect(relativeMarginFloor('cosine', 1.5, 0.2)).toBeCloseTo(1.6, 12);
    const data = dataOf([[0], [2], [2.3], [2.5]], [0, 0, 1, 1]);
    const guards = { relativeMargin: 0.2 };
    const { candidates, report } = await mine(data, requestOf({ margin: 1, guards }));
    expect((candidates as TripletCandidate[]).filter(t => t.anchor === 0).map(t => t.negative)).toEqual([3]);
    expect(report.leftOut['relativeMargin']).toBeGreaterThan(0);
  });

  it('padding that reads the last row', async () => {
    // more ranks, neighbours and negatives asked for than there are
    const data = dataOf([[0], [1], [1.5]], [0, 0, 1]);
    const all = { strategy: 'all' as const, perPair: 9, margin: 5 };
    for (const guards of [{}, { rankWindow: [0, 9] as const }]) {
      const { candidates } = await mine(data, requestOf({ ...all, guards }));
      expect((candidates as TripletCandidate[]).map(t => [t.anchor, t.positive, t.negative])).toEqual([[0, 1, 2]]);
    }
    const found = await nearest(data, { metric: 'l2', count: 5 });
    expect([...found.rows.subarray(0, 5)]).toEqual([1, 2, -1, -1, -1]);
    expect([...found.distances.subarray(0, 5)]).toEqual([1, 1.5, Infinity, Infinity, Infinity]);
  });

  it('a rank window applied before the other guards', async () => {
    // of anchor 0's negatives at 2, 3, 4 and 5 the first is answered: ranks [1, 2) mean 4, not 3
    const data = dataOf([[0], [1], [2], [3], [4], [5]], [0, 0, 1, 1, 1, 1]);
    const key = `${data.ids[0]!} ${data.ids[2]!}` as const;
    const guards = { answered: new Set([key]), rankWindow: [1, 2] as const };
    const { candidates, report } = await mine(data, requestOf({ margin: 9, guards }));
    const ofFirst = (candidates as TripletCandidate[]).filter(t => t.anchor === 0);
    expect(ofFirst.map(t => t.negative)).toEqual([4]);
    expect(report.leftOut['answered']).toBe(1);
    expect(report.leftOut['rankWindow']).toBeGreaterThan(0);
  });

  it('images alone in their class taken for anchors at d(a,p) = 0', async () => {
    const data = dataOf([[0], [0.1], [5], [5.1]], [0, 1, 2, 2]);
    for (const lane of ['hard-triplets', 'semi-hard-triplets'] as const) {
      for (const strategy of ['nearest', 'all', 'hardest'] as const) {
        const { candidates } = await mine(data, requestOf({ lane, strategy, margin: 10 }));
        for (const t of candidates as TripletCandidate[]) {
          expect([2, 3]).toContain(t.anchor);
          expect(t.positiveDistance).toBeCloseTo(0.1, 5);
        }
      }
    }
  });
});
