import { writeFileSync } from 'node:fs';
import { prepare } from '../../../src/core/mining/problem';
import type { MiningData, MiningRequest } from '../../../src/core/mining/types';
import { Random } from '../../../src/core/random';
import { MINED_LANES, type Metric } from '../../../src/core/types';
import { mine, nearest, MiningCache, type KernelName } from '../../../src/kernel';
import { AnchorRun } from '../../../src/kernel/anchor-run';
import { Control, type MiningRuntime } from '../../../src/kernel/control';
import type { PhaseResult } from '../../../src/kernel/phases';
import { loadKernel } from '../../../src/kernel/wasm';
import { embeddings } from '../../../src/engine/bench/vectors';

/** One thing to measure, in a process of its own: its memory is then nobody else's. */
export interface BenchCase {
  what: 'both' | 'nearest' | 'again-answers' | 'again-images' | 'cancel' | 'stall' | (typeof MINED_LANES)[number];
  n: number;
  d: number;
  metric: Metric;
  kind: 'clustered' | 'random';
  kernel?: KernelName;
  threads?: number;
  bits?: 16 | 32;
  wasmDir: string;
  workerPath: string;
  /** rows above which an index takes over */
  indexAbove?: number;
  /** `cancel`: how often, of which lane, at random moments of the milliseconds that it takes */
  times?: number;
  lane?: (typeof MINED_LANES)[number];
  takes?: number;
  /** writes the vectors there, for others to search in */
  vectorsTo?: string;
}

export interface BenchResult {
  seconds: number;
  /** of all threads */
  processorSeconds: number;
  /** most memory that the process ever held, MiB, its input included */
  peakMiB: number;
  kernel: string;
  threads: number;
  found: number;
  /** `cancel`: milliseconds from each cancel to the end of the run; `stall`: the longest that the caller's thread was held */
  milliseconds?: number[];
}

async function main(): Promise<void> {
  const bench = JSON.parse(process.argv[2]!) as BenchCase;
  const data = embeddings(bench.n, bench.d, bench.kind);
  if (bench.vectorsTo !== undefined) writeFileSync(bench.vectorsTo, data.vectors);
  const runtime: MiningRuntime = {
    wasmDir: bench.wasmDir,
    workerPath: bench.workerPath,
    ...(bench.kernel && { kernel: bench.kernel }),
    ...(bench.threads !== undefined && { threads: bench.threads }),
    bits: bench.bits,
  };
  const run = await preparation(bench, data, runtime);
  const started = performance.now();
  const before = process.cpuUsage();
  const { found, kernel, threads, milliseconds } = await run();
  const { user, system } = process.cpuUsage(before);
  const result: BenchResult = {
    seconds: (performance.now() - started) / 1000,
    processorSeconds: (user + system) / 1e6,
    peakMiB: process.resourceUsage().maxRSS / 1024,
    kernel,
    threads,
    found,
    ...(milliseconds && { milliseconds }),
  };
  console.log(JSON.stringify(result));
}

type Run = () => Promise<{ found: number; kernel: string; threads: number; milliseconds?: number[] }>;

/** What comes before the clock starts, and what it measures. */
async function preparation(bench: BenchCase, data: MiningData, runtime: MiningRuntime): Promise<Run> {
  const request = requestFor(bench);
  switch (bench.what) {
    case 'both':
      return () => bothInOnePass(data, request, runtime);
    case 'nearest':
      return async () => {
        const { rows } = await nearest(data, { ...request, count: 32, side: 'different' }, runtime);
        return { found: rows.length, kernel: runtime.kernel ?? 'fastest', threads: 0 };
      };
    case 'cancel':
      return () => cancelled(bench, data, request, runtime);
    case 'stall':
      return () => stall(data, request, runtime);
    case 'again-answers':
    case 'again-images': {
      const cache = new MiningCache();
      await mine(data, request, { ...runtime, cache });
      const [changed, guards] = bench.what === 'again-answers' ? [data, answers(data)] : [changeSome(data), {}];
      return async () =>
        (await mine(changed, { ...request, guards: { ...request.guards, ...guards } }, { ...runtime, cache })).report;
    }
    default:
      return async () => (await mine(data, request, runtime)).report;
  }
}

