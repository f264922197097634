import { rowDistance } from '../../core/distances';
import type { Metric } from '../../core/types';

/**
 * All distances between n rows of d floats, n x n: what online mining chooses by, and small evaluations rank by. Large sets
 * go through the kernel room.
 */
export function distanceMatrix(
  metric: Metric,
  z: Float32Array,
  n: number,
  d: number,
  weights?: Float32Array,
): Float32Array {
  const between = rowDistance(metric, d, weights);
  const out = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const v = between(z, i, z, j);
      out[i * n + j] = v;
      out[j * n + i] = v;
    }
  }
  return out;
}

/** Turns squared l2 or cosine distances into the l2 distances of the same unit vectors, in place: on the sphere all order alike. */
export function toSphere(metric: Metric, distances: Float32Array): void {
  if (metric !== 'sql2' && metric !== 'cosine') return;
  const factor = metric === 'cosine' ? 2 : 1;
  for (let i = 0; i < distances.length; i++) distances[i] = Math.sqrt(Math.max(0, factor * distances[i]!));
}
