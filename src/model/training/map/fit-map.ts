import { bestThreshold } from '../../../core/mining/turn';
import type { Steps } from '../../../core/steps';

/** Vectors, one a row, and what is known of pairs of them. */
export interface KnownPairs {
  vectors: Float32Array;
  dimension: number;
  /** compared by l2 on the unit sphere; else as they are */
  normalise: boolean;
  same: readonly (readonly [number, number])[];
  different: readonly (readonly [number, number])[];
}

/** Slope of the logistic in units of the usual distance (1 on the unit sphere): how sharply `same` turns into `different`. */
const SLOPE = 10;
/**
 * How strongly the map is held near the identity, over the number of pairs of the rarer kind: what is believed before any
 * answer weighs as much as some of them. Kept within bounds, for pairs that follow from others are no new evidence.
 */
const PULL = 0.4;
const [LEAST_PULL, MOST_PULL] = [0.001, 0.02];
const STEPS = 60;
const RATE = 0.003;
const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];
const TINY = 1e-12;

/**
 * Learns a square linear map of vectors from pairs, one `yield` a step. It begins as the identity and is pulled back to it,
 * so that few answers do not spoil what the network knows (L2-SP, Li, Grandvalet & Davoine 2018, on a map alone):
 *
 *   mean over each kind of softplus(±s (d - t)) / s, the two means averaged, + pull |W - I|²
 *
 * d is the distance of the mapped vectors (of unit length again where `normalise`), t the threshold that best separates the
 * pairs before, s the slope. All pairs in every step, Adam, a rate that comes down to zero: the same pairs give the same map.
 * @returns W row by row: y_i = sum_j W_ij x_j
 * @throws RangeError unless there are pairs of both kinds
 */
export function* fitMap(data: KnownPairs): Steps<Float64Array> {
  const { same, different, dimension: n } = data;
  const rarer = Math.min(same.length, different.length);
  const pull = Math.min(MOST_PULL, Math.max(LEAST_PULL, PULL / rarer));
  const local = compact(data);
  const identity = identityMap(n);
  const w = identity.slice();
  const [first, second, gradient] = [0, 1, 2].map(() => new Float64Array(n * n)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const before = yield* mapped(local, w);
  const distances = local.pairs.map(([a, b]) => distanceOf(before.units, n, a, b));
  const threshold = bestThreshold(distances.map((distance, i) => ({ distance, same: i < same.length })));
  if (threshold === undefined) throw new RangeError('a map needs pairs of both kinds');
  const usual = data.normalise ? 1 : distances.reduce((sum, d) => sum + d, 0) / distances.length || 1;
  const slope = SLOPE / usual;
  for (let step = 1; step <= STEPS; step++) {
    const { units, lengths } = yield* mapped(local, w);
    const wanted = new Float64Array(units.length);
    for (const [i, [a, b]] of local.pairs.entries()) {
      const d = distanceOf(units, n, a, b);
      const p = 1 / (1 + Math.exp(slope * (d - threshold)));
      const share = i < same.length ? (1 - p) / same.length : -p / different.length;
      const factor = share / 2 / d;
      for (let k = 0; k < n; k++) {
        const g = factor * (units[a * n + k]! - units[b * n + k]!);
        wanted[a * n + k]! += g;
        wanted[b * n + k]! -= g;
      }
    }
    yield;
    for (let k = 0; k < gradient.length; k++) gradient[k] = 2 * pull * (w[k]! - identity[k]!);
    for (let row = 0; row < local.count; row++) {
      const at = row * n;
      if (data.normalise) throughLength(wanted, units, at, n, lengths[row]!);
      for (let i = 0; i < n; i++) {
        const g = wanted[at + i]!;
        if (g !== 0) for (let j = 0; j < n; j++) gradient[i * n + j]! += g * local.vectors[at + j]!;
      }
      if (row % 64 === 0) yield;
    }
    const rate = RATE * 0.5 * (1 + Math.cos((Math.PI * step) / STEPS));
    for (let k = 0; k < w.length; k++) {
      first[k] = BETA1 * first[k]! + (1 - BETA1) * gradient[k]!;
      second[k] = BETA2 * second[k]! + (1 - BETA2) * gradient[k]! ** 2;
      w[k]! -= (rate * first[k]!) / (1 - BETA1 ** step) / (Math.sqrt(second[k]! / (1 - BETA2 ** step)) + EPSILON);
    }
    yield;
  }
  return w;
}

/** Distances of pairs after a map, as `fitMap` measures them; without a map as they are. */
export function* mappedDistances(
  data: Omit<KnownPairs, 'same' | 'different'>,
  pairs: readonly (readonly [number, number])[],
  map?: Float64Array,
): Steps<number[]> {
  const local = compact({ ...data, same: pairs, different: [] });
  const { units } = yield* mapped(local, map ?? identityMap(data.dimension));
  return local.pairs.map(([a, b]) => distanceOf(units, data.dimension, a, b));
}

export function identityMap(n: number): Float64Array {
  const map = new Float64Array(n * n);
  for (let i = 0; i < n; i++) map[i * n + i] = 1;
  return map;
}

interface Rows {
  vectors: Float32Array | Float64Array;
  count: number;
  dimension: number;
  normalise: boolean;
}

interface Compact extends Rows {
  /** same ones first */
  pairs: [number, number][];
}

/** The rows that pairs are about, and no others. */
function compact({ vectors, dimension: n, normalise, same, different }: KnownPairs): Compact {
  const places = new Map<number, number>();
  const place = (row: number): number => {
    const known = places.get(row);
    if (known !== undefined) return known;
    places.set(row, places.size);
    return places.size - 1;
  };
  const pairs = [...same, ...different].map(([a, b]): [number, number] => [place(a), place(b)]);
  const rows = new Float64Array(places.size * n);
  for (const [row, at] of places) rows.set(vectors.subarray(row * n, (row + 1) * n), at * n);
  return { vectors: rows, count: places.size, dimension: n, normalise, pairs };
}

/** Rows after a map, of unit length again where `normalise`, and the lengths they had before that (1 where not). */
export function* mapped(
  { vectors, count, dimension: n, normalise }: Rows,
  w: Float64Array,
): Steps<{ units: Float64Array; lengths: Float64Array }> {
  const units = new Float64Array(count * n);
  const lengths = new Float64Array(count).fill(1);
  for (let row = 0; row < count; row++) {
    const at = row * n;
    let squares = 0;
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += w[i * n + j]! * vectors[at + j]!;
      units[at + i] = sum;
      squares += sum * sum;
    }
    if (normalise) {
      lengths[row] = Math.sqrt(squares + TINY);
      for (let i = 0; i < n; i++) units[at + i]! /= lengths[row]!;
    }
    if (row % 64 === 0) yield;
  }
  return { units, lengths };
}

/** From a gradient on a vector of unit length to one on the vector before it was scaled: the part across it, by its length. */
function throughLength(g: Float64Array, units: Float64Array, at: number, n: number, length: number): void {
  let along = 0;
  for (let i = 0; i < n; i++) along += g[at + i]! * units[at + i]!;
  for (let i = 0; i < n; i++) g[at + i] = (g[at + i]! - along * units[at + i]!) / length;
}

function distanceOf(vectors: Float64Array, n: number, a: number, b: number): number {
  let sum = TINY;
  for (let k = 0; k < n; k++) sum += (vectors[a * n + k]! - vectors[b * n + k]!) ** 2;
  return Math.sqrt(sum);
}
