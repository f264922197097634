import { beforeAll, describe, expect, it } from 'vitest';
import { mine, type KernelName, type MiningRuntime } from '../../src/kernel';
import type { MiningRequest } from '../../src/core/mining/types';
import { clusters, requestOf } from '../support/mining';
import { kernelAssets } from '../support/kernel-assets';

let assets: { wasmDir: string; workerPath: string };
beforeAll(async () => {
  assets = await kernelAssets();
}, 60_000);

const requests: [string, Partial<MiningRequest>][] = [
  ['semi-hard, nearest', { margin: 2 }],
  ['hard, nearest', { lane: 'hard-triplets' }],
  ['hard negatives', { lane: 'hard-negatives', margin: 2 }],
];

describe('every kernel', () => {
  it.each(requests)('%s', async (_, changes) => {
    const data = clusters(500, 7, 12, { spread: 0.6 });
    const request = requestOf({ ...changes, topK: 500 });
    const expected = await mine(data, request);
    expect(expected.candidates.length).toBeGreaterThan(50);
    for (const kernel of ['wasm-simd'] as KernelName[]) {
      for (const threads of [1, 2]) {
        const runtime: MiningRuntime = { ...assets, kernel, threads };
        const actual = await mine(data, request, runtime);
        expect(actual.report.kernel).toBe(kernel);
        expect(actual.report.threads).toBe(threads);
        expect(actual.candidates).toEqual(expected.candidates);
        expect({ ...actual.report, seconds: 0 }).toEqual({ ...expected.report, kernel, threads, seconds: 0 });
      }
    }
  });
});
