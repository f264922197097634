import { describe, expect, it } from 'vitest';
import cases from '../cases.json';
import { distance, similarityOf } from '../../../src/core/distances';
import { Neighbours } from '../../../src/core/mining/neighbours';
import { prepare } from '../../../src/core/mining/problem';
import { TripletRule } from '../../../src/core/mining/triplet-rule';
import { hinge, kindOfTriplet } from '../../../src/core/triplets';
import { mine } from '../../../src/kernel';
import { STRATEGIES, type TripletCandidate } from '../../../src/core/mining/types';
import type { Distance } from '../../../src/core/types';
import { allTriplets, clusters, dataOf, requestOf, rowsOf } from '../../support/mining';

const line = dataOf(cases.line.emb, cases.line.labels);
const count = (kind: string, changes: Parameters<typeof requestOf>[0]) =>
  allTriplets(line, requestOf(changes)).filter(t => t.kind === kind).length;

describe('the line of nine points', () => {
  it('has as many triplets of each kind as published', async () => {
    const { counts, n_triplets } = cases.line;
    expect(allTriplets(line, requestOf({}))).toHaveLength(n_triplets);
    expect(count('hard', { margin: 1 })).toBe(counts.m1.hard_le0);
    expect(count('semi-hard', { margin: 1 })).toBe(counts.m1.semi_lt);
    expect(count('semi-hard', { margin: 1, boundary: 'inclusive' })).toBe(counts.m1.semi_le);
    expect(count('easy', { margin: 1, boundary: 'inclusive' })).toBe(counts.m1.easy_gt);
    expect(count('hard', { margin: 2 })).toBe(counts.m2.hard_le0);
    expect(count('semi-hard', { margin: 2 })).toBe(counts.m2.semi_lt);
    expect(count('semi-hard', { margin: 2, boundary: 'inclusive' })).toBe(counts.m2.semi_le);
    expect(count('easy', { margin: 2, boundary: 'inclusive' })).toBe(counts.m2.easy_gt);
    expect(allTriplets(line, requestOf({})).filter(t => t.dn < t.dp)).toHaveLength(counts.m1.hard_lt0);
  });

  it.each([
    ['hard-triplets', 1, 'exclusive', cases.line.counts.m1.hard_le0],
    ['semi-hard-triplets', 1, 'exclusive', cases.line.counts.m1.semi_lt],
    ['semi-hard-triplets', 1, 'inclusive', cases.line.counts.m1.semi_le],
    ['semi-hard-triplets', 2, 'exclusive', cases.line.counts.m2.semi_lt],
    ['semi-hard-triplets', 2, 'inclusive', cases.line.counts.m2.semi_le],
  ] as const)('mines all %s at margin %d, %s: %d', async (lane, margin, boundary, expected) => {
    const result = await mine(line, requestOf({ lane, margin, boundary, strategy: 'all', perPair: 100 }));
    expect(result.candidates).toHaveLength(expected);
    expect(result.report.found).toBe(expected);
  });

  it('has as many pairs of each kind as published, which counts them from both ends', async () => {
    const negatives = await mine(line, requestOf({ lane: 'hard-negatives', margin: 100 }));
    expect(2 * negatives.report.found).toBe(cases.line.neg_pairs);
    const all = await mine(line, requestOf({ lane: 'uncertain-pairs', margin: 100 }));
    expect(2 * (all.report.found - negatives.report.found)).toBe(cases.line.pos_pairs);
  });

  it('mines the published semi-hard triplets of margin 1, boundary included', async () => {
    const request = requestOf({ boundary: 'inclusive', strategy: 'all', perPair: 100 });
    const { candidates } = await mine(line, request);
    expect(candidates.map(rowsOf).sort()).toEqual(cases.line.semihard_m1_le.map(t => t.join(' ')).sort());
  });

  it('takes the hardest positive and negative of each anchor as batch-hard does', async () => {
    const { candidates } = await mine(line, requestOf({ lane: 'hard-triplets', strategy: 'hardest' }));
    const { a, p, n_any_of } = cases.line.batch_hard;
    const triplets = candidates as TripletCandidate[];
    expect(triplets).toHaveLength(a.length);
    for (const { anchor, positive, negative } of triplets) {
      const at = a.indexOf(anchor);
      expect(positive).toBe(p[at]);
      expect(n_any_of.map(n => n[at])).toContain(negative);
    }
    const losses = triplets.map(t => Math.max(0, 1 + t.positiveDistance - t.negativeDistance));
    expect(losses.reduce((x, y) => x + y) / losses.length).toBe(cases.line.loss.batch_hard_m1_mean8);
  });
});

