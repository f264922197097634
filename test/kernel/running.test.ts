import { beforeAll, describe, expect, it, vi } from 'vitest';
import { mine, type MiningProgress, type MiningRuntime } from '../../src/kernel';
import type { TripletCandidate } from '../../src/core/mining/types';
import { kindOfTriplet } from '../../src/core/triplets';
import { MINED_LANES, type Distance } from '../../src/core/types';
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

/**
 * Runs on a clock that goes on by a millisecond with every look at it, so that slices of work are the same in every run, and
 * aborts at look number `at`.
 * @returns how often the clock was looked at, in all and after the abort
 */
async function watched<T>(run: (signal: AbortSignal) => Promise<T>, at: number) {
  const abort = new AbortController();
  let looks = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
    if (++looks > at) abort.abort();
    return looks;
  });
  try {
    const result = await run(abort.signal);
    return { result, looks, after: looks - at };
  } finally {
    clock.mockRestore();
  }
}

describe('a run', () => {
  it.each([0, 1, 2])(
    'can be cancelled, and gives what it found (%d)',
    async which => {
      const [, runtime] = runtimes()[which]!;
      const onThreads = runtime.workerPath !== undefined;
      const data = clusters(onThreads ? 20_000 : 6000, 64, 60, { spread: 0.9 });
      const abort = new AbortController();
      let doneThen = 0;
      const after: MiningProgress[] = [];
      const result = await mine(data, requestOf({ margin: 1, topK: 200 }), {
        ...runtime,
        signal: abort.signal,
        onProgress: progress => {
          if (abort.signal.aborted) after.push(progress);
          if (abort.signal.aborted || progress.done === 0 || progress.done === progress.total) return;
          doneThen = progress.done;
          abort.abort();
        },
      });
      expect(result.report.partial).toBe(true);
      // one thread finishes the step that it is in; several may have finished others while the news was on its way
      for (const { done, total } of after) expect(done).toBeLessThan(onThreads ? total : doneThen + 2);
      for (const t of result.candidates as TripletCandidate[]) {
        expect(data.labels[t.positive]).toBe(data.labels[t.anchor]);
        expect(data.labels[t.negative]).not.toBe(data.labels[t.anchor]);
        expect(kindOfTriplet(t.positiveDistance as Distance, t.negativeDistance as Distance, 1)).toBe('semi-hard');
      }
    },
    60_000,
  );

  it.each(MINED_LANES)(
    'of any lane stops soon, whatever it is at: %s',
    async lane => {
      const data = clusters(1500, 16, 50, { spread: 0.9 });
      const guards = { perDuplicateGroup: 3 };
      const request = requestOf({ lane, margin: 2, topK: 100, duplicateDistance: 1, indexAbove: 1000, guards });
      const whole = await watched(signal => mine(data, request, { wasmDir: assets.wasmDir, signal }), Infinity);
      expect(whole.result.report.partial).toBe(false);
      for (const share of [0.02, 0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 0.95]) {
        const at = Math.floor(share * whole.looks);
        const { result, after } = await watched(signal => mine(data, request, { wasmDir: assets.wasmDir, signal }), at);
        expect(result.report.partial).toBe(true);
        expect(after).toBeLessThan(0.05 * whole.looks);
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
    let looks = 0;
    let longest = 0;
    let last = 0;
    let turns: NodeJS.Immediate;
    const turn = () => {
      longest = Math.max(longest, looks - last);
      last = looks;
      turns = setImmediate(turn);
    };
    turn();
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => ++looks);
    try {
      await mine(clusters(900, 64, 30), requestOf({}), runtime);
    } finally {
      clock.mockRestore();
      clearImmediate(turns!);
    }
    // a slice ends fifteen looks after it began, and a step may look some times more
    expect(looks).toBeGreaterThan(50);
    expect(longest).toBeLessThan(40);
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
