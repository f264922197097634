import { rowDistance } from '../core/distances';
import type { Side } from '../core/mining/guards';
import type { PairRule } from '../core/mining/pair-rule';
import { compareEntries, type CandidatePool, type Entry } from '../core/mining/pool';
import type { Problem } from '../core/mining/problem';
import type { Selection } from '../core/mining/selection';
import { AnchorRun, wantsOf } from './anchor-run';
import { lastPoolLimit, type PhaseResult } from './phases';
import type { Control, MiningRuntime } from './control';
import { keepPairs, takeUpPairs } from './pair-cache';
import { PairRun } from './pair-run';
import { referencePairs, referenceTriplets } from './reference';
import type { Space } from './space';
import type { BlockIndex } from './tree';
import type { LoadedKernel } from './wasm';

/** Fills a pool with what the selection has not looked at yet; false when the run was cancelled on the way. */
export interface Collector {
  kernel: string;
  threads: number;
  /** rows that an earlier run had done already */
  reused: number;
  collect(selection: Selection, pool: CandidatePool): Promise<boolean>;
  close(): Promise<void>;
}

/** Collects triplets with the plain TypeScript kernel. */
export function referenceTripletCollector(problem: Problem, control: Control): Collector {
  return {
    kernel: 'typescript',
    threads: 1,
    reused: 0,
    collect: (selection, pool) => referenceTriplets(problem, pool, selection, control),
    close: async () => undefined,
  };
}

/** Collects pairs with the plain TypeScript kernel. */
export function referencePairCollector(problem: Problem, rule: PairRule, control: Control): Collector {
  return {
    kernel: 'typescript',
    threads: 1,
    reused: 0,
    collect: (selection, pool) => referencePairs(problem, rule, pool, selection, control),
    close: async () => undefined,
  };
}

/** Collects triplets with a WebAssembly kernel; undefined when the input is too large for it. */
export async function tripletCollector(
  problem: Problem,
  kernel: LoadedKernel,
  control: Control,
  runtime: MiningRuntime,
  index?: BlockIndex,
): Promise<Collector | undefined> {
  const { request } = problem;
  const wants = wantsOf(request);
  const run = await AnchorRun.start(problem, kernel, wants, control, runtime, index);
  if (run === 'too large') return undefined;
  if (run === 'cancelled') return cancelledCollector(kernel);
  return {
    kernel: kernel.name,
    threads: run.team.threads,
    get reused() {
      return run.reused;
    },
    async collect(selection, pool) {
      const after = localEntry(run.space, selection.last);
      writeSpent(run.space, selection);
      const finish: Parameters<AnchorRun['sweep']>[0] = (window, plan) => ({
        kind: 'triplets',
        tasks: Math.ceil((window.end - window.start) / 256),
        plan,
        window,
        after,
        // of a cancelled run: little time to sort
        limit: control.cancelled ? Math.min(pool.limit, lastPoolLimit(request)) : pool.limit,
        prefix: wants.prefix,
      });
      const again = after ? await run.again(finish) : undefined;
      if (again) {
        addPools(run.space, problem.ranks, again, pool);
        return !control.cancelled;
      }
      const { results, whole } = await run.sweep(finish, control);
      addPools(run.space, problem.ranks, results, pool);
      if (!after) countLeftOut(problem, results);
      return whole;
    },
    close: () => run.team.close(),
  };
}

/** Collects pairs with a WebAssembly kernel; undefined when the input is too large for it. */
export async function pairCollector(
  problem: Problem,
  rule: PairRule,
  turn: number,
  kernel: LoadedKernel,
  control: Control,
  runtime: MiningRuntime,
  index?: BlockIndex,
): Promise<Collector | undefined> {
  const cache = index ? undefined : runtime.cache;
  const run = await PairRun.start(problem, kernel, rule.side, control, runtime, index);
  if (run === 'too large') return undefined;
  if (run === 'cancelled') return cancelledCollector(kernel);
  return {
    kernel: kernel.name,
    threads: run.team.threads,
    reused: 0,
    async collect(selection, pool) {
      const after = localEntry(run.space, selection.last);
      writeSpent(run.space, selection);
      const results = await run.collect(turn, after, pool.limit);
      addPools(run.space, problem.ranks, results, pool);
      if (!after) {
        if (rule.countNearer) countTooNear(problem, results);
        const inBand = results.reduce((sum, result) => sum + result.inBand, 0);
        if (cache && !control.cancelled) keepPairs(problem, cache, turn, pool, inBand);
        pool.offered = control.cancelled || index ? inBand : inBand - excludedInBand(problem, rule);
      }
      return !control.cancelled;
    },
    close: () => run.team.close(),
  };
}

