import { rowDistance } from '../distances';
import { mayCompare } from './guards';
import { DIFFERENT, answerOf, type Problem } from './problem';
import type { PairCandidate } from './types';

/** Nearest rows of each row, nearest first: row i's are `rows[i * count ..]`, -1 where there are fewer. */
export interface NearestRows {
  count: number;
  rows: Int32Array;
  distances: Float64Array;
}

/** The score of what is certain: more than any share, so that it comes first. */
export const CERTAIN = 2;

/**
 * Suspected label errors, best first, by three signs:
 * - an image that is filed under several classes at once (`data.conflicts`), which is certain: paired with the nearest image of
 *   another of its classes (where there is none, of its own; else with the nearest of all), until such a pair is answered;
 * - an image whose nearest neighbours (leave-one-out) say another class than its own: paired with the nearest one of that
 *   class; score: the share of votes by which that class leads;
 * - two images of different classes that are each other's nearest of all, and nearer than half of all images are to their own
 *   class: probably one thing under two names; score: by how much they are nearer, as a share.
 *
 * An image alone in its class has nobody to vote for it and is not judged by the second sign. Neighbours answered `different`
 * from the image do not vote. Ties fall by hash.
 */
export function labelErrors(problem: Problem, nearest: NearestRows): PairCandidate[] {
  const suspects = new Map<string, PairCandidate>();
  const add = (i: number, j: number, found: Pick<PairCandidate, 'distance' | 'score' | 'reason'>, isOne: boolean) => {
    const [a, b] = problem.ranks[i]! < problem.ranks[j]! ? [i, j] : [j, i];
    const known = suspects.get(`${a} ${b}`);
    if (known && known.score >= found.score) return;
    suspects.set(`${a} ${b}`, { kind: 'pair', a, b, ...found, ...(isOne && { suspect: a === i ? 'a' : 'b' }) });
  };
  const typical = medianToOwnClass(problem, nearest);
  const sizes = new Map(problem.classes.map(({ label, start, end }) => [label, end - start]));
  for (const i of problem.rows) {
    const vote = voteOf(problem, nearest, i, sizes.get(problem.data.labels[i]!)!);
    if (vote) add(i, vote.witness, { distance: vote.distance, score: vote.lead, reason: vote.reason }, true);
    const twin = twinOf(problem, nearest, i, typical);
    if (twin)
      add(i, twin.row, { distance: twin.distance, score: 1 - twin.distance / typical, reason: twin.reason }, false);
    const conflict = problem.data.conflicts?.get(i);
    const witness = conflict && witnessOf(problem, nearest, i, conflict.labels);
    if (witness) add(i, witness.row, { distance: witness.distance, score: CERTAIN, reason: conflict.reason }, true);
  }
  const { ranks } = problem;
  return [...suspects.values()].sort(
    (x, y) => y.score - x.score || ranks[x.a]! - ranks[y.a]! || ranks[x.b]! - ranks[y.b]!,
  );
}

function voteOf(problem: Problem, { count, rows, distances }: NearestRows, i: number, classSize: number) {
  const { data, answered } = problem;
  const own = data.labels[i]!;
  // a small class has few votes to give: no more are heard than twice what it could cast, so that it can hold its own
  const heard = Math.min(count, 2 * (classSize - 1));
  const votes = new Map<number, number>();
  let voters = 0;
  for (let at = i * count; at < i * count + heard && rows[at]! >= 0; at++) {
    if (answerOf(answered, i, rows[at]!) === DIFFERENT) continue;
    const label = data.labels[rows[at]!]!;
    votes.set(label, (votes.get(label) ?? 0) + 1);
    voters++;
  }
  // of equally many votes those of the nearest neighbour's class count, as the map is in order of nearness
  let other = -1;
  for (const [label, n] of votes) if (label !== own && n > (votes.get(other) ?? 0)) other = label;
  const ownVotes = votes.get(own) ?? 0;
  const lead = ((votes.get(other) ?? 0) - ownVotes) / Math.max(1, voters);
  if (other < 0 || lead <= 0) return undefined;
  let at = i * count;
  while (data.labels[rows[at]!] !== other) at++;
  const reason =
    `${votes.get(other)} of its ${voters} nearest images are ${nameOf(problem, other)}, ` +
    `${ownVotes === 0 ? 'none' : ownVotes} ${ownVotes > 1 ? 'are' : 'is'} ${nameOf(problem, own)}`;
  return { witness: rows[at]!, distance: distances[at]!, lead, reason };
}

/** The image to look at beside one of several classes: the nearest of the others, of its own, of all; none once one is judged. */
function witnessOf(
  problem: Problem,
  { count, rows, distances }: NearestRows,
  i: number,
  others: readonly number[],
): { row: number; distance: number } | undefined {
  const { data, answered, classes, request } = problem;
  // Where its other classes have no image of their own, any answer about it is one.
  const alone = !classes.some(({ label }) => others.includes(label));
  for (let at = answered.starts[i]!; at < answered.starts[i + 1]!; at++) {
    if (alone || others.includes(data.labels[answered.others[at]!]!)) return undefined;
  }
  const between = rowDistance(request.metric, data.dimension, request.weights);
  const nearestOf = (labels: readonly number[]) => {
    let best: { row: number; distance: number } | undefined;
    for (const { label, start, end } of classes) {
      if (!labels.includes(label)) continue;
      for (const row of problem.rows.subarray(start, end)) {
        if (!mayCompare(problem, i, row)) continue;
        const distance = between(data.vectors, i, data.vectors, row);
        // rows of a class are in the order of their hashes: the first of equal ones stays
        if (!best || distance < best.distance) best = { row, distance };
      }
    }
    return best;
  };
  const first = rows[i * count]!;
  return (
    nearestOf(others) ??
    nearestOf([data.labels[i]!]) ??
    (first < 0 ? undefined : { row: first, distance: distances[i * count]! })
  );
}

function twinOf(problem: Problem, { count, rows, distances }: NearestRows, i: number, typical: number) {
  const { labels } = problem.data;
  const j = rows[i * count]!;
  const distance = distances[i * count]!;
  if (j < 0 || rows[j * count] !== i || labels[i] === labels[j] || !(distance < typical)) return undefined;
  const names = [nameOf(problem, labels[i]!), nameOf(problem, labels[j]!)].sort().join(' and ');
  return {
    row: j,
    distance,
    reason: `each other's nearest image, though ${names}, and nearer than half of all images are to their own class`,
  };
}

/** Median of the distances to the nearest image of the own class; those beyond the list count as infinitely far. */
function medianToOwnClass({ rows, data }: Problem, nearest: NearestRows): number {
  const { labels } = data;
  const { count } = nearest;
  const own = Float64Array.from(rows, i => {
    for (let at = i * count; at < (i + 1) * count && nearest.rows[at]! >= 0; at++) {
      if (labels[nearest.rows[at]!] === labels[i]) return nearest.distances[at]!;
    }
    return Infinity;
  }).sort();
  const median = own[Math.floor((own.length - 1) / 2)] ?? 0;
  return median === Infinity ? Math.max(0, ...own.filter(d => d < Infinity)) : median;
}

function nameOf({ data }: Problem, label: number): string {
  const name = data.classNames?.[label];
  return name === undefined ? `of class ${label}` : `“${name}”`;
}
