import path from 'node:path';
import { countLeftOutPairs, sidesOf } from '../core/mining/guards';
import type { NearestRows } from '../core/mining/label-errors';
import { preparation, type Problem } from '../core/mining/problem';
import type { MiningData, MiningRequest, MiningResult } from '../core/mining/types';
import { Control, type MiningRuntime } from './control';
import { mineDuplicates, mineLabelErrors, minePairs, mineTriplets, type LaneContext, type LaneResult } from './lanes';
import { findNearest } from './nearest';
import { measureRecall } from './recall';
import { blockOf, threadsFor } from './space';
import { blockIndex, type BlockIndex } from './tree';
import { loadKernel, type LoadedKernel } from './wasm';

export type { MiningProgress, MiningRuntime, KernelName } from './control';
export type { NearestRows } from '../core/mining/label-errors';
export { MiningCache } from './cache';
export { MiningInputError } from '../core/mining/problem';

/**
 * Mines a lane over all rows, exactly: the candidates are those that 64-bit distances (core/distances) give, best first, ties
 * by hash, so that the same inputs give the same candidates whichever kernel runs and on however many threads.
 *
 * A run cancelled by `runtime.signal` resolves within 200 ms to what it found, with `report.partial`.
 * @throws MiningInputError for input that cannot be mined; the message names the image or the setting.
 */
export async function mine(
  data: MiningData,
  request: MiningRequest,
  runtime: MiningRuntime = {},
): Promise<MiningResult> {
  const started = performance.now();
  const control = new Control(runtime);
  const problem = await inSlices(ready(data, request), control);
  const kernel = await kernelFor(runtime);
  if (!problem) return nothing(kernel, started);
  const context: LaneContext = { problem, kernel, control, runtime };
  if (request.guards.perDuplicateGroup !== undefined && request.lane !== 'near-duplicates')
    context.groups = await groupsOf(data, request, runtime);
  const index = await indexFor(context);
  if (index) context.index = index;
  const { candidates, found, groups, threshold, ...ran } = await mineLane(context);
  const recall = index && (await recallOf(context, index, threshold));
  ran.partial ||= control.cancelled && recall === undefined;
  if (recall !== undefined) {
    const share = Math.round(100 * recall);
    ran.notes.push(
      `above ${request.indexAbove ?? INDEX_ABOVE} images an index looks; it sees ${share} % of what there is`,
    );
  }
  const { leftOut } = problem;
  const capped = ['perImage', 'perClassPair', 'perDuplicateGroup', 'implied'].reduce(
    (n, name) => n + (leftOut[name] ?? 0),
    0,
  );
  leftOut['topK'] = candidates.length < request.topK ? 0 : Math.max(0, found - candidates.length - capped);
  return {
    candidates,
    report: {
      images: problem.rows.length,
      classes: problem.classes.filter(({ label }) => label >= 0).length,
      found,
      leftOut,
      ...ran,
      seconds: (performance.now() - started) / 1000,
      ...(threshold !== undefined && { threshold }),
      ...(recall !== undefined && { recall }),
      ...(groups && { groups: { count: groups.length, images: groups.reduce((n, rows) => n + rows.length, 0) } }),
    },
    ...(groups && { groups }),
  };
}

function* ready(data: MiningData, request: MiningRequest): Generator<undefined, Problem> {
  const problem = yield* preparation(data, request);
  yield* countLeftOutPairs(problem);
  return problem;
}

/** Runs steps until they are done; undefined when the run was cancelled on the way. */
async function inSlices<T>(steps: Generator<undefined, T>, control: Control): Promise<T | undefined> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (control.due && (await control.pause())) return undefined;
  }
}

/** The result of a run that was cancelled before it looked at any pair. */
function nothing(kernel: LoadedKernel | undefined, started: number): MiningResult {
  const seconds = (performance.now() - started) / 1000;
  const ran = { kernel: kernel?.name ?? 'typescript', threads: 1, seconds, partial: true, notes: [] };
  return { candidates: [], report: { images: 0, classes: 0, found: 0, leftOut: {}, ...ran } };
}

/** What `nearest` is asked for. */
export type NearestRequest = Pick<MiningRequest, 'metric' | 'weights'> & {
  /** how many of each row */
  count: number;
  /** rows of which class, seen from the row; default `any` */
  side?: 'same' | 'different' | 'any';
};