/** Collects from the pool of an earlier run; undefined when there is none that still holds. */
export function savedPairCollector(
  problem: Problem,
  rule: PairRule,
  turn: number,
  kernel: LoadedKernel,
  control: Control,
  runtime: MiningRuntime,
): Collector | undefined {
  if (!runtime.cache) return undefined;
  let more: Collector | undefined;
  const saved = takeUpPairs(problem, runtime.cache, turn, poolLimit(problem));
  if (!saved) return undefined;
  return {
    kernel: kernel.name,
    threads: 1,
    reused: problem.rows.length,
    async collect(selection, pool) {
      if (!selection.last) {
        pool.takeOver(saved.pool);
        pool.offered = saved.inBand - excludedInBand(problem, rule);
        return true;
      }
      more ??=
        (await pairCollector(problem, rule, turn, kernel, control, { ...runtime, cache: undefined })) ??
        referencePairCollector(problem, rule, control);
      return more.collect(selection, pool);
    },
    close: async () => more?.close(),
  };
}

/** Caps turn candidates away: a pool holds many times what is asked for, and another one is filled where that was too few. */
export function poolLimit({ request }: Problem): number {
  return Math.max(1 << 18, 16 * request.topK);
}

function cancelledCollector(kernel: LoadedKernel): Collector {
  return { kernel: kernel.name, threads: 1, reused: 0, collect: async () => false, close: async () => undefined };
}

/** An entry of the data in the kernel's rows. */
function localEntry({ rows }: Space, entry: Entry | undefined): Entry | undefined {
  if (!entry) return undefined;
  const local = (row: number) => (row < 0 ? -1 : rows.indexOf(row));
  return { score: entry.score, a: local(entry.a), b: local(entry.b), c: local(entry.c) };
}

function writeSpent({ memory, places, rows }: Space, selection: Selection): void {
  const spent = new Uint8Array(memory.buffer, places.spent, rows.length);
  rows.forEach((row, i) => (spent[i] = selection.isSpent(row) ? 1 : 0));
}

/** Puts the threads' pools into one, in the data's rows. */
function addPools({ rows }: Space, ranks: Int32Array, results: PhaseResult[], pool: CandidatePool): void {
  let offered = 0;
  let dropped = 0;
  let floor: Entry | undefined;
  const global = (row: number) => (row < 0 ? -1 : rows[row]!);
  for (const { pool: part } of results) {
    if (!part) continue;
    offered += part.offered;
    dropped += part.dropped;
    const { scores, a, b, c } = part;
    for (let at = 0; at < scores.length; at++) {
      pool.offer(scores[at]!, global(a[at]!), global(b[at]!), global(c[at]!));
    }
    if (!part.floor) continue;
    // what one thread dropped is missing from all: the pool is complete down to the highest of the floors
    const { score } = part.floor;
    const last = { score, a: global(part.floor.a), b: global(part.floor.b), c: global(part.floor.c) };
    if (!floor || compareEntries(ranks, last, floor) < 0) floor = last;
  }
  pool.offered = offered;
  pool.dropped += dropped;
  if (floor && (!pool.floor || compareEntries(ranks, floor, pool.floor) < 0)) pool.floor = floor;
}

function countTooNear({ leftOut }: Problem, results: PhaseResult[]): void {
  // every pair was met from both of its ends
  leftOut['minDistance'] = results.reduce((sum, result) => sum + result.tooNear, 0) / 2;
}

function countLeftOut(problem: Problem, results: PhaseResult[]): void {
  const { guards } = problem.request;
  const { leftOut } = problem;
  const sum = (of: (result: PhaseResult) => number) => results.reduce((total, result) => total + of(result), 0);
  if (guards.minDistance !== undefined) countTooNear(problem, results);
  if (guards.relativeMargin !== undefined) leftOut['relativeMargin'] = sum(result => result.counts.relativeMargin);
  if (guards.rankWindow !== undefined) leftOut['rankWindow'] = sum(result => result.counts.rankWindow);
}

/** Pairs in the band that are copies of one image or answered: the kernel counts them along. */
function excludedInBand(problem: Problem, rule: PairRule): number {
  const { data, rows, copies, answered, request } = problem;
  const { labels, vectors } = data;
  const distance = rowDistance(request.metric, data.dimension, request.weights);
  const fits = (i: number, j: number) => onSide(rule.side, labels[i]!, labels[j]!);
  const inBand = (i: number, j: number) => {
    const d = distance(vectors, i, vectors, j);
    return d >= rule.from && d < rule.to;
  };
  const mined = new Uint8Array(labels.length);
  const groups = new Map<number, number[]>();
  for (const i of rows) {
    mined[i] = 1;
    const group = groups.get(copies[i]!);
    if (group) group.push(i);
    else groups.set(copies[i]!, [i]);
  }
  let count = 0;
  for (const group of groups.values()) {
    group.forEach((i, at) => {
      for (const j of group.slice(at + 1)) if (fits(i, j) && inBand(i, j)) count++;
    });
  }
  for (const i of rows) {
    for (let at = answered.starts[i]!; at < answered.starts[i + 1]!; at++) {
      const j = answered.others[at]!;
      if (j > i && mined[j] && copies[i] !== copies[j] && fits(i, j) && inBand(i, j)) count++;
    }
  }
  return count;
}

function onSide(side: Side, a: number, b: number): boolean {
  return side === 'any' || (a === b) === (side === 'same');
}
