import type { Steps } from '../../core/steps';

/**
 * The identity's part in the scatter that is inverted, 0 to 1: directions that hardly vary within a class are lengthened at
 * most by about the root of its inverse. Between 0.1 and 0.4 little changed on sets never seen.
 */
const SHRINKAGE = 0.2;

/**
 * Scatter of vectors within their classes, divided by the mean of its diagonal; undefined where no class has two different
 * images. One `yield` every few rows.
 * @param vectors one a row, `n` numbers each
 * @param labels class of each row; -1: none
 * @returns n x n, its lower triangle
 */
export function* scatterWithin(
  vectors: Float32Array,
  n: number,
  labels: ArrayLike<number>,
): Steps<Float64Array | undefined> {
  const means = new Map<number, { sum: Float64Array; count: number }>();
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (label < 0) continue;
    const known = means.get(label) ?? { sum: new Float64Array(n), count: 0 };
    known.count++;
    for (let i = 0; i < n; i++) known.sum[i]! += vectors[row * n + i]!;
    means.set(label, known);
  }
  const scatter = new Float64Array(n * n);
  const delta = new Float64Array(n);
  for (let row = 0; row < labels.length; row++) {
    const of = means.get(labels[row]!);
    if (!of || of.count < 2) continue;
    for (let i = 0; i < n; i++) delta[i] = vectors[row * n + i]! - of.sum[i]! / of.count;
    for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) scatter[i * n + j]! += delta[i]! * delta[j]!;
    if (row % 64 === 0) yield;
  }
  let trace = 0;
  for (let i = 0; i < n; i++) trace += scatter[i * n + i]!;
  // Rounding alone leaves a trace like this of images that are all the same.
  if (!(trace > 1e-12)) return undefined;
  for (let k = 0; k < scatter.length; k++) scatter[k]! *= n / trace;
  return scatter;
}

/**
 * Relevant component analysis (Bar-Hillel, Hertz, Shental & Weinshall 2005): the map after which vectors vary within their
 * classes alike in every direction, so that what tells pictures of one class apart counts less. L^-1 for L L' the scatter
 * mixed with the identity (Ledoit & Wolf 2004); any root gives the same distances.
 * @param scatter as `scatterWithin` gives it
 * @returns W row by row: y_i = sum_j W_ij x_j
 */
export function whiteningOf(scatter: Float64Array, n: number, shrinkage = SHRINKAGE): Float64Array {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = (1 - shrinkage) * scatter[i * n + j]! + (i === j ? shrinkage : 0);
      for (let k = 0; k < j; k++) sum -= lower[i * n + k]! * lower[j * n + k]!;
      lower[i * n + j] = i === j ? Math.sqrt(sum) : sum / lower[j * n + j]!;
    }
  }
  const inverse = new Float64Array(n * n);
  for (let column = 0; column < n; column++) {
    for (let i = column; i < n; i++) {
      let sum = i === column ? 1 : 0;
      for (let k = column; k < i; k++) sum -= lower[i * n + k]! * inverse[k * n + column]!;
      inverse[i * n + column] = sum / lower[i * n + i]!;
    }
  }
  return inverse;
}
