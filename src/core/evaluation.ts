import type { Metric } from './types';
import { rowDistance } from './distances';
import { finish, type Steps } from './steps';

/**
 * How good embeddings are: retrieval, one-shot classification and verification, each with a 95 % interval. Formulas as in
 * Musgrave, Belongie & Lim 2020 (P@1, R-precision, MAP@R) and ISO/IEC 19795 (error rates of verification).
 */

export interface Interval {
  value: number;
  /** 95 % interval */
  low: number;
  high: number;
}

/** Vectors to judge: row i is `vectors[i*dimension ..]`. */
export interface Embedded {
  vectors: Float32Array;
  dimension: number;
  metric: Metric;
  /** of the weighted L1 */
  weights?: Float32Array;
}

export interface RetrievalReport {
  /** rows that had another of their class to find */
  queries: number;
  /** rows alone in their class: counted, not judged */
  alone: number;
  /** P@1, which is Recall@1 */
  precisionAt1: Interval;
  /** share of queries with one of their class among the k nearest */
  recallAt: Record<number, Interval>;
  rPrecision: Interval;
  mapAtR: Interval;
}

export interface RetrievalOptions {
  ks?: readonly number[];
  queries?: readonly number[];
  gallery?: readonly number[];
  /** pairs of rows of which nobody knows whether they are of one class: neither finds the other, nor is to blame for it */
  isOpen?: (query: number, found: number) => boolean;
}

/**
 * Retrieval, leave one out: each row with a class asks for the others of its class among all rows with one. R is how many
 * there are. Equal distances are ranked by row, so a run repeats.
 * @param labels class of each row; -1: none, left out
 * @param queries rows to ask with; all by default. `gallery`: rows to find; all by default
 */
export function retrieval(data: Embedded, labels: Int32Array, options: RetrievalOptions = {}): RetrievalReport {
  return finish(retrievalSteps(data, labels, options));
}

/** `retrieval`, one query a step: for whoever must listen to others meanwhile. */
export function* retrievalSteps(
  data: Embedded,
  labels: Int32Array,
  options: RetrievalOptions = {},
): Steps<RetrievalReport> {
  const ks = options.ks ?? [1, 5, 10];
  const rows = Array.from({ length: labels.length }, (_, i) => i).filter(i => labels[i]! >= 0);
  const gallery = (options.gallery ?? rows).filter(i => labels[i]! >= 0);
  const between = rowDistance(data.metric, data.dimension, data.weights);
  const firsts: number[] = [];
  const rPrecisions: number[] = [];
  const maps: number[] = [];
  const hits = ks.map(() => 0);
  let alone = 0;
  for (const q of (options.queries ?? rows).filter(i => labels[i]! >= 0)) {
    yield;
    const others = gallery.filter(i => i !== q && !options.isOpen?.(q, i));
    const r = others.filter(i => labels[i] === labels[q]).length;
    if (r === 0) {
      alone++;
      continue;
    }
    const depth = Math.max(r, ...ks);
    const nearest = smallest(others, i => between(data.vectors, q, data.vectors, i), depth);
    const same = nearest.map(i => labels[i] === labels[q]);
    firsts.push(same[0] ? 1 : 0);
    let found = 0;
    let sum = 0;
    for (let k = 0; k < r; k++) if (same[k]) sum += ++found / (k + 1);
    rPrecisions.push(found / r);
    maps.push(sum / r);
    for (const [at, k] of ks.entries()) if (same.slice(0, k).includes(true)) hits[at]!++;
  }
  const queries = firsts.length;
  return {
    queries,
    alone,
    precisionAt1: proportion(firsts.filter(Boolean).length, queries),
    recallAt: Object.fromEntries(ks.map((k, at) => [k, proportion(hits[at]!, queries)])),
    rPrecision: meanInterval(rPrecisions),
    mapAtR: meanInterval(maps),
  };
}

