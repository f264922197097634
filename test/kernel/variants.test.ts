import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { mine, nearest, type KernelName } from '../../src/kernel';
import type { MiningData, MiningRequest, Strategy } from '../../src/core/mining/types';
import { pairKey } from '../../src/core/pairs';
import { Random } from '../../src/core/random';
import { MINED_LANES, METRICS, type ImageHash, type Metric, type MinedLane, type Relation } from '../../src/core/types';
import { clusters, hashOf, requestOf } from '../support/mining';
import { kernelAssets, runsHere, WASM_KERNELS } from '../support/kernel-assets';

let assets: { wasmDir: string; workerPath: string };
beforeAll(async () => {
  assets = await kernelAssets();
}, 60_000);

/** A kernel, with rows rounded to 32 bits and to 16. */
const variantsOf = (kernel: KernelName) => [32, 16].map(bits => [kernel, bits as 16 | 32] as const);

/** A kernel must give what the reference gives, to the last bit and to the last count. */
async function expectEqual(which: KernelName, data: MiningData, request: MiningRequest): Promise<number> {
  const expected = await mine(data, request, { kernel: 'typescript' });
  for (const [kernel, bits] of variantsOf(which)) {
    const actual = await mine(data, request, { wasmDir: assets.wasmDir, kernel, bits });
    expect(actual.report.kernel).toBe(request.strategy === 'distance-weighted' ? 'typescript' : kernel);
    expect(actual.candidates).toEqual(expected.candidates);
    expect(actual.groups).toEqual(expected.groups);
    expect({ ...actual.report, seconds: 0, kernel }).toEqual({ ...expected.report, seconds: 0, kernel });
  }
  return expected.candidates.length;
}

const weightsOf = (metric: Metric, dimension: number) =>
  metric === 'weightedL1' ? { weights: Float32Array.from({ length: dimension }, (_, k) => ((k * 7919) % 13) / 4) } : {};

/** A margin that puts a fair share of the pairs inside, whatever the metric. */
const marginOf: Record<Metric, number> = { l2: 2.5, sql2: 7, l1: 7, weightedL1: 9, cosine: 0.3 };

