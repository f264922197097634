import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mine } from '../../../src/kernel';
import type { MinedCandidate, MiningData, TripletCandidate } from '../../../src/core/mining/types';
import { MINED_LANES, METRICS } from '../../../src/core/types';
import { bandOfKind, kindOfTriplet, nextDown, nextUp } from '../../../src/core/triplets';
import type { Distance } from '../../../src/core/types';
import { allTriplets, hashOf, requestOf, rowsOf } from '../../support/mining';

/** Small data on a coarse grid, so that ties are common. */
const gridData = fc
  .record({
    dimension: fc.integer({ min: 1, max: 3 }),
    points: fc.array(fc.tuple(fc.nat(4), fc.nat(4), fc.nat(4), fc.integer({ min: -1, max: 3 })), {
      minLength: 2,
      maxLength: 14,
    }),
    shift: fc.nat(50),
  })
  .map(({ dimension, points, shift }): MiningData => {
    // equal vectors are copies of one image, which the miner leaves out: here every point is there once
    const seen = new Set<string>();
    const rows = points.filter(point => {
      const key = point.slice(0, dimension).join(' ');
      return !seen.has(key) && seen.add(key);
    });
    return {
      vectors: Float32Array.from(rows.flatMap(point => point.slice(0, dimension))),
      dimension,
      ids: rows.map((_, i) => hashOf((i * 31 + shift) % 53)),
      labels: Int32Array.from(rows, point => point[3]),
    };
  });

const metric = fc.constantFrom(...METRICS.filter(name => name !== 'weightedL1'));
const margin = fc.constantFrom(0.5, 1, 2, 0.3);

describe('triplets', () => {
  it('are what the definitions say, all of them, each of one kind', async () => {
    await fc.assert(
      fc.asyncProperty(gridData, metric, margin, async (data, metric, margin) => {
        const request = requestOf({ metric, margin, strategy: 'all', perPair: 1000 });
        const naive = allTriplets(data, request);
        for (const [lane, kind] of [
          ['hard-triplets', 'hard'],
          ['semi-hard-triplets', 'semi-hard'],
        ] as const) {
          const { candidates } = await mine(data, { ...request, lane });
          const expected = naive.filter(t => t.kind === kind).map(t => `${t.a} ${t.p} ${t.n}`);
          expect(candidates.map(rowsOf).sort()).toEqual(expected.sort());
        }
      }),
      { numRuns: 60 },
    );
  });

  it('of strategy nearest hold the nearest negative of the band, ties by hash', async () => {
    await fc.assert(
      fc.asyncProperty(gridData, metric, margin, async (data, metric, margin) => {
        const request = requestOf({ metric, margin });
        const nearest = new Map<string, { n: number; dn: number }>();
        for (const { a, p, n, dn, kind } of allTriplets(data, request)) {
          if (kind !== 'semi-hard') continue;
          const best = nearest.get(`${a} ${p}`);
          if (!best || dn < best.dn || (dn === best.dn && data.ids[n]! < data.ids[best.n]!)) {
            nearest.set(`${a} ${p}`, { n, dn });
          }
        }
        const { candidates } = await mine(data, request);
        const expected = [...nearest].map(([pair, { n }]) => `${pair} ${n}`);
        expect(candidates.map(rowsOf).sort()).toEqual(expected.sort());
      }),
      { numRuns: 60 },
    );
  });

  it('come best first, ties by hash', async () => {
    await fc.assert(
      fc.asyncProperty(gridData, metric, async (data, metric) => {
        const { candidates } = await mine(data, requestOf({ metric, strategy: 'all', perPair: 5 }));
        const triplets = candidates as TripletCandidate[];
        const key = (t: TripletCandidate) => [t.anchor, t.positive, t.negative].map(row => data.ids[row]).join();
        triplets.slice(1).forEach((next, at) => {
          const before = triplets[at]!;
          expect(before.score > next.score || (before.score === next.score && key(before) < key(next))).toBe(true);
        });
      }),
      { numRuns: 40 },
    );
  });
});

describe('the order of the images', () => {
  const byId = (data: MiningData, candidate: MinedCandidate) =>
    rowsOf(candidate)
      .split(' ')
      .map(row => data.ids[Number(row)]);

  it.each(MINED_LANES)('does not matter: %s', async lane => {
    await fc.assert(
      fc.asyncProperty(gridData, fc.nat(), async (data, seed) => {
        const order = data.ids.map((_, i) => i).sort((a, b) => ((a * 7919 + seed) % 101) - ((b * 7919 + seed) % 101));
        const turned: MiningData = {
          ...data,
          vectors: Float32Array.from(
            order.flatMap(i => [...data.vectors.subarray(i * data.dimension, (i + 1) * data.dimension)]),
          ),
          ids: order.map(i => data.ids[i]!),
          labels: Int32Array.from(order, i => data.labels[i]!),
        };
        const request = requestOf({ lane, margin: 2, duplicateDistance: 1, guards: { perImage: 3 }, neighbours: 3 });
        const [one, two] = [await mine(data, request), await mine(turned, request)];
        expect(two.candidates.map(c => byId(turned, c))).toEqual(one.candidates.map(c => byId(data, c)));
        expect({ ...two.report, seconds: 0 }).toEqual({ ...one.report, seconds: 0 });
      }),
      { numRuns: 40 },
    );
  });
});

describe('bands', () => {
  it('agree with the kinds to the last bit', () => {
    const d = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(d, d, fc.double({ min: 0, max: 10, noNaN: true }), (positive, step, margin) => {
        for (const boundary of ['exclusive', 'inclusive'] as const) {
          const edges = [positive, positive + margin, positive + step];
          for (const x of edges.flatMap(edge => [edge, nextUp(edge), ...(edge > 0 ? [nextDown(edge)] : [])])) {
            const kind = kindOfTriplet(positive as Distance, x as Distance, margin, boundary);
            for (const name of ['hard', 'semi-hard'] as const) {
              const { from, to } = bandOfKind(name, positive, margin, boundary);
              expect(x >= from && x < to, `${name} ${positive} ${x} ${margin}`).toBe(kind === name);
            }
          }
        }
      }),
    );
  });

  it('step from number to number', () => {
    for (const x of [0, 5e-324, 1, 1 - 2 ** -53, 2 ** 32, 4294967295.999999, 1e300]) {
      expect(nextUp(x)).toBeGreaterThan(x);
      expect(nextDown(nextUp(x))).toBe(x);
    }
    expect(nextUp(Number.MAX_VALUE)).toBe(Infinity);
    expect(nextUp(Infinity)).toBe(Infinity);
  });
});
