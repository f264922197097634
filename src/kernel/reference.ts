import { rowDistance } from '../core/distances';
import { DistanceWeighted } from '../core/mining/distance-weighted';
import { mayBePositive, mayCompare } from '../core/mining/guards';
import { Neighbours } from '../core/mining/neighbours';
import type { PairRule } from '../core/mining/pair-rule';
import type { CandidatePool } from '../core/mining/pool';
import type { Problem } from '../core/mining/problem';
import type { Selection } from '../core/mining/selection';
import { TripletRule, tripletScore, type RuleCounts } from '../core/mining/triplet-rule';
import type { Control } from './control';

/**
 * The plain TypeScript kernel: every distance as core/distances has it, one row at a time, O(N) memory beside the pool. It
 * says what the answer is; the others are held to it, and it runs where WebAssembly does not.
 */

/** Offers the triplets of the lane to the pool. Resolves to false when the run was cancelled on the way. */
export async function referenceTriplets(
  problem: Problem,
  pool: CandidatePool,
  selection: Selection,
  control: Control,
): Promise<boolean> {
  const { data, rows, classes, request, leftOut, ranks } = problem;
  const { vectors } = data;
  const distance = rowDistance(request.metric, data.dimension, request.weights);
  const rule = new TripletRule(
    request,
    request.strategy === 'distance-weighted' ? new DistanceWeighted(problem) : undefined,
  );
  const counts: RuleCounts = { relativeMargin: 0, rankWindow: 0 };
  const least = request.guards.minDistance ?? 0;
  const first = selection.last === undefined;
  const positives = new Neighbours();
  const negatives = new Neighbours();
  let tooNear = 0;
  const finish = (whole: boolean) => {
    if (first) {
      if (request.guards.minDistance !== undefined) leftOut['minDistance'] = tooNear;
      if (request.guards.relativeMargin !== undefined) leftOut['relativeMargin'] = counts.relativeMargin;
      if (request.guards.rankWindow !== undefined) leftOut['rankWindow'] = counts.rankWindow;
    }
    return whole;
  };
  const emit = (a: number, p: number, n: number, dp: number, dn: number) => {
    const score = tripletScore(request.margin, dp, dn);
    if (first || (selection.isAfter({ score, a, b: p, c: n }) && ![a, p, n].some(row => selection.isSpent(row)))) {
      pool.offer(score, a, p, n);
    }
  };
  for (const { start, end } of classes) {
    for (let at = start; at < end; at++) {
      const anchor = rows[at]!;
      positives.clear();
      negatives.clear();
      for (let place = start; place < end; place++) {
        const other = rows[place]!;
        if (other === anchor || !mayBePositive(problem, anchor, other)) continue;
        const d = distance(vectors, anchor, vectors, other);
        if (d >= least) positives.push(other, d);
        else if (place > at) tooNear++;
        if ((place & 1023) === 1023 && control.due && (await control.pause())) return finish(false);
      }
      positives.sort(ranks);
      // bands end the later the farther the positive is
      const reach = positives.count > 0 ? rule.band(positives.distances[positives.count - 1]!).to : 0;
      if (reach > 0 || request.guards.minDistance !== undefined) {
        for (let place = 0; place < rows.length; place++) {
          if (place === start) place = end;
          const other = rows[place];
          if (other === undefined) break;
          if (!mayCompare(problem, anchor, other)) continue;
          const d = distance(vectors, anchor, vectors, other);
          if (d < least) tooNear += place > at ? 1 : 0;
          else if (d < reach) negatives.push(other, d);
          if ((place & 1023) === 1023 && control.due && (await control.pause())) return finish(false);
        }
      }
      if (positives.count > 0) {
        negatives.sort(ranks);
        rule.emit(anchor, positives, negatives, emit, counts);
      }
      if (control.due && (await control.pause())) return finish(false);
      control.progress(at + 1, rows.length);
    }
  }
  return finish(true);
}

/** Offers the pairs of the rule to the pool. Resolves to false when the run was cancelled on the way. */
export async function referencePairs(
  problem: Problem,
  rule: PairRule,
  pool: CandidatePool,
  selection: Selection,
  control: Control,
): Promise<boolean> {
  const { data, rows, request, leftOut, ranks } = problem;
  const { vectors, labels } = data;
  const distance = rowDistance(request.metric, data.dimension, request.weights);
  const first = selection.last === undefined;
  let tooNear = 0;
  let whole = true;
  scan: for (let at = 0; at < rows.length; at++) {
    const i = rows[at]!;
    for (let place = at + 1; place < rows.length; place++) {
      const j = rows[place]!;
      if ((place & 1023) === 1023 && control.due && (await control.pause())) {
        whole = false;
        break scan;
      }
      if (rule.side !== 'any' && (labels[i] === labels[j]) !== (rule.side === 'same')) continue;
      if (!mayCompare(problem, i, j)) continue;
      const d = distance(vectors, i, vectors, j);
      if (d < rule.from) tooNear++;
      else if (d < rule.to) {
        const [a, b] = ranks[i]! < ranks[j]! ? [i, j] : [j, i];
        const score = rule.score(d);
        if (first || (selection.isAfter({ score, a, b, c: -1 }) && !selection.isSpent(a) && !selection.isSpent(b))) {
          pool.offer(score, a, b, -1);
        }
      }
    }
    control.progress(at + 1, rows.length);
    if (control.due && (await control.pause())) {
      whole = false;
      break;
    }
  }
  if (first && rule.countNearer) leftOut['minDistance'] = tooNear;
  return whole;
}
