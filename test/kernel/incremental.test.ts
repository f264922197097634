import { beforeAll, describe, expect, it } from 'vitest';
import { mine, MiningCache } from '../../src/kernel';
import type { MiningData, MiningRequest, MiningResult, Strategy } from '../../src/core/mining/types';
import { pairKey } from '../../src/core/pairs';
import { Random } from '../../src/core/random';
import type { PairKey, Relation } from '../../src/core/types';
import { clusters, hashOf, requestOf } from '../support/mining';
import { kernelAssets } from '../support/kernel-assets';

let assets: { wasmDir: string; workerPath: string };
beforeAll(async () => {
  assets = await kernelAssets();
}, 60_000);

const N = 400;
const clustered = () => clusters(N, 6, 40, { spread: 0.5, seed: 8 });
type Answers = Map<PairKey, Relation>;

/** What a person would see of two runs must be the same, candidates and counts. */
function comparable({ candidates, groups, report }: MiningResult) {
  return { candidates, groups, report: { ...report, reused: 0, seconds: 0, threads: 0 } };
}

/** Mines, lets the change happen, and mines again with and without the cache. */
async function again(
  request: MiningRequest,
  change: (data: MiningData, answers: Answers) => MiningData,
  threads = 1,
): Promise<MiningResult> {
  const cache = new MiningCache();
  const runtime = { ...assets, threads, cache };
  const answers: Answers = new Map();
  const guards = { ...request.guards, answered: answers };
  const first = await mine(clustered(), { ...request, guards }, runtime);
  expect(first.report.reused).toBeUndefined();
  const data = change(clustered(), answers);
  const scratch = await mine(data, { ...request, guards }, assets);
  const second = await mine(data, { ...request, guards }, runtime);
  expect(comparable(second)).toEqual(comparable(scratch));
  // what the second run kept is as good as what the first one did
  answers.set(pairKey(data.ids[5]!, data.ids[70]!), 'different');
  const third = await mine(data, { ...request, guards }, runtime);
  expect(comparable(third)).toEqual(comparable(await mine(data, { ...request, guards }, assets)));
  return second;
}

/** Answers some of what was mined, or could have been. */
function answer(count: number) {
  return (data: MiningData, answers: Answers) => {
    const random = new Random(count);
    const relations: Relation[] = ['same', 'different', 'incomparable'];
    while (answers.size < count) {
      const [a, b] = [random.below(N), random.below(N)];
      if (a !== b) answers.set(pairKey(data.ids[a]!, data.ids[b]!), relations[random.below(3)]!);
    }
    return data;
  };
}

/** Images of other classes come, some go, some change, some move to another class. */
function shuffleSome(data: MiningData): MiningData {
  const extra = clusters(8, 6, 2, { spread: 0.4, seed: 77 });
  const keep = Array.from({ length: N }, (_, i) => i).filter(i => i !== 17 && i !== 203);
  new Random(3).shuffle(keep);
  const vectors = new Float32Array((keep.length + 8) * 6);
  keep.forEach((row, i) => vectors.set(data.vectors.subarray(row * 6, row * 6 + 6), i * 6));
  vectors.set(extra.vectors, keep.length * 6);
  vectors[12] = 0.25;
  const labels = Int32Array.from([
    ...keep.map(row => data.labels[row]!),
    ...[...extra.labels].map(label => label + 50),
  ]);
  labels[30] = 3;
  return {
    vectors,
    dimension: 6,
    ids: [...keep.map(row => data.ids[row]!), ...Array.from({ length: 8 }, (_, i) => hashOf(5000 + i))],
    labels,
  };
}

const triplets: [string, Partial<MiningRequest>][] = [
  ['semi-hard, nearest', {}],
  ['semi-hard, all', { strategy: 'all' as Strategy, perPair: 3 }],
  ['hard, nearest', { lane: 'hard-triplets' }],
  ['semi-hard, ranks 2 to 9', { guards: { rankWindow: [2, 9] } }],
  ['semi-hard, ranks from 3', { guards: { rankWindow: [3, Infinity] } }],
  ['semi-hard, relative margin', { guards: { relativeMargin: 0.05 } }],
  ['semi-hard, least distance', { guards: { minDistance: 0.9 } }],
  ['batch-hard', { strategy: 'hardest' as Strategy }],
];