/** One report of several on disjoint queries: means by their number of queries, intervals as of strata. */
export function pooledRetrieval(reports: readonly RetrievalReport[]): RetrievalReport {
  const judged = reports.filter(({ queries }) => queries > 0);
  const queries = judged.reduce((sum, report) => sum + report.queries, 0);
  const share = (report: RetrievalReport): number => report.queries / queries;
  const mean = (of: (report: RetrievalReport) => number): number =>
    queries === 0 ? NaN : judged.reduce((sum, report) => sum + share(report) * of(report), 0);
  const interval = (of: (report: RetrievalReport) => Interval): Interval => {
    const half = ({ value, low, high }: Interval): number => Math.max(value - low, high - value);
    return around(
      mean(report => of(report).value),
      Math.hypot(...judged.map(report => share(report) * half(of(report)))),
    );
  };
  const pooled = (of: (report: RetrievalReport) => Interval): Interval =>
    proportion(Math.round(queries * mean(report => of(report).value)) || 0, queries);
  const ks = Object.keys(judged[0]?.recallAt ?? {}).map(Number);
  return {
    queries,
    alone: reports.reduce((sum, { alone }) => sum + alone, 0),
    precisionAt1: pooled(({ precisionAt1 }) => precisionAt1),
    recallAt: Object.fromEntries(ks.map(k => [k, pooled(({ recallAt }) => recallAt[k]!)])),
    rPrecision: interval(({ rPrecision }) => rPrecision),
    mapAtR: interval(({ mapAtR }) => mapAtR),
  };
}

/** The `count` items of smallest value, nearest first; ties by place in the list. */
function smallest(items: readonly number[], value: (item: number) => number, count: number): number[] {
  const values = Float64Array.from(items, value);
  // The typed array's own order is many times faster than one by a function: it finds how far to look, then few are left.
  const farthest = values.slice().sort()[Math.min(count, items.length) - 1]!;
  const order: number[] = [];
  for (let i = 0; i < values.length; i++) if (values[i]! <= farthest) order.push(i);
  order.sort((a, b) => values[a]! - values[b]! || a - b);
  return order.slice(0, count).map(i => items[i]!);
}

/** One question of N-way one-shot classification: which of the candidates is of the test's class. */
export interface OneShotTrial {
  test: number;
  candidates: readonly number[];
  /** place of the right one in `candidates` */
  right: number;
}

/** Share of trials whose nearest candidate is the right one; a tie counts as the share of the right one in it. */
export function oneShot(data: Embedded, trials: readonly OneShotTrial[]): Interval & { trials: number } {
  return finish(oneShotSteps(data, trials));
}

/** `oneShot`, one trial a step. */
export function* oneShotSteps(data: Embedded, trials: readonly OneShotTrial[]): Steps<Interval & { trials: number }> {
  const between = rowDistance(data.metric, data.dimension, data.weights);
  let score = 0;
  for (const { test, candidates, right } of trials) {
    yield;
    const distances = candidates.map(c => between(data.vectors, test, data.vectors, c));
    const least = Math.min(...distances);
    const tied = distances.filter(d => d === least).length;
    if (distances[right] === least) score += 1 / tied;
  }
  return { ...proportion(score, trials.length), trials: trials.length };
}

/** Distances of pairs of rows, in steps. */
export function* distanceSteps(data: Embedded, pairs: readonly { a: number; b: number }[]): Steps<Float64Array> {
  const between = rowDistance(data.metric, data.dimension, data.weights);
  const distances = new Float64Array(pairs.length);
  for (const [i, { a, b }] of pairs.entries()) {
    if (i % 64 === 0) yield;
    distances[i] = between(data.vectors, a, data.vectors, b);
  }
  return distances;
}

export interface VerificationReport {
  pairs: number;
  same: number;
  /** chance that a same pair is nearer than a different one, ties half */
  auc: Interval;
  /** where false matches and false non-matches are as frequent */
  equalErrorRate: number;
  /** the distance at that point: pairs nearer than or at it count as same */
  threshold: number;
  /** false non-match rate at a false match rate of at most the key */
  fnmrAt: Record<string, number>;
  /** ROC: false match rate, true match rate, distance; at most 200 points */
  roc: { fmr: number; tmr: number; distance: number }[];
}

/** False match rates at which the false non-match rate is told. */
export const FMR_LIMITS = [0.1, 0.01, 0.001] as const;

/**
 * Verification from distances of pairs. A pair is called same where its distance is <= the threshold.
 * @throws RangeError when one of the two kinds is missing
 */
