import { beforeAll, describe, expect, it } from 'vitest';
import { mine } from '../../src/kernel';
import { MINED_LANES, type MinedLane } from '../../src/core/types';
import { clusters, requestOf, rowsOf } from '../support/mining';
import { kernelAssets } from '../support/kernel-assets';

let assets: { wasmDir: string; workerPath: string };
beforeAll(async () => {
  assets = await kernelAssets();
}, 60_000);

const data = clusters(3000, 16, 60, { spread: 0.9, seed: 6 });
const request = (lane: MinedLane) => requestOf({ lane, margin: 3, topK: 500, duplicateDistance: 2, indexAbove: 2000 });

describe('above the setting', () => {
  it.each(MINED_LANES)('%s: an index takes over and says how much it finds', async lane => {
    const exact = await mine(data, { ...request(lane), indexAbove: 3000 }, assets);
    expect(exact.report.recall).toBeUndefined();
    const quick = await mine(data, request(lane), assets);
    if (lane === 'hard-positives') {
      expect(quick.report.recall).toBeUndefined();
      expect(quick.candidates).toEqual(exact.candidates);
      return;
    }
    expect(quick.report.recall).toBeGreaterThan(lane === 'uncertain-pairs' ? 0.05 : 0.5);
    expect(quick.report.recall).toBeLessThanOrEqual(1);
    // votes of fewer neighbours can also make suspects
    if (lane !== 'label-errors') expect(quick.report.found).toBeLessThanOrEqual(exact.report.found);
    expect(quick.candidates.length).toBeGreaterThan(0);
  });

  it('what it finds is exact: true distances, in order', async () => {
    const quick = await mine(data, request('hard-negatives'), assets);
    const exact = new Map(
      (await mine(data, { ...request('hard-negatives'), topK: 1e6 }, {})).candidates.map(c => [rowsOf(c), c]),
    );
    for (const candidate of quick.candidates) expect(candidate).toEqual(exact.get(rowsOf(candidate)));
  });

  it('the measured recall is that of the hard negatives it finds', async () => {
    const all = { ...request('hard-negatives'), topK: 1_000_000 };
    const quick = await mine(data, all, assets);
    const exact = await mine(data, { ...all, indexAbove: 3000 }, assets);
    // not the same quantity: ten nearest of a sample against all pairs below the margin; but of one kind
    expect(Math.abs(quick.report.found / exact.report.found - quick.report.recall!)).toBeLessThan(0.2);
  });

  it('the measured recall of semi-hard triplets is the share of the right ones that it finds', async () => {
    const narrow = { ...request('semi-hard-triplets'), margin: 0.5, topK: 1_000_000 };
    const quick = await mine(data, narrow, assets);
    const exact = await mine(data, { ...narrow, indexAbove: 3000 }, assets);
    const right = new Set(exact.candidates.map(rowsOf));
    const share = quick.candidates.filter(candidate => right.has(rowsOf(candidate))).length / right.size;
    expect(right.size).toBeGreaterThan(10_000);
    expect(share).toBeLessThan(0.99);
    // two hundred rows of three thousand were asked
    expect(Math.abs(share - quick.report.recall!)).toBeLessThan(0.05);
  });

  it('repeats, on any number of threads', async () => {
    const one = await mine(data, request('semi-hard-triplets'), { ...assets, threads: 1 });
    const two = await mine(data, request('semi-hard-triplets'), { ...assets, threads: 2 });
    expect(two.candidates).toEqual(one.candidates);
    expect(two.report.recall).toBe(one.report.recall);
  });
});
