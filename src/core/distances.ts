import type { Distance, Metric, Similarity } from './types';

/**
 * The distances of reference: every component is widened to 64 bits, and terms are added in four interleaved partial sums
 * (component k goes to sum k mod 4), joined as (s0 + s2) + (s1 + s3). All kernels decide with exactly these numbers, so that
 * the same inputs give the same bytes whichever kernel runs. d(x, y) = d(y, x) holds bit for bit.
 */

/** Distance between row i of x and row j of y; rows are `dimension` long. */
export type RowDistance = (x: Float32Array, i: number, y: Float32Array, j: number) => Distance;

/**
 * The distance function of a metric over rows of a given dimension.
 *
 * `l2` sqrt(Σ(x-y)²); `sql2` its square; `l1` Σ|x-y|; `weightedL1` Σ w|x-y|; `cosine` 1 - x·y / sqrt(|x|²|y|²), never below 0;
 * a zero vector has no direction and is at distance 1 from everything.
 * @throws RangeError when weights are missing, of another length, negative or not finite.
 */
export function rowDistance(metric: Metric, dimension: number, weights?: Float32Array): RowDistance {
  switch (metric) {
    case 'l2':
      return (x, i, y, j) => Math.sqrt(sumOfSquares(x, i * dimension, y, j * dimension, dimension)) as Distance;
    case 'sql2':
      return (x, i, y, j) => sumOfSquares(x, i * dimension, y, j * dimension, dimension) as Distance;
    case 'l1':
      return (x, i, y, j) => sumOfAbsolutes(x, i * dimension, y, j * dimension, dimension) as Distance;
    case 'weightedL1': {
      const w = checkedWeights(weights, dimension);
      return (x, i, y, j) => weightedSum(x, i * dimension, y, j * dimension, dimension, w) as Distance;
    }
    case 'cosine':
      return (x, i, y, j) => {
        const xx = dot(x, i * dimension, x, i * dimension, dimension);
        const yy = dot(y, j * dimension, y, j * dimension, dimension);
        return cosineDistance(dot(x, i * dimension, y, j * dimension, dimension), xx, yy);
      };
  }
}

/** Cosine distance from x·y, |x|² and |y|². */
export function cosineDistance(xy: number, xx: number, yy: number): Distance {
  if (xx === 0 || yy === 0) return 1 as Distance;
  return Math.max(0, 1 - xy / Math.sqrt(xx * yy)) as Distance;
}

/** Distance between two vectors of one length. */
export function distance(
  metric: Metric,
  x: Float32Array | readonly number[],
  y: Float32Array | readonly number[],
  weights?: Float32Array,
): Distance {
  if (x.length !== y.length) throw new RangeError(`vectors of ${x.length} and ${y.length} components do not compare`);
  return rowDistance(metric, x.length, weights)(Float32Array.from(x), 0, Float32Array.from(y), 0);
}

/**
 * The similarity that goes with a distance: cosine's is 1 - d, that of the others is -d (as sentence-transformers has it).
 * The only place where one becomes the other.
 */
export function similarityOf(metric: Metric, d: Distance): Similarity {
  return (metric === 'cosine' ? 1 - d : -d) as Similarity;
}

/** Σ x y over n components from xo and yo on. */
export function dot(x: Float32Array, xo: number, y: Float32Array, yo: number, n: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 4 <= n; k += 4) {
    s0 += x[xo + k]! * y[yo + k]!;
    s1 += x[xo + k + 1]! * y[yo + k + 1]!;
    s2 += x[xo + k + 2]! * y[yo + k + 2]!;
    s3 += x[xo + k + 3]! * y[yo + k + 3]!;
  }
  if (k < n) s0 += x[xo + k]! * y[yo + k]!;
  if (k + 1 < n) s1 += x[xo + k + 1]! * y[yo + k + 1]!;
  if (k + 2 < n) s2 += x[xo + k + 2]! * y[yo + k + 2]!;
  return s0 + s2 + (s1 + s3);
}

/** Σ (x - y)² over n components from xo and yo on. */
export function sumOfSquares(x: Float32Array, xo: number, y: Float32Array, yo: number, n: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 4 <= n; k += 4) {
    const d0 = x[xo + k]! - y[yo + k]!;
    const d1 = x[xo + k + 1]! - y[yo + k + 1]!;
    const d2 = x[xo + k + 2]! - y[yo + k + 2]!;
    const d3 = x[xo + k + 3]! - y[yo + k + 3]!;
    s0 += d0 * d0;
    s1 += d1 * d1;
    s2 += d2 * d2;
    s3 += d3 * d3;
  }
  if (k < n) s0 += square(x[xo + k]! - y[yo + k]!);
  if (k + 1 < n) s1 += square(x[xo + k + 1]! - y[yo + k + 1]!);
  if (k + 2 < n) s2 += square(x[xo + k + 2]! - y[yo + k + 2]!);
  return s0 + s2 + (s1 + s3);
}

/** x * x; the power operator may round otherwise. */
const square = (x: number) => x * x;

function sumOfAbsolutes(x: Float32Array, xo: number, y: Float32Array, yo: number, n: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 4 <= n; k += 4) {
    s0 += Math.abs(x[xo + k]! - y[yo + k]!);
    s1 += Math.abs(x[xo + k + 1]! - y[yo + k + 1]!);
    s2 += Math.abs(x[xo + k + 2]! - y[yo + k + 2]!);
    s3 += Math.abs(x[xo + k + 3]! - y[yo + k + 3]!);
  }
  if (k < n) s0 += Math.abs(x[xo + k]! - y[yo + k]!);
  if (k + 1 < n) s1 += Math.abs(x[xo + k + 1]! - y[yo + k + 1]!);
  if (k + 2 < n) s2 += Math.abs(x[xo + k + 2]! - y[yo + k + 2]!);
  return s0 + s2 + (s1 + s3);
}

function weightedSum(x: Float32Array, xo: number, y: Float32Array, yo: number, n: number, w: Float32Array): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 4 <= n; k += 4) {
    s0 += w[k]! * Math.abs(x[xo + k]! - y[yo + k]!);
    s1 += w[k + 1]! * Math.abs(x[xo + k + 1]! - y[yo + k + 1]!);
    s2 += w[k + 2]! * Math.abs(x[xo + k + 2]! - y[yo + k + 2]!);
    s3 += w[k + 3]! * Math.abs(x[xo + k + 3]! - y[yo + k + 3]!);
  }
  if (k < n) s0 += w[k]! * Math.abs(x[xo + k]! - y[yo + k]!);
  if (k + 1 < n) s1 += w[k + 1]! * Math.abs(x[xo + k + 1]! - y[yo + k + 1]!);
  if (k + 2 < n) s2 += w[k + 2]! * Math.abs(x[xo + k + 2]! - y[yo + k + 2]!);
  return s0 + s2 + (s1 + s3);
}

function checkedWeights(weights: Float32Array | undefined, dimension: number): Float32Array {
  if (weights?.length !== dimension) {
    throw new RangeError(`weighted L1 needs ${dimension} weights, one a dimension, not ${weights?.length ?? 'none'}`);
  }
  const bad = weights.findIndex(w => !(w >= 0 && w < Infinity));
  if (bad >= 0) {
    throw new RangeError(`weight ${bad} of the weighted L1 is ${weights[bad]}: weights are finite and not negative`);
  }
  return weights;
}
