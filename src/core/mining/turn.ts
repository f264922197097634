import { rowDistance } from '../distances';
import { Random } from '../random';
import type { Metric } from '../types';
import { mayBePositive } from './guards';
import { OTHER, SAME, type Problem } from './problem';

/** The distance that a lane turns on, and how it came about, in words. */
export interface Turn {
  distance: number;
  notes: string[];
}

/** Same-class pairs up to which their quantile is taken over all of them. */
const ALL_PAIRS = 2_000_000;
const SAMPLED_PAIRS = 500_000;

/** An answered pair by its distance. */
export interface SeparablePair {
  distance: number;
  same: boolean;
}

/**
 * The threshold that best separates answers: pairs below it are taken for `same`. Best is the largest mean of the two shares
 * that fall on their right side (balanced accuracy); among equals the lowest. It lies midway between two neighbouring
 * distances.
 * @returns undefined without at least one answer of each kind
 */
export function bestThreshold(pairs: readonly SeparablePair[]): number | undefined {
  const sorted = [...pairs].sort((x, y) => x.distance - y.distance);
  const same = sorted.filter(pair => pair.same).length;
  const different = sorted.length - same;
  if (same === 0 || different === 0) return undefined;
  let sameBelow = 0;
  let differentBelow = 0;
  let best = -1;
  let threshold = sorted[0]!.distance;
  for (let at = 0; at <= sorted.length; at++) {
    if (at > 0) {
      if (sorted[at - 1]!.same) sameBelow++;
      else differentBelow++;
      if (at < sorted.length && sorted[at]!.distance === sorted[at - 1]!.distance) continue;
    }
    const accuracy = sameBelow / same + (different - differentBelow) / different;
    if (accuracy > best) {
      best = accuracy;
      const below = sorted[at - 1]?.distance ?? 0;
      const above = sorted[at]?.distance ?? below;
      threshold = (below + above) / 2;
    }
  }
  return threshold;
}

/** The threshold around which pairs are uncertain: the one asked for, the best between the answers, or the margin. */
export function uncertainTurn(problem: Problem): Turn {
  const { data, rows, answered, request } = problem;
  if (request.threshold !== undefined) return { distance: request.threshold, notes: [] };
  const distance = rowDistance(request.metric, data.dimension, request.weights);
  const mined = new Uint8Array(data.ids.length);
  for (const row of rows) mined[row] = 1;
  const pairs: SeparablePair[] = [];
  for (const i of rows) {
    for (let at = answered.starts[i]!; at < answered.starts[i + 1]!; at++) {
      const j = answered.others[at]!;
      const code = answered.relations[at]!;
      if (j <= i || !mined[j] || code === OTHER) continue;
      pairs.push({ distance: distance(data.vectors, i, data.vectors, j), same: code === SAME });
    }
  }
  const threshold = bestThreshold(pairs);
  if (threshold !== undefined) return { distance: threshold, notes: [] };
  return {
    distance: request.margin,
    notes: ['there are no answers of both kinds yet, so that pairs around the margin come first'],
  };
}

/**
 * The quantile of the distances of all same-class pairs (nearest rank: the least distance that at least this share of the
 * pairs does not exceed); beyond two million pairs that of half a million drawn at random.
 */
export function* positiveQuantile(problem: Problem): Generator<undefined, Turn> {
  const { data, rows, classes, request } = problem;
  const { vectors } = data;
  const between = rowDistance(request.metric, data.dimension, request.weights);
  const quantile = request.quantile ?? 0.9;
  const sizes = classes.map(({ start, end }) => ((end - start) * (end - start - 1)) / 2);
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const distances: number[] = [];
  const notes: string[] = [];
  if (all <= ALL_PAIRS) {
    for (const { start, end } of classes) {
      for (let a = start; a < end; a++) {
        for (let b = a + 1; b < end; b++) {
          if (mayBePositive(problem, rows[a]!, rows[b]!)) distances.push(between(vectors, rows[a]!, vectors, rows[b]!));
        }
        yield;
      }
    }
  } else {
    const random = new Random(request.seed);
    const ends: number[] = [];
    sizes.forEach((size, at) => ends.push((ends[at - 1] ?? 0) + size));
    while (distances.length < SAMPLED_PAIRS) {
      const pair = Math.floor(random.next() * all);
      const { start, end } = classes[ends.findIndex(sum => pair < sum)]!;
      const a = start + random.below(end - start);
      const b = start + random.below(end - start);
      if (a === b || !mayBePositive(problem, rows[a]!, rows[b]!)) continue;
      distances.push(between(vectors, rows[a]!, vectors, rows[b]!));
      if (distances.length % 1024 === 0) yield;
    }
    notes.push(`the quantile was measured on ${SAMPLED_PAIRS} of ${all} same-class pairs, drawn at random`);
  }
  const sorted = Float64Array.from(distances).sort();
  const place = Math.max(0, Math.ceil(quantile * sorted.length) - 1);
  return { distance: sorted[place] ?? 0, notes };
}

/**
 * How far near duplicates may be apart where nobody says: 15 % of the median distance between images drawn at random, on a
 * scale of lengths (for squared distances and cosine its square).
 */
export function defaultDuplicateDistance(problem: Problem): number {
  const { data, rows, request } = problem;
  if (rows.length < 2) return 0;
  const between = rowDistance(request.metric, data.dimension, request.weights);
  const random = new Random(1);
  const distances = new Float64Array(2048);
  for (let at = 0; at < distances.length; at++) {
    const i = random.below(rows.length);
    const j = (i + 1 + random.below(rows.length - 1)) % rows.length;
    distances[at] = between(data.vectors, rows[i]!, data.vectors, rows[j]!);
  }
  return distances.sort()[distances.length / 2]! * (isSquared(request.metric) ? 0.15 ** 2 : 0.15);
}

const isSquared = (metric: Metric) => metric === 'sql2' || metric === 'cosine';
