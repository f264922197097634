import { rowDistance } from '../core/distances';
import { labelErrors } from '../core/mining/label-errors';
import { groupsByRow, NearDuplicates } from '../core/mining/near-duplicates';
import { pairRule, type PairRule } from '../core/mining/pair-rule';
import { CandidatePool, type Entry } from '../core/mining/pool';
import type { Problem } from '../core/mining/problem';
import { Selection } from '../core/mining/selection';
import { defaultDuplicateDistance, positiveQuantile, uncertainTurn, type Turn } from '../core/mining/turn';
import type { MinedCandidate, PairCandidate } from '../core/mining/types';
import {
  pairCollector,
  poolLimit,
  referencePairCollector,
  referenceTripletCollector,
  savedPairCollector,
  tripletCollector,
  type Collector,
} from './collect';
import type { Control, MiningRuntime } from './control';
import { findNearest } from './nearest';
import type { BlockIndex } from './tree';
import type { LoadedKernel } from './wasm';

/** What a lane gives, before it is put into a report. */
export interface LaneResult {
  candidates: MinedCandidate[];
  found: number;
  partial: boolean;
  kernel: string;
  threads: number;
  reused?: number;
  threshold?: number;
  notes: string[];
  groups?: number[][];
}

/** What the lanes work with. */
export interface LaneContext {
  problem: Problem;
  kernel: LoadedKernel | undefined;
  control: Control;
  runtime: MiningRuntime;
  /** group of near duplicates by row, -1 outside: for the cap on them */
  groups?: Int32Array;
  /** of an approximate run */
  index?: BlockIndex;
}

/** Hard and semi-hard triplets. */
export async function mineTriplets(context: LaneContext): Promise<LaneResult> {
  const { problem, kernel, control, runtime, index } = context;
  // draws weigh every negative of the band: there is nothing that bounds could save
  const fast = problem.request.strategy === 'distance-weighted' ? undefined : kernel;
  const collector =
    (fast && (await tripletCollector(problem, fast, control, runtime, index))) ??
    referenceTripletCollector(problem, control);
  return rankCandidates(context, collector, []);
}

/** Hard negatives, hard positives and uncertain pairs. */
export async function minePairs(context: LaneContext): Promise<LaneResult> {
  const { problem, kernel } = context;
  const turn = await turnOf(context);
  if (!turn) return cancelled(kernel);
  const rule = pairRule(problem.request, turn.distance);
  const collector = await pairCollectorFor(context, rule, turn.distance);
  const result = await rankCandidates(context, collector, turn.notes);
  if (problem.request.lane === 'hard-positives') await countNearPositives(context, turn.distance, result);
  return problem.request.lane === 'hard-negatives' ? result : { ...result, threshold: turn.distance };
}

/**
 * Counts the hard positives that the least distance leaves out: those beyond the quantile, and nearer. Where there are any,
 * that takes a second pass without the guard.
 */
async function countNearPositives(context: LaneContext, turn: number, { found, partial }: LaneResult): Promise<void> {
  const { problem, runtime } = context;
  const { minDistance, ...guards } = problem.request.guards;
  if (minDistance === undefined || partial) return;
  problem.leftOut['minDistance'] = 0;
  if (minDistance <= turn) return;
  const request = { ...problem.request, guards, topK: 1 };
  const all: LaneContext = {
    ...context,
    problem: { ...problem, request, leftOut: {} },
    runtime: { ...runtime, cache: undefined },
  };
  const collector = await pairCollectorFor(all, pairRule(request, turn), turn);
  const whole = await fill(all, collector, new Selection(all.problem));
  if (!whole.partial) problem.leftOut['minDistance'] = whole.found - found;
}

async function pairCollectorFor(context: LaneContext, rule: PairRule, turn: number): Promise<Collector> {
  const { problem, kernel, control, runtime, index } = context;
  if (!kernel) return referencePairCollector(problem, rule, control);
  return (
    (index ? undefined : savedPairCollector(problem, rule, turn, kernel, control, runtime)) ??
    (await pairCollector(problem, rule, turn, kernel, control, runtime, index)) ??
    referencePairCollector(problem, rule, control)
  );
}

