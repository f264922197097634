import { rowDistance } from '../core/distances';
import { countLeftOutPairs } from '../core/mining/guards';
import { CandidatePool, type Entry } from '../core/mining/pool';
import { prepare, type Problem } from '../core/mining/problem';
import { Selection } from '../core/mining/selection';
import type { MinedCandidate, MiningData, MiningRequest, MiningResult } from '../core/mining/types';
import { Control, type MiningRuntime } from './control';
import { referenceHardNegatives, referenceTriplets } from './reference';

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
  const collect = collector(problem);
  let found = 0;
  let partial: boolean;
  for (let limit = poolLimit(request); ;) {
    const pool = new CandidatePool(problem.ranks, limit);
    const first = selection.last === undefined;
    partial = !(await collect(problem, pool, selection, control));
    if (first) found = pool.offered;
    selection.takeFrom(pool);
    if (selection.full || pool.dropped === 0 || partial) break;
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
      kernel: 'typescript',
      threads: 1,
      seconds: (performance.now() - started) / 1000,
      partial,
      notes: [],
    },
  };
}

function collector({ request }: Problem): typeof referenceTriplets {
  switch (request.lane) {
    case 'hard-triplets':
    case 'semi-hard-triplets':
      return referenceTriplets;
    case 'hard-negatives':
      return referenceHardNegatives;
    default:
      throw new RangeError(`the lane ${request.lane} is not mined yet`);
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
