import path from 'node:path';
import { rowDistance } from '../core/distances';
import { countLeftOutPairs } from '../core/mining/guards';
import { CandidatePool, type Entry } from '../core/mining/pool';
import { prepare, type Problem } from '../core/mining/problem';
import { Selection } from '../core/mining/selection';
import type { MinedCandidate, MiningData, MiningRequest, MiningResult } from '../core/mining/types';
import { Control, type MiningRuntime } from './control';
import {
  pairCollector,
  referencePairCollector,
  referenceTripletCollector,
  tripletCollector,
  type Collector,
} from './collect';
import { pairRule } from '../core/mining/pair-rule';
import { loadKernel } from './wasm';

export type { MiningProgress, MiningRuntime, KernelName } from './control';
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
  const problem = prepare(data, request);
  countLeftOutPairs(problem);
  const control = new Control(runtime);
  const selection = new Selection(problem);
  const collector = await collectorFor(problem, control, runtime);
  let found = 0;
  let partial: boolean;
  try {
    do {
      const pool = new CandidatePool(problem.ranks, poolLimit(request));
      const first = selection.last === undefined;
      partial = !(await collector.collect(selection, pool));
      if (first) found = pool.offered;
      selection.takeFrom(pool);
      if (pool.dropped === 0) break;
    } while (!selection.full && !partial);
  } finally {
    await collector.close();
  }
  const capped = ['perImage', 'perClassPair', 'perDuplicateGroup'].reduce(
    (n, name) => n + (problem.leftOut[name] ?? 0),
    0,
  );
  problem.leftOut['topK'] = selection.full ? found - selection.taken.length - capped : 0;
  return {
    candidates: candidatesOf(problem, selection.taken),
    report: {
      images: problem.rows.length,
      classes: problem.classes.filter(({ label }) => label >= 0).length,
      found,
      leftOut: problem.leftOut,
      kernel: collector.kernel,
      threads: collector.threads,
      seconds: (performance.now() - started) / 1000,
      partial,
      notes: [],
    },
  };
}

/** The lane's collector on the fastest kernel there is. */
async function collectorFor(problem: Problem, control: Control, runtime: MiningRuntime): Promise<Collector> {
  const { request } = problem;
  const { workerPath } = runtime;
  const wasmDir =
    runtime.wasmDir ?? (workerPath === undefined ? undefined : path.join(path.dirname(workerPath), 'wasm'));
  const kernel =
    wasmDir === undefined || runtime.kernel === 'typescript' ? undefined : await loadKernel(wasmDir, runtime.kernel);
  switch (request.lane) {
    case 'hard-triplets':
    case 'semi-hard-triplets':
      return (
        // draws weigh every negative of the band, so that there is nothing that bounds could save
        (kernel && request.strategy !== 'distance-weighted'
          ? await tripletCollector(problem, kernel, control, runtime)
          : undefined) ?? referenceTripletCollector(problem, control)
      );
    default: {
      const turn = 0;
      const rule = pairRule(request, turn);
      return (
        (kernel && (await pairCollector(problem, rule, turn, kernel, control, runtime))) ??
        referencePairCollector(problem, rule, control)
      );
    }
  }
}

/** Caps turn candidates away: a pool holds many times what is asked for, and another one is filled where that was too few. */
function poolLimit({ topK }: MiningRequest): number {
  return Math.max(1 << 18, 16 * topK);
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
