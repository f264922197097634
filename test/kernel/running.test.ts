import { beforeAll, describe, expect, it } from 'vitest';
import { mine, type MiningProgress, type MiningRuntime } from '../../src/kernel';
import type { TripletCandidate } from '../../src/core/mining/types';
import { kindOfTriplet } from '../../src/core/triplets';
import type { Distance } from '../../src/core/types';
import { clusters, requestOf } from '../support/mining';
import { kernelAssets } from '../support/kernel-assets';

let assets: { wasmDir: string; workerPath: string };
beforeAll(async () => {
  assets = await kernelAssets();
}, 60_000);

const runtimes = (): [string, MiningRuntime][] => [
  ['in this thread, TypeScript', {}],
  ['in this thread, WebAssembly', { wasmDir: assets.wasmDir }],
  ['on two threads', { ...assets, threads: 2 }],
];

/** Processor time of all threads since then. */
function milliseconds(since: NodeJS.CpuUsage | undefined): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

describe('a run', () => {
  it.each([0, 1, 2])(
    'can be cancelled, and gives what it found (%d)',
    async which => {
      const [, runtime] = runtimes()[which]!;
      const data = clusters(6000, 64, 60, { spread: 0.9 });
      const abort = new AbortController();
      let cancelledAt: NodeJS.CpuUsage | undefined;
      const result = await mine(data, requestOf({ margin: 1, topK: 200 }), {
        ...runtime,
        signal: abort.signal,
        onProgress: ({ done, total }) => {
          if (abort.signal.aborted || done === 0 || done > total * 0.9) return;
          abort.abort();
          cancelledAt = process.cpuUsage();
        },
      });
      // processor time, as the machine may be busy: on an idle one it is no less than what passes on a clock, a thread
      expect(milliseconds(cancelledAt) / (runtime.threads ?? 1)).toBeLessThan(200);
      expect(result.report.partial).toBe(true);
      for (const t of result.candidates as TripletCandidate[]) {
        expect(data.labels[t.positive]).toBe(data.labels[t.anchor]);
        expect(data.labels[t.negative]).not.toBe(data.labels[t.anchor]);
        expect(kindOfTriplet(t.positiveDistance as Distance, t.negativeDistance as Distance, 1)).toBe('semi-hard');
      }
    },
    60_000,
  );

  it.each([0, 1, 2])('cancelled before it began gives nothing, marked partial (%d)', async which => {
    const [, runtime] = runtimes()[which]!;
    const { candidates, report } = await mine(clusters(3000, 8, 30), requestOf({}), {
      ...runtime,
      signal: AbortSignal.abort(),
    });
    expect(report.partial).toBe(true);
    expect(candidates).toEqual([]);
  });

  it.each([0, 1, 2])('tells how far it is, forwards only, to the end (%d)', async which => {
    const [, runtime] = runtimes()[which]!;
    const seen: MiningProgress[] = [];
    await mine(clusters(700, 32, 30), requestOf({}), { ...runtime, onProgress: progress => seen.push(progress) });
    expect(seen.length).toBeGreaterThan(0);
    for (const [at, { done, total, secondsLeft }] of seen.entries()) {
      expect(done).toBeLessThanOrEqual(total);
      if (at > 0) expect(done).toBeGreaterThanOrEqual(seen[at - 1]!.done);
      if (secondsLeft !== undefined) expect(secondsLeft).toBeGreaterThanOrEqual(0);
    }
    expect(seen.at(-1)!.done).toBe(seen.at(-1)!.total);
  });

  it.each([0, 1])('leaves the event loop its turn (%d)', async which => {
    const [, runtime] = runtimes()[which]!;
    let last = process.cpuUsage();
    let longest = 0;
    const timer = setInterval(() => {
      longest = Math.max(longest, milliseconds(last));
      last = process.cpuUsage();
    }, 1);
    await mine(clusters(900, 64, 30), requestOf({}), runtime);
    clearInterval(timer);
    expect(longest).toBeLessThan(120);
  });

  it('reads vectors over shared and over plain memory alike', async () => {
    const data = clusters(300, 16, 10);
    const shared = { ...data, vectors: new Float32Array(new SharedArrayBuffer(data.vectors.byteLength)) };
    shared.vectors.set(data.vectors);
    for (const [, runtime] of runtimes()) {
      const one = await mine(data, requestOf({}), runtime);
      expect((await mine(shared, requestOf({}), runtime)).candidates).toEqual(one.candidates);
    }
  });

  it('refuses a kernel that does not run here, and falls back where none is there', async () => {
    const data = clusters(50, 4, 3);
    const nowhere = { wasmDir: `${assets.wasmDir}/nowhere` };
    await expect(mine(data, requestOf({}), { ...nowhere, kernel: 'wasm-simd' })).rejects.toThrow('wasm-simd');
    expect((await mine(data, requestOf({}), nowhere)).report.kernel).toBe('typescript');
  });

  it('fills further rounds where caps turn the first ones away', async () => {
    // one hub is in most of the best pairs: after its cap many rounds of candidates are nothing but the hub's
    const data = clusters(1200, 3, 2, { spread: 1.2 });
    const request = requestOf({ lane: 'hard-negatives', margin: 100, topK: 20_000, guards: { perImage: 60 } });
    const expected = await mine(data, request);
    for (const [, runtime] of runtimes().slice(1)) {
      const actual = await mine(data, request, runtime);
      expect(actual.candidates).toEqual(expected.candidates);
      expect(actual.report.found).toBe(expected.report.found);
    }
    expect(expected.report.found).toBeGreaterThan(300_000);
  }, 60_000);
});