describe('the 4 x 4 matrix', () => {
  it('gives the published hardest triplets', () => {
    // no metric (it breaks the triangle inequality), so the rule gets the distances themselves
    const matrix = [
      [0, 0.3, 0.2, 0.4],
      [0.3, 0, 0.4, 0.8],
      [0.2, 0.4, 0, 0.5],
      [0.4, 0.8, 0.5, 0],
    ];
    const labels = [0, 0, 1, 1];
    const data = dataOf([[0], [1], [2], [3]], labels);
    // the hardest of an anchor is hard or semi-hard: each lane gives its part
    const problem = prepare(data, requestOf({ lane: 'hard-triplets', strategy: 'hardest' }));
    const rules = (['hard-triplets', 'semi-hard-triplets'] as const).map(
      lane => new TripletRule({ ...problem.request, lane }),
    );
    const triplets: string[] = [];
    matrix.forEach((row, anchor) => {
      const positives = new Neighbours();
      const negatives = new Neighbours();
      row.forEach((d, other) => {
        if (other !== anchor) (labels[other] === labels[anchor] ? positives : negatives).push(other, d);
      });
      positives.sort(problem.ranks);
      negatives.sort(problem.ranks);
      const counts = { relativeMargin: 0, rankWindow: 0 };
      for (const rule of rules)
        rule.emit(anchor, positives, negatives, (a, p, n) => triplets.push(`${a} ${p} ${n}`), counts);
    });
    expect(triplets).toEqual(['0 1 2', '1 0 2', '2 3 0', '3 2 0']);
  });
});

describe('unit vectors at 0, 20, 40, 60 and 80 degrees', () => {
  const angles = cases.angles_unit_0_20_40_60_80;
  const data = dataOf(angles.emb, angles.labels);
  const d = (i: number, j: number) => distance('l2', angles.emb[i]!, angles.emb[j]!);

  it('gives the published triplet hinge', () => {
    const losses = allTriplets(data, requestOf({ margin: 0.2 })).map(t => hinge(t.dp, t.dn, 0.2));
    const sum = losses.reduce((x, y) => x + y);
    expect(sum / losses.length).toBeCloseTo(angles['triplet_m.2_mean'], 7);
    expect(sum / losses.filter(x => x > 0).length).toBeCloseTo(angles['triplet_m.2_avgnz'], 7);
  });

  it('gives the published similarities around which the multi-similarity miner turns', () => {
    const similarity = (i: number, j: number) =>
      similarityOf('cosine', distance('cosine', angles.emb[i]!, angles.emb[j]!));
    const { a1, p, a2, n } = angles['MSminer_eps.1'];
    const positives: [number, number][] = [];
    const negatives: [number, number][] = [];
    const all = [0, 1, 2, 3, 4];
    const same = (i: number, j: number) => angles.labels[i] === angles.labels[j];
    for (const i of all) {
      const sp = all.filter(j => j !== i && same(i, j)).map(j => similarity(i, j));
      const sn = all.filter(j => !same(i, j)).map(j => similarity(i, j));
      for (const j of all) {
        if (j === i) continue;
        if (same(i, j) && similarity(i, j) - 0.1 < Math.max(...sn)) positives.push([i, j]);
        if (!same(i, j) && sp.length > 0 && similarity(i, j) + 0.1 > Math.min(...sp)) negatives.push([i, j]);
      }
    }
    expect(positives).toEqual(a1.map((i, at) => [i, p[at]]));
    expect(negatives).toEqual(a2.map((i, at) => [i, n[at]]));
  });

  it('gives the published contrastive and Hoffer-Ailon means', () => {
    let hadsell = 0;
    for (let i = 0; i < 5; i++) {
      for (let j = i + 1; j < 5; j++) {
        const same = angles.labels[i] === angles.labels[j];
        hadsell += same ? 0.5 * d(i, j) ** 2 : 0.5 * Math.max(0, 1 - d(i, j)) ** 2;
      }
    }
    expect(hadsell / 10).toBeCloseTo(angles.hadsell_m1_mean_10pairs, 7);
    const terms = allTriplets(data, requestOf({})).map(t => (1 / (1 + Math.exp(t.dn - t.dp))) ** 2);
    expect(terms.reduce((x, y) => x + y) / terms.length).toBeCloseTo(angles.hoffer_ailon_mean_sigmoid2, 7);
  });
});

describe('every strategy', () => {
  it('keeps to its lane: hard triplets have t <= 0, semi-hard ones 0 < t < margin', async () => {
    // classes that overlap, and classes that nearly part
    const sets = [0.9, 0.4].map(spread => clusters(80, 6, 4, { spread, seed: 8 }));
    const kinds = { 'hard-triplets': 'hard', 'semi-hard-triplets': 'semi-hard' } as const;
    for (const strategy of STRATEGIES) {
      for (const lane of ['hard-triplets', 'semi-hard-triplets'] as const) {
        let seen = 0;
        for (const data of sets) {
          const { candidates } = await mine(data, requestOf({ lane, strategy, margin: 0.8, perPair: 4 }));
          seen += candidates.length;
          for (const { positiveDistance, negativeDistance } of candidates as TripletCandidate[]) {
            expect(kindOfTriplet(positiveDistance as Distance, negativeDistance as Distance, 0.8)).toBe(kinds[lane]);
          }
        }
        expect(seen).toBeGreaterThan(3);
      }
    }
  });
});