/** Near duplicates, as groups and as the pairs that hold them together. */
export async function mineDuplicates(context: LaneContext): Promise<LaneResult> {
  const { problem } = context;
  const reach = problem.request.duplicateDistance ?? defaultDuplicateDistance(problem);
  const rule = pairRule(problem.request, reach);
  const collector = await pairCollectorFor(context, rule, reach);
  const duplicates = new NearDuplicates(problem);
  const selection = new Selection(problem);
  selection.accepts = entry => duplicates.meet(entry);
  selection.onAllowed = entry => duplicates.hold(entry);
  selection.readsOn = true;
  const { found, partial } = await fill(context, collector, selection);
  problem.leftOut['implied'] = selection.turnedDown;
  const groups = duplicates.groups();
  const groupOf = groupsByRow(groups);
  const pairs = candidatesOf(problem, selection.taken) as PairCandidate[];
  return {
    candidates: pairs.map(pair => ({ ...pair, group: groupOf.get(pair.a)! })),
    found,
    partial,
    kernel: collector.kernel,
    threads: collector.threads,
    ...(collector.reused > 0 && { reused: collector.reused }),
    threshold: reach,
    notes: [],
    groups,
  };
}

/** Suspected label errors. */
export async function mineLabelErrors(context: LaneContext): Promise<LaneResult> {
  const { problem, kernel, control, runtime, index } = context;
  const { request, leftOut } = problem;
  if (control.cancelled) return cancelled(kernel);
  const count = Math.max(1, Math.min(request.neighbours ?? 10, problem.rows.length - 1));
  const { nearest, whole, ...ran } = await findNearest(problem, count, 'any', kernel, control, runtime, index);
  if (request.guards.minDistance !== undefined) leftOut['minDistance'] = ran.tooNear;
  const suspects = labelErrors(problem, nearest);
  const selection = new Selection(problem, context.groups);
  const taken = suspects.filter(({ a, b, score }) => selection.take({ score, a, b, c: -1 }));
  return {
    candidates: taken,
    found: suspects.length,
    partial: !whole,
    kernel: ran.kernel,
    threads: ran.threads,
    notes: [],
  };
}

/** Collects rounds of candidates, best first, until enough are taken. */
async function rankCandidates(context: LaneContext, collector: Collector, notes: string[]): Promise<LaneResult> {
  const { problem, groups } = context;
  const selection = new Selection(problem, groups);
  const { found, partial } = await fill(context, collector, selection);
  return {
    candidates: candidatesOf(problem, selection.taken),
    found,
    partial,
    kernel: collector.kernel,
    threads: collector.threads,
    ...(collector.reused > 0 && { reused: collector.reused }),
    notes,
  };
}

async function fill({ problem, control }: LaneContext, collector: Collector, selection: Selection) {
  let found = 0;
  let partial = control.cancelled;
  try {
    while (!partial && !selection.done) {
      const pool = new CandidatePool(problem.ranks, poolLimit(problem));
      const first = selection.last === undefined;
      partial = !(await collector.collect(selection, pool));
      if (first) found = pool.offered;
      selection.takeFrom(pool);
      if (pool.dropped === 0) break;
    }
  } finally {
    await collector.close();
  }
  return { found, partial };
}

/** The distance that a pair lane turns on; undefined when the run was cancelled. */
async function turnOf({ problem, control }: LaneContext): Promise<Turn | undefined> {
  switch (problem.request.lane) {
    case 'hard-positives': {
      const steps = positiveQuantile(problem);
      for (;;) {
        const step = steps.next();
        if (step.done) return step.value;
        if (control.due && (await control.pause())) return undefined;
      }
    }
    case 'uncertain-pairs':
      return uncertainTurn(problem);
    default:
      return { distance: 0, notes: [] };
  }
}

function cancelled(kernel: LoadedKernel | undefined): LaneResult {
  return { candidates: [], found: 0, partial: true, kernel: kernel?.name ?? 'typescript', threads: 1, notes: [] };
}

function candidatesOf({ data, request }: Problem, entries: Entry[]): MinedCandidate[] {
  const between = rowDistance(request.metric, data.dimension, request.weights);
  const distance = (i: number, j: number) => between(data.vectors, i, data.vectors, j);
  return entries.map(({ score, a, b, c }) =>
    c < 0
      ? { kind: 'pair', a, b, distance: distance(a, b), score }
      : {
          kind: 'triplet',
          anchor: a,
          positive: b,
          negative: c,
          positiveDistance: distance(a, b),
          negativeDistance: distance(a, c),
          score,
        },
  );
}