export function verification(distances: ArrayLike<number>, same: ArrayLike<boolean | number>): VerificationReport {
  const n = distances.length;
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => distances[a]! - distances[b]!);
  const positives = order.reduce((sum, i) => sum + (same[i] ? 1 : 0), 0);
  const negatives = n - positives;
  if (positives === 0 || negatives === 0) {
    throw new RangeError(
      `verification needs pairs of both kinds; there are ${positives} same and ${negatives} different`,
    );
  }
  const points = [{ fmr: 0, tmr: 0, distance: -Infinity }];
  let tp = 0;
  let fp = 0;
  let area = 0;
  for (let at = 0; at < n;) {
    const d = distances[order[at]!]!;
    const [tp0, fp0] = [tp, fp];
    while (at < n && distances[order[at]!] === d) {
      if (same[order[at]!]) tp++;
      else fp++;
      at++;
    }
    area += ((fp - fp0) * (tp0 + tp)) / 2;
    points.push({ fmr: fp / negatives, tmr: tp / positives, distance: d });
  }
  const auc = area / (positives * negatives);
  const eer = equalError(points);
  const fnmrAt: Record<string, number> = {};
  for (const limit of FMR_LIMITS) {
    fnmrAt[String(limit)] = 1 - points.filter(p => p.fmr <= limit).at(-1)!.tmr;
  }
  const step = Math.max(1, Math.ceil(points.length / 200));
  return {
    pairs: n,
    same: positives,
    auc: aucInterval(auc, positives, negatives),
    equalErrorRate: eer.rate,
    threshold: eer.distance,
    fnmrAt,
    roc: points.filter((_, i) => i > 0 && (i % step === 0 || i === points.length - 1)),
  };
}

/** Where the false match rate meets the false non-match rate, between the two points around it. */
function equalError(points: { fmr: number; tmr: number; distance: number }[]): { rate: number; distance: number } {
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1]!, points[i]!];
    const rate = meetingRate(a, b);
    if (rate !== undefined) return { rate, distance: b.distance };
  }
  return { rate: 0, distance: points.at(-1)!.distance };
}

/** Where the two rates meet between neighbouring points of the ROC; undefined where the false matches are still fewer at the second. */
export function meetingRate(a: { fmr: number; tmr: number }, b: { fmr: number; tmr: number }): number | undefined {
  const [before, after] = [a.fmr - (1 - a.tmr), b.fmr - (1 - b.tmr)];
  if (after < 0) return undefined;
  const share = after === before ? 0 : -before / (after - before);
  return a.fmr + share * (b.fmr - a.fmr);
}

/** Hanley & McNeil 1982. */
function aucInterval(auc: number, positives: number, negatives: number): Interval {
  const q1 = auc / (2 - auc);
  const q2 = (2 * auc * auc) / (1 + auc);
  const variance =
    (auc * (1 - auc) + (positives - 1) * (q1 - auc * auc) + (negatives - 1) * (q2 - auc * auc)) /
    (positives * negatives);
  return around(auc, 1.96 * Math.sqrt(Math.max(0, variance)));
}

/** A share of `of` trials, with Wilson's interval (1927). */
export function proportion(successes: number, of: number): Interval {
  if (of === 0) return { value: NaN, low: NaN, high: NaN };
  const z = 1.96;
  const p = successes / of;
  const denominator = 1 + (z * z) / of;
  const middle = (p + (z * z) / (2 * of)) / denominator;
  const half = (z * Math.sqrt((p * (1 - p)) / of + (z * z) / (4 * of * of))) / denominator;
  return { value: p, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/** A mean with its normal interval. */
export function meanInterval(values: readonly number[]): Interval {
  const n = values.length;
  if (n === 0) return { value: NaN, low: NaN, high: NaN };
  const mean = values.reduce((sum, v) => sum + v, 0) / n;
  const variance = n < 2 ? 0 : values.reduce((sum, v) => sum + (v - mean) * (v - mean), 0) / (n - 1);
  return around(mean, 1.96 * Math.sqrt(variance / n));
}

function around(value: number, half: number): Interval {
  return { value, low: Math.max(0, value - half), high: Math.min(1, value + half) };
}
