import { DIFFERENT, SAME } from './data';
import type { OnlineMining } from './options';
import type { Random } from './random';

/** Tuples of batch rows that a loss is taken over. */
export interface Pairs {
  kind: 'pairs';
  /** row indices, same ones first */
  a: Int32Array;
  b: Int32Array;
  /** how many of them are `same` */
  same: number;
}

export interface Triplets {
  kind: 'triplets';
  anchor: Int32Array;
  positive: Int32Array;
  negative: Int32Array;
}

/** No more triplets a batch than this are used: a random choice of those found. */
const MOST = 4096;

/**
 * Chooses pairs of a batch. `all`: every known pair. Else each row's chosen positive and negatives.
 * @param distances n x n, symmetric
 * @param relations n x n of SAME, DIFFERENT, UNKNOWN
 */
export function minePairs(
  mining: OnlineMining,
  distances: Float32Array,
  relations: Int8Array,
  n: number,
  d: number,
  random: Random,
): Pairs {
  const same: [number, number][] = [];
  const different: [number, number][] = [];
  if (mining === 'all') {
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        const relation = relations[i * n + j];
        if (relation === SAME) same.push([i, j]);
        else if (relation === DIFFERENT) different.push([i, j]);
      }
    }
  } else {
    const seen = new Set<number>();
    const put = (list: [number, number][], i: number, j: number): void => {
      const key = Math.min(i, j) * n + Math.max(i, j);
      if (seen.has(key)) return;
      seen.add(key);
      list.push([i, j]);
    };
    forEachChoice(mining, distances, relations, n, d, random, (a, p, q) => {
      put(same, a, p);
      put(different, a, q);
    });
    // Rows that have no partner of one kind in the batch (answered pairs) still have the other.
    for (let i = 0; i < n; i++)
      lonely(relations, n, i, (j, relation) => put(relation === SAME ? same : different, i, j));
  }
  const all = [...same, ...different];
  return { kind: 'pairs', a: Int32Array.from(all, p => p[0]), b: Int32Array.from(all, p => p[1]), same: same.length };
}

/** Chooses triplets of a batch. */
export function mineTriplets(
  mining: OnlineMining,
  distances: Float32Array,
  relations: Int8Array,
  n: number,
  d: number,
  random: Random,
): Triplets {
  let found: [number, number, number][] = [];
  if (mining === 'all') {
    for (let a = 0; a < n; a++) {
      for (let p = 0; p < n; p++) {
        if (relations[a * n + p] !== SAME) continue;
        for (let q = 0; q < n; q++) if (relations[a * n + q] === DIFFERENT) found.push([a, p, q]);
      }
    }
  } else {
    forEachChoice(mining, distances, relations, n, d, random, (a, p, q) => found.push([a, p, q]));
  }
  if (found.length > MOST) found = random.sample(found, MOST);
  return {
    kind: 'triplets',
    anchor: Int32Array.from(found, t => t[0]),
    positive: Int32Array.from(found, t => t[1]),
    negative: Int32Array.from(found, t => t[2]),
  };
}

function forEachChoice(
  mining: Exclude<OnlineMining, 'all'>,
  distances: Float32Array,
  relations: Int8Array,
  n: number,
  d: number,
  random: Random,
  take: (anchor: number, positive: number, negative: number) => void,
): void {
  for (let a = 0; a < n; a++) {
    const row = distances.subarray(a * n, (a + 1) * n);
    const positives: number[] = [];
    const negatives: number[] = [];
    for (let j = 0; j < n; j++) {
      if (relations[a * n + j] === SAME) positives.push(j);
      else if (relations[a * n + j] === DIFFERENT) negatives.push(j);
    }
    if (positives.length === 0 || negatives.length === 0) continue;
    if (mining === 'batch-hard') {
      take(
        a,
        largest(positives, j => row[j]!),
        largest(negatives, j => -row[j]!),
      );
      continue;
    }
    const draw = mining === 'distance-weighted' ? weightedDraw(negatives, row, d, random) : undefined;
    for (const p of positives) {
      // Semi-hard: the nearest negative beyond the positive; where there is none, the farthest (FaceNet's own way out).
      const beyond = negatives.filter(j => row[j]! > row[p]!);
      const negative = draw
        ? draw()
        : beyond.length > 0
          ? largest(beyond, j => -row[j]!)
          : largest(negatives, j => row[j]!);
      take(a, p, negative);
    }
  }
}

/**
 * Draws negatives with probability proportional to 1 / q(D), q the density of distances between random points of the unit
 * sphere in d dimensions: D^(d-2) (1 - D^2/4)^((d-3)/2). Distances below 0.5 count as 0.5 (Wu et al. 2017).
 */
function weightedDraw(negatives: number[], row: Float32Array, d: number, random: Random): () => number {
  const logs = negatives.map(j => {
    const distance = Math.min(Math.max(row[j]!, 0.5), 1.999);
    return -(d - 2) * Math.log(distance) - ((d - 3) / 2) * Math.log(1 - (distance * distance) / 4);
  });
  const top = Math.max(...logs);
  const weights = logs.map(log => Math.exp(log - top));
  const total = weights.reduce((sum, w) => sum + w, 0);
  return () => {
    let at = random.next() * total;
    for (const [i, w] of weights.entries()) if ((at -= w) <= 0) return negatives[i]!;
    return negatives.at(-1)!;
  };
}

function lonely(relations: Int8Array, n: number, i: number, take: (j: number, relation: number) => void): void {
  const row = relations.subarray(i * n, (i + 1) * n);
  if (row.includes(SAME) && row.includes(DIFFERENT)) return;
  for (let j = 0; j < n; j++) if (row[j] === SAME || row[j] === DIFFERENT) take(j, row[j]!);
}

function largest(list: number[], value: (j: number) => number): number {
  let best = list[0]!;
  for (const j of list) if (value(j) > value(best)) best = j;
  return best;
}
