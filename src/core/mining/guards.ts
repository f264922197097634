import type { Distance, Metric } from '../types';
import { similarityOf } from '../distances';
import type { Problem } from './problem';
import { answerOf, SAME } from './problem';

/**
 * The least distance that a negative may have beside a positive at distance d, so that it is less similar by the share
 * `relativeMargin`: s(a,n) <= s(a,p) - |s(a,p)| * relativeMargin. The absolute value keeps the bound below the positive for
 * negative similarities too, where a plain product would lift it above. For l2, sql2 and l1 this is d (1 + relativeMargin).
 */
export function relativeMarginFloor(metric: Metric, d: number, relativeMargin: number): number {
  return d + Math.abs(similarityOf(metric, d as Distance)) * relativeMargin;
}

/** Whether two rows may stand together as a negative or unlabelled pair: no copies of one image, and not answered. */
export function mayCompare({ copies, answered }: Problem, i: number, j: number): boolean {
  return copies[i] !== copies[j] && answerOf(answered, i, j) === undefined;
}

/** As `mayCompare`, for a positive: a pair answered `same` is still one. */
export function mayBePositive({ copies, answered }: Problem, i: number, j: number): boolean {
  if (copies[i] === copies[j]) return false;
  const code = answerOf(answered, i, j);
  return code === undefined || code === SAME;
}

/** Which pairs a lane looks at, by class. */
export type Side = 'same' | 'different' | 'any';

/** The sides that a lane looks at. */
export function sidesOf(lane: Problem['request']['lane']): Side {
  switch (lane) {
    case 'hard-negatives':
      return 'different';
    case 'hard-positives':
      return 'same';
    case 'hard-triplets':
    case 'semi-hard-triplets':
    case 'label-errors':
    case 'uncertain-pairs':
    case 'near-duplicates':
      return 'any';
  }
}

/**
 * Counts the pairs of mined rows that the guards on identity leave out, into `leftOut.exactDuplicates` and
 * `leftOut.answered`: unordered pairs of the lane's side. A pair answered `same` counts only where it is no positive. In steps
 * of some milliseconds.
 */
export function* countLeftOutPairs(problem: Problem): Generator<undefined, void> {
  const { data, rows, copies, answered, leftOut } = problem;
  const { labels } = data;
  const side = sidesOf(problem.request.lane);
  const triplets = problem.request.lane === 'hard-triplets' || problem.request.lane === 'semi-hard-triplets';
  const counts = (i: number, j: number) => side === 'any' || (labels[i] === labels[j]) === (side === 'same');
  const groups = new Map<number, number[]>();
  const mined = new Uint8Array(labels.length);
  for (const [at, i] of rows.entries()) {
    if ((at & 4095) === 4095) yield;
    mined[i] = 1;
    const group = groups.get(copies[i]!);
    if (group) group.push(i);
    else groups.set(copies[i]!, [i]);
  }
  let duplicates = 0;
  for (const group of groups.values()) {
    // a row without a copy makes no pair
    if (group.length < 2) continue;
    const perLabel = new Map<number, number>();
    for (const i of group) perLabel.set(labels[i]!, (perLabel.get(labels[i]!) ?? 0) + 1);
    const all = (group.length * (group.length - 1)) / 2;
    const same = [...perLabel.values()].reduce((sum, n) => sum + (n * (n - 1)) / 2, 0);
    duplicates += side === 'any' ? all : side === 'same' ? same : all - same;
  }
  yield;
  let asked = 0;
  for (const i of rows) {
    for (let at = answered.starts[i]!; at < answered.starts[i + 1]!; at++) {
      const j = answered.others[at]!;
      const twice = at > answered.starts[i]! && answered.others[at - 1] === j;
      if (j <= i || twice || !mined[j] || copies[i] === copies[j] || !counts(i, j)) continue;
      const staysPositive = triplets && answered.relations[at] === SAME && labels[i] === labels[j];
      if (!staysPositive) asked++;
    }
  }
  leftOut['exactDuplicates'] = duplicates;
  leftOut['answered'] = asked;
}
