import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowDistance, similarityOf } from '../../../src/core/distances';
import type {
  Guards,
  MiningData,
  MiningRequest,
  PairCandidate,
  TripletCandidate,
} from '../../../src/core/mining/types';
import { pairKey } from '../../../src/core/pairs';
import { METRICS, type Distance, type PairKey, type Relation } from '../../../src/core/types';
import { mine } from '../../../src/kernel';
import { clusters, requestOf, rowsOf } from '../../support/mining';

/** What the report counts for each guard, against counting it out pair by pair. Every kernel's counts equal these: see variants. */

/** Sixty images in five classes: three of them unclassed, two flagged, four copies (one in another class), thirty answers. */
function crowded(): { data: MiningData; guards: Guards & { answered: Map<PairKey, Relation> } } {
  const data = clusters(60, 4, 5, { spread: 0.9, seed: 11 });
  const copyTo = (from: number, to: number) => data.vectors.copyWithin(to * 4, from * 4, from * 4 + 4);
  for (const i of [7, 19, 33]) data.labels[i] = -1;
  copyTo(0, 1);
  copyTo(0, 2);
  copyTo(4, 5);
  data.labels[0] = data.labels[1] = 0;
  data.labels[2] = 1;
  const answered = new Map<PairKey, Relation>();
  const relations: Relation[] = ['same', 'different', 'incomparable'];
  for (let at = 0; at < 30; at++) {
    const [i, j] = [(at * 17) % 60, (at * 29 + 5) % 60];
    if (i !== j) answered.set(pairKey(data.ids[i]!, data.ids[j]!), relations[at % 3]!);
  }
  return { data, guards: { answered, flagged: new Set([data.ids[40]!, data.ids[41]!]), minDistance: 1.1 } };
}

describe('what the report says was left out', () => {
  const sides = { 'hard-negatives': 'different', 'uncertain-pairs': 'any', 'semi-hard-triplets': 'triplets' } as const;

  it.each(Object.entries(sides))('of %s is what a person would count', async (lane, side) => {
    const { data, guards } = crowded();
    const request = requestOf({ lane: lane as keyof typeof sides, margin: 2, threshold: 1, guards });
    const { report } = await mine(data, request);
    const distance = rowDistance('l2', data.dimension);
    const mined = data.ids
      .map((_, i) => i)
      .filter(i => !guards.flagged!.has(data.ids[i]!) && (side === 'any' || data.labels[i]! >= 0));
    const copies = (i: number, j: number) => distance(data.vectors, i, data.vectors, j) === 0;
    const expected = { self: mined.length, flagged: 2, exactDuplicates: 0, answered: 0, minDistance: 0 };
    for (const i of mined) {
      for (const j of mined) {
        const same = data.labels[i] === data.labels[j];
        if (j <= i || (side === 'different' && same)) continue;
        const relation = guards.answered.get(pairKey(data.ids[i]!, data.ids[j]!));
        if (copies(i, j)) expected.exactDuplicates++;
        else if (relation !== undefined && !(side === 'triplets' && same && relation === 'same')) expected.answered++;
        else if (distance(data.vectors, i, data.vectors, j) < 1.1) expected.minDistance++;
      }
    }
    expect(report.images).toBe(mined.length);
    expect(report.leftOut).toMatchObject({ ...expected, unclassed: side === 'any' ? 0 : 3 });
    for (const count of Object.values(expected)) expect(count).toBeGreaterThan(0);
  });

  it('of hard positives nearer than the least distance is what lies between the quantile and it', async () => {
    const data = clusters(90, 4, 3, { spread: 0.9, seed: 4 });
    const lane = { lane: 'hard-positives', quantile: 0.5 } as const;
    const whole = await mine(data, requestOf(lane));
    for (const minDistance of [whole.report.threshold! / 2, whole.report.threshold! * 1.3]) {
      const { report } = await mine(data, requestOf({ ...lane, guards: { minDistance } }));
      const near = (whole.candidates as PairCandidate[]).filter(({ distance }) => distance < minDistance);
      expect(report.leftOut['minDistance']).toBe(near.length);
      expect(report.found).toBe(whole.report.found - near.length);
      expect(near.length > 0).toBe(minDistance > whole.report.threshold!);
    }
  });

  it('by caps adds up: what was found is kept, over a cap, or after the last one kept', async () => {
    const data = clusters(90, 4, 6, { spread: 0.9, seed: 21 });
    const all = { perImage: 6, perClassPair: 9, perDuplicateGroup: 12 };
    for (const guards of [{ perClassPair: 3 }, { perDuplicateGroup: 3 }, all]) {
      const { candidates, report } = await mine(data, requestOf({ guards, duplicateDistance: 1.2 }));
      const over = Object.keys(guards).map(name => report.leftOut[name]!);
      expect(Math.max(...over)).toBeGreaterThan(0);
      expect(candidates.length + over.reduce((x, y) => x + y) + report.leftOut['topK']!).toBe(report.found);
    }
  });

  it('by the rank window and the relative margin is what was passed over', async () => {
    const data = clusters(40, 3, 4, { spread: 0.8, seed: 5 });
    const every = { strategy: 'all' as const, perPair: 1000, margin: 1 };
    const whole = await mine(data, requestOf(every));
    const later = await mine(data, requestOf({ ...every, guards: { rankWindow: [4, Infinity] } }));
    expect(later.report.leftOut['rankWindow']).toBeGreaterThan(0);
    expect(later.report.found + later.report.leftOut['rankWindow']!).toBe(whole.report.found);

    // every anchor-positive pair has a semi-hard band that a negative must now be 10 % beyond
    const { report } = await mine(data, requestOf({ ...every, guards: { relativeMargin: 0.1 } }));
    const sizes = [...new Set(data.labels)].map(label => data.labels.filter(other => other === label).length);
    expect(report.leftOut['relativeMargin']).toBe(sizes.reduce((sum, size) => sum + size * (size - 1), 0));
  });
});