describe('mining again', () => {
  it.each(triplets)('after thirty answers: %s', async (_, changes) => {
    const second = await again(requestOf({ margin: 0.6, ...changes }), answer(30));
    expect(second.report.reused).toBeGreaterThan(0.7 * N);
  });

  it.each(triplets)('after images came, went and changed: %s', async (_, changes) => {
    const second = await again(requestOf({ margin: 0.6, ...changes }), shuffleSome);
    expect(second.report.reused).toBeGreaterThan(0.5 * N);
  });

  it('on several threads', async () => {
    const second = await again(requestOf({ margin: 0.6 }), shuffleSome, 2);
    expect(second.report.reused).toBeGreaterThan(0.5 * N);
  });

  it('sweeps all when most has changed', async () => {
    const second = await again(requestOf({}), data => {
      data.vectors.forEach((x, at) => (data.vectors[at] = x * 1.5));
      return data;
    });
    expect(second.report.reused).toBeUndefined();
  });

  it.each(['hard-negatives', 'hard-positives', 'near-duplicates'] as const)('after answers, %s', async lane => {
    const request = requestOf({ lane, margin: 1.2, topK: 100, duplicateDistance: 0.8, guards: { perImage: 4 } });
    const second = await again(request, answer(200));
    expect(second.candidates.length).toBeGreaterThan(0);
    if (lane !== 'hard-positives') expect(second.report.reused ?? 0).toBe(N);
  });

  it('finds a pair again whose answer was taken back', async () => {
    const request = requestOf({ lane: 'hard-negatives', margin: 1.2 });
    const cache = new MiningCache();
    const data = clustered();
    const all = await mine(data, request, assets);
    const best = all.candidates[0]!;
    if (best.kind !== 'pair') throw new Error('hard negatives are pairs');
    const answered = new Map([[pairKey(data.ids[best.a]!, data.ids[best.b]!), 'different' as Relation]]);
    await mine(data, { ...request, guards: { answered } }, { ...assets, cache });
    const back = await mine(data, request, { ...assets, cache });
    expect(back.candidates).toEqual(all.candidates);
  });
});

describe('kept on disk', () => {
  const bytesOf = (cache: MiningCache, label = 'starter') => new Uint8Array(Buffer.concat(cache.bytes(label)));

  it.each([
    ['semi-hard-triplets', 'nearest'],
    ['hard-triplets', 'nearest'],
    ['semi-hard-triplets', 'hardest'],
    ['hard-negatives', 'nearest'],
    ['near-duplicates', 'nearest'],
  ] as const)('another process goes on where this one ended, with the same answer: %s, %s', async (lane, strategy) => {
    const request = requestOf({ lane, strategy, margin: 2, duplicateDistance: 2, topK: 500 });
    const here = new MiningCache();
    await mine(clustered(), request, { ...assets, cache: here });
    expect(here.changed).toBe(true);
    const file = bytesOf(here);
    expect(here.changed).toBe(false);
    const there = new MiningCache();
    expect(there.restore(file, 'starter')).toBe(true);
    const answers: Answers = new Map();
    const data = answer(20)(clustered(), answers);
    const asked = { ...request, guards: { answered: answers } };
    const resumed = await mine(data, asked, { ...assets, cache: there });
    expect(resumed.report.reused).toBeGreaterThan(0);
    expect(comparable(resumed)).toEqual(comparable(await mine(data, asked, assets)));
    expect(comparable(resumed)).toEqual(comparable(await mine(data, asked, { ...assets, cache: here })));
  });

  it('what is of another model, cut short or no such file counts as nothing', async () => {
    const cache = new MiningCache();
    await mine(clustered(), requestOf({}), { ...assets, cache });
    const file = bytesOf(cache);
    for (const [bytes, label] of [
      [file, 'another'],
      [file.subarray(0, file.length - 8), 'starter'],
      [file.subarray(0, 50), 'starter'],
      [new Uint8Array(0), 'starter'],
      [new TextEncoder().encode('{"version":0}\n'), 'starter'],
      [new TextEncoder().encode('{"version":1,"label":"starter","sets":[{}]}\n'), 'starter'],
      [new TextEncoder().encode('no JSON\n'), 'starter'],
    ] as const) {
      const other = new MiningCache();
      expect(other.restore(bytes, label)).toBe(false);
      const { report } = await mine(clustered(), requestOf({}), { ...assets, cache: other });
      expect(report.reused).toBeUndefined();
    }
  });
});