/** Cancels runs at random moments; a moment counts from when it was due, so that a held thread counts too. */
async function cancelled(
  { times = 20, takes = 1000 }: BenchCase,
  data: MiningData,
  request: MiningRequest,
  runtime: MiningRuntime,
) {
  const random = new Random(7);
  const milliseconds: number[] = [];
  let report;
  for (let time = 0; time < times; time++) {
    const abort = new AbortController();
    const due = performance.now() + ((time + random.next()) / times) * takes;
    const timer = setTimeout(() => abort.abort(), due - performance.now());
    ({ report } = await mine(data, request, { ...runtime, signal: abort.signal }));
    clearTimeout(timer);
    if (report.partial) milliseconds.push(performance.now() - due);
  }
  return { ...report!, milliseconds };
}

/** How long the caller's thread was held at most. */
async function stall(data: MiningData, request: MiningRequest, runtime: MiningRuntime) {
  let last = performance.now();
  let longest = 0;
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  const { report } = await mine(data, request, runtime);
  clearInterval(timer);
  return { ...report, milliseconds: [longest] };
}

/** Semi-hard triplets of every anchor-positive pair and the 32 nearest negatives of every anchor, in one sweep. */
async function bothInOnePass(data: MiningData, request: MiningRequest, runtime: MiningRuntime) {
  const problem = prepare(data, request);
  const control = new Control(runtime);
  const kernel = (await loadKernel(runtime.wasmDir!, runtime.kernel))!;
  const wants = { side: 'different' as const, nearest: 32, gapRoom: 1, positives: true };
  const run = await AnchorRun.start(problem, kernel, wants, control, runtime);
  if (typeof run === 'string') throw new Error(run);
  const { results } = await run.sweep(
    (window, plan) => ({
      kind: 'triplets',
      tasks: Math.ceil((window.end - window.start) / 256),
      plan,
      window,
      after: undefined,
      limit: 1 << 18,
      prefix: 32,
    }),
    control,
  );
  const found = results.reduce((sum: number, { pool }: PhaseResult) => sum + (pool?.offered ?? 0), 0);
  await run.team.close();
  return { found, kernel: kernel.name, threads: run.team.threads };
}

function requestFor({ what, lane, metric, d, indexAbove }: BenchCase): MiningRequest {
  return {
    lane: lane ?? MINED_LANES.find(name => name === what) ?? 'semi-hard-triplets',
    ...(indexAbove !== undefined && { indexAbove }),
    metric,
    ...(metric === 'weightedL1' && { weights: new Float32Array(d).map((_, k) => 0.5 + (k % 7) / 7) }),
    margin: metric === 'l2' ? 0.2 : metric === 'cosine' ? 0.1 : 1,
    strategy: 'nearest',
    perPair: 1,
    topK: 10_000,
    guards: { perImage: 10 },
    seed: 1,
  };
}

/** A hundred new answers. */
function answers({ ids }: MiningData): MiningRequest['guards'] {
  const pair = (at: number) =>
    [ids[at * 7]!, ids[at * 11 + 3]!].sort().join(' ') as `sha256:${string} sha256:${string}`;
  return { answered: new Map(Array.from({ length: 100 }, (_, at) => [pair(at + 1), 'different' as const])) };
}

/** One per cent of the images is other ones now: a hundredth of the classes, whole. */
function changeSome(data: MiningData): MiningData {
  const vectors = new Float32Array(new SharedArrayBuffer(data.vectors.byteLength));
  vectors.set(data.vectors);
  const fresh = embeddings(2000, data.dimension, 'clustered', 99).vectors;
  const classes = new Set(data.labels).size;
  let at = 0;
  data.labels.forEach((label, row) => {
    if (label >= Math.max(1, Math.round(classes / 100))) return;
    const from = (at++ % 2000) * data.dimension;
    vectors.set(fresh.subarray(from, from + data.dimension), row * data.dimension);
  });
  return { ...data, vectors };
}

void main();