describe('the relative margin', () => {
  it('lets through just the negatives with s(a,n) <= s(a,p) - |s(a,p)| r, whatever the sign of the similarities', async () => {
    const vector = fc
      .tuple(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -4, max: 4 }))
      .filter(([x, y]) => x !== 0 || y !== 0);
    const inputs = fc.record({
      points: fc.uniqueArray(vector, { minLength: 4, maxLength: 12, selector: p => p.join() }),
      metric: fc.constantFrom(...METRICS.filter(name => name !== 'weightedL1')),
      share: fc.constantFrom(0.05, 0.3, 1.5),
    });
    let signs = 0;
    await fc.assert(
      fc.asyncProperty(inputs, async ({ points, metric, share }) => {
        const data: MiningData = {
          ...clusters(points.length, 2, 1),
          vectors: Float32Array.from(points.flat()),
          labels: Int32Array.from(points, (_, i) => i % 2),
        };
        const changes: Partial<MiningRequest> = { metric, margin: 9, strategy: 'all', perPair: 1000 };
        const s = (d: number) => similarityOf(metric, d as Distance);
        const everything = (await mine(data, requestOf(changes))).candidates as TripletCandidate[];
        const isFar = ({ positiveDistance, negativeDistance }: TripletCandidate) => {
          const bound = s(positiveDistance) - Math.abs(s(positiveDistance)) * share;
          // at the bound itself the two ways of writing it may round apart
          return Math.abs(s(negativeDistance) - bound) < 1e-9 ? undefined : s(negativeDistance) < bound;
        };
        for (const t of everything) signs |= s(t.positiveDistance) > 0 ? 1 : s(t.positiveDistance) < 0 ? 2 : 0;
        const { candidates } = await mine(data, requestOf({ ...changes, guards: { relativeMargin: share } }));
        const passed = new Set(candidates.map(rowsOf));
        for (const t of everything) if (isFar(t) !== undefined) expect(passed.has(rowsOf(t))).toBe(isFar(t));
      }),
      { numRuns: 150 },
    );
    expect(signs).toBe(3);
  });
});