/**
 * The nearest rows of every row, exactly, ties by hash; the row itself and its copies are left out, unclassed rows are in.
 * A cancelled run gives what it has: -1 stands where a neighbour is missing.
 * @throws MiningInputError for vectors that are not finite; the message names the image.
 */
export async function nearest(
  data: MiningData,
  { count, side = 'any', metric, weights }: NearestRequest,
  runtime: MiningRuntime = {},
): Promise<NearestRows> {
  const request: MiningRequest = {
    lane: 'uncertain-pairs',
    metric,
    ...(weights && { weights }),
    margin: 0,
    strategy: 'nearest',
    perPair: 1,
    topK: 1,
    guards: {},
    seed: 0,
  };
  const control = new Control(runtime);
  const problem = await inSlices(preparation(data, request), control);
  if (!problem) {
    const cells = data.ids.length * count;
    return { count, rows: new Int32Array(cells).fill(-1), distances: new Float64Array(cells).fill(Infinity) };
  }
  return (await findNearest(problem, count, side, await kernelFor(runtime), control, runtime)).nearest;
}

/** Rows above which an index takes over, where a request does not say. */
const INDEX_ABOVE = 300_000;

/**
 * The index of an approximate run: above the setting, where there is a fast kernel to use it. Hard positives are far apart and
 * few, so that no index would help; they stay exact.
 */
async function indexFor({ problem, kernel, control, runtime }: LaneContext): Promise<BlockIndex | undefined> {
  const { request, rows, data } = problem;
  if (rows.length <= (request.indexAbove ?? INDEX_ABOVE) || !kernel || request.lane === 'hard-positives')
    return undefined;
  if (request.strategy === 'distance-weighted' && request.lane.endsWith('triplets')) return undefined;
  const threads = runtime.workerPath === undefined ? 1 : threadsFor(rows.length, data.dimension, runtime.threads);
  const block = Math.min(blockOf(rows.length, data.dimension, threads), Math.ceil(rows.length / 64 / 24) * 24);
  return blockIndex(problem, block, control);
}

/** Recall of the index for what the lane looks for: near rows, those about the threshold, or the nearest negatives of bands. */
function recallOf({ problem, control }: LaneContext, index: BlockIndex, threshold = 0): Promise<number | undefined> {
  const { lane, strategy } = problem.request;
  if (lane === 'semi-hard-triplets' && strategy !== 'hardest') {
    return measureRecall(problem, index, { kind: 'semi-hard' }, control);
  }
  const value = lane === 'uncertain-pairs' ? (d: number) => Math.abs(d - threshold) : (d: number) => d;
  const side = lane.endsWith('triplets') ? 'different' : sidesOf(lane);
  return measureRecall(problem, index, { kind: 'nearest', side, value }, control);
}

function mineLane(context: LaneContext): Promise<LaneResult> {
  switch (context.problem.request.lane) {
    case 'hard-triplets':
    case 'semi-hard-triplets':
      return mineTriplets(context);
    case 'hard-negatives':
    case 'hard-positives':
    case 'uncertain-pairs':
      return minePairs(context);
    case 'near-duplicates':
      return mineDuplicates(context);
    case 'label-errors':
      return mineLabelErrors(context);
  }
}

/** Groups of near duplicates by row, for the cap on them. */
async function groupsOf(data: MiningData, request: MiningRequest, runtime: MiningRuntime): Promise<Int32Array> {
  const { signal, workerPath, wasmDir, threads, kernel } = runtime;
  const { groups = [] } = await mine(
    data,
    { ...request, lane: 'near-duplicates', topK: 1, guards: { flagged: request.guards.flagged ?? new Set() } },
    {
      ...(signal && { signal }),
      ...(workerPath !== undefined && { workerPath }),
      ...(wasmDir !== undefined && { wasmDir }),
      ...(threads !== undefined && { threads }),
      ...(kernel !== undefined && { kernel }),
    },
  );
  const byRow = new Int32Array(data.ids.length).fill(-1);
  groups.forEach((group, at) => group.forEach(row => (byRow[row] = at)));
  return byRow;
}

async function kernelFor({ wasmDir, workerPath, kernel }: MiningRuntime): Promise<LoadedKernel | undefined> {
  const dir = wasmDir ?? (workerPath === undefined ? undefined : path.join(path.dirname(workerPath), 'wasm'));
  return dir === undefined || kernel === 'typescript' ? undefined : loadKernel(dir, kernel);
}