for (const which of WASM_KERNELS)
  describe.skipIf(!runsHere(which))(`${which} equals the reference`, () => {
    const expectAllEqual = (data: MiningData, request: MiningRequest) => expectEqual(which, data, request);

    const lanes: [MinedLane, Metric][] = MINED_LANES.flatMap(lane =>
      METRICS.map((metric): [MinedLane, Metric] => [lane, metric]),
    );
    it.each(lanes)('%s by %s', async (lane, metric) => {
      const data = clusters(150, 9, 8, { spread: 0.7, seed: 5 });
      const margin = marginOf[metric];
      const request = requestOf({
        lane,
        metric,
        margin,
        duplicateDistance: margin,
        ...weightsOf(metric, 9),
        topK: 400,
      });
      expect(await expectAllEqual(data, request)).toBeGreaterThan(0);
    });

    it.each([
      ['all', { perPair: 3 }],
      ['hardest', {}],
      ['all', { guards: { rankWindow: [2, 6] }, perPair: 9 }],
      ['nearest', { guards: { rankWindow: [3, Infinity] } }],
      ['hardest', { guards: { rankWindow: [1, 4] } }],
      ['nearest', { guards: { relativeMargin: 0.1 } }],
      ['all', { guards: { relativeMargin: 0.05, rankWindow: [1, 4] }, perPair: 2 }],
      ['hardest', { guards: { relativeMargin: 0.2 } }],
      ['nearest', { guards: { minDistance: 2.2 } }],
      ['nearest', { boundary: 'inclusive' }],
      ['nearest', { topK: 37, guards: { perImage: 2 } }],
      ['nearest', { guards: { perClassPair: 3, perDuplicateGroup: 2 }, duplicateDistance: 2 }],
      ['distance-weighted', {}],
    ] as [Strategy, Partial<MiningRequest>][])('strategy %s, %o', async (strategy, changes) => {
      const data = clusters(130, 9, 7, { spread: 0.7, seed: 9 });
      for (const lane of ['hard-triplets', 'semi-hard-triplets'] as const) {
        for (const metric of ['l2', 'cosine'] as const) {
          await expectAllEqual(data, requestOf({ lane, metric, strategy, margin: marginOf[metric], ...changes }));
        }
      }
    });

    it.each([1, 2, 3, 5, 31, 64, 511, 2048])('dimension %d', async dimension => {
      const data = clusters(70, dimension, 5, { spread: 0.8, unit: dimension > 1 });
      for (const metric of METRICS) {
        const request = requestOf({ metric, margin: 0.4, topK: 200, ...weightsOf(metric, dimension) });
        await expectAllEqual(data, request);
        await expectAllEqual(data, { ...request, lane: 'hard-negatives' });
      }
    });

    it.each([2, 3, 7, 8, 9, 23, 24, 25, 47, 48, 49, 95, 97])('%d rows', async n => {
      const data = clusters(n, 4, 3, { seed: n });
      for (const lane of MINED_LANES) await expectAllEqual(data, requestOf({ lane, margin: 1.5 }));
    });

    it('with answers, flags and unclassed images', async () => {
      const data = clusters(120, 6, 6, { spread: 0.6 });
      const random = new Random(4);
      const answered = new Map<ReturnType<typeof pairKey>, Relation>();
      const relations: Relation[] = ['same', 'different', 'incomparable'];
      for (let at = 0; at < 900; at++) {
        const [a, b] = [random.below(120), random.below(120)];
        if (a !== b) answered.set(pairKey(data.ids[a]!, data.ids[b]!), relations[random.below(3)]!);
      }
      const flagged = new Set<ImageHash>(data.ids.slice(3, 9));
      for (let i = 20; i < 26; i++) data.labels[i] = -1;
      for (const lane of MINED_LANES) {
        for (const known of [answered, new Set(answered.keys())]) {
          const guards = { answered: known, flagged, minDistance: 0.8 };
          await expectAllEqual(data, requestOf({ lane, margin: 1.5, guards, duplicateDistance: 1.2 }));
        }
      }
    });

    it('on adversarial vectors', async () => {
      const value = fc.oneof(
        fc.constantFrom(0, -0, 1, -1, 0.5, 1e-30, 1e30, -1e30, 3.4e38, 1e-45, 1 + 2 ** -23, 4096, 4096.0005),
        fc.float({ noNaN: true, noDefaultInfinity: true }),
      );
      const rows = fc.integer({ min: 1, max: 5 }).chain(dimension =>
        fc.record({
          dimension: fc.constant(dimension),
          rows: fc.array(fc.array(value, { minLength: dimension, maxLength: dimension }), {
            minLength: 2,
            maxLength: 40,
          }),
          repeats: fc.array(fc.nat(39), { maxLength: 12 }),
          labels: fc.array(fc.integer({ min: -1, max: 3 }), { minLength: 52, maxLength: 52 }),
          metric: fc.constantFrom(...METRICS),
          lane: fc.constantFrom(...MINED_LANES),
          strategy: fc.constantFrom<Strategy>('nearest', 'all', 'hardest'),
          margin: fc.constantFrom(0, 0.5, 1, 1e10, 1e38),
          minDistance: fc.constantFrom(undefined, 0.25, 1, 1e20),
        }),
      );
      await fc.assert(
        fc.asyncProperty(rows, async made => {
          const all = [...made.rows, ...made.repeats.map(at => made.rows[at % made.rows.length]!)];
          const data: MiningData = {
            vectors: Float32Array.from(all.flat()),
            dimension: made.dimension,
            ids: all.map((_, i) => hashOf((i * 37) % 101)),
            labels: Int32Array.from(made.labels.slice(0, all.length)),
          };
          const { lane, metric, strategy, margin, minDistance } = made;
          const guards = minDistance === undefined ? {} : { minDistance };
          await expectAllEqual(
            data,
            requestOf({ lane, metric, strategy, margin, guards, perPair: 2, ...weightsOf(metric, made.dimension) }),
          );
        }),
        { numRuns: 150 },
      );
    }, 60_000);

    it('on a grid, where most distances tie', async () => {
      const rows = Array.from({ length: 216 }, (_, i) => [i % 6, Math.floor(i / 6) % 6, Math.floor(i / 36)]);
      const data: MiningData = {
        vectors: Float32Array.from(rows.flat()),
        dimension: 3,
        ids: rows.map((_, i) => hashOf((i * 89) % 216)),
        labels: Int32Array.from(rows, ([x, y]) => (x! + y!) % 4),
      };
      for (const lane of MINED_LANES) {
        for (const metric of ['l2', 'l1', 'cosine'] as const) {
          await expectAllEqual(data, requestOf({ lane, metric, margin: 1, strategy: 'all', perPair: 3, topK: 5000 }));
        }
      }
    });

    it('where classes say nothing, so that every band is full', async () => {
      // more rows than lie side by side at a time, and more gaps than the table has one hint for
      const data = clusters(1400, 40, 10, { spread: 40, unit: true });
      const common = requestOf({ margin: 0.05, topK: 3000 });
      await expectAllEqual(data, common);
      await expectAllEqual(data, { ...common, metric: 'cosine', strategy: 'all', perPair: 2 });
      await expectAllEqual(data, { ...common, guards: { relativeMargin: 0.01 } });
    }, 60_000);

    it('in classes of two, whose only gap has nothing after it', async () => {
      const data = clusters(240, 33, 120, { spread: 5 });
      for (const metric of METRICS) {
        const request = requestOf({ metric, margin: marginOf[metric], ...weightsOf(metric, 33) });
        expect(await expectAllEqual(data, request)).toBeGreaterThan(0);
      }
    });

    it('on many equal images under different names', async () => {
      const data = clusters(120, 5, 4, { spread: 0.5 });
      for (let i = 0; i < 60; i++) data.vectors.copyWithin(i * 5, 100 * 5, 101 * 5);
      for (const lane of MINED_LANES) await expectAllEqual(data, requestOf({ lane, duplicateDistance: 0.3 }));
    });

    it('far from the origin, where 32 bits hold little of the difference', async () => {
      const data = clusters(100, 8, 5, { spread: 0.4 });
      data.vectors.forEach((x, at) => (data.vectors[at] = x + 30_000));
      for (const metric of METRICS) {
        await expectAllEqual(
          data,
          requestOf({ metric, margin: metric === 'cosine' ? 1e-9 : 2, ...weightsOf(metric, 8) }),
        );
      }
    });

    it('with one vector that dwarfs the others', async () => {
      const data = clusters(90, 8, 5, { spread: 0.4 });
      data.vectors.fill(2e37, 0, 8);
      await expectAllEqual(data, requestOf({}));
      await expectAllEqual(data, requestOf({ lane: 'hard-negatives', margin: 3 }));
    });

    it('for the nearest rows', async () => {
      const data = clusters(200, 10, 6, { spread: 0.8 });
      for (const side of ['any', 'same', 'different'] as const) {
        const expected = await nearest(data, { metric: 'l2', count: 12, side }, { kernel: 'typescript' });
        for (const [kernel, bits] of variantsOf(which)) {
          const runtime = { wasmDir: assets.wasmDir, kernel, bits };
          expect(await nearest(data, { metric: 'l2', count: 12, side }, runtime)).toEqual(expected);
        }
      }
    });
  });

describe('threads', () => {
  it('do not change the answer', async () => {
    const data = clusters(900, 12, 20, { spread: 0.7 });
    for (const lane of ['semi-hard-triplets', 'hard-negatives', 'label-errors', 'near-duplicates'] as const) {
      const request = requestOf({ lane, margin: 1.5, topK: 300, duplicateDistance: 2 });
      const alone = await mine(data, request, { ...assets, threads: 1 });
      const together = await mine(data, request, { ...assets, threads: 3 });
      expect(together.report.threads).toBe(3);
      expect(together.candidates).toEqual(alone.candidates);
      expect(together.report.leftOut).toEqual(alone.report.leftOut);
      expect(alone.candidates.length).toBeGreaterThan(0);
    }
  }, 60_000);
});
