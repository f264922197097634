import { ROWS_OF_TASK } from './phases';
import type { Plan } from './plan';
import { roundingOf } from './rounding';
import type { Thread } from './thread';

/** What adds the few operations after a sum to its error, and keeps terms off the smallest numbers. */
export const TINY = 1e-36;

/** Products of floats that are added up before their sum is added to the others, as in assembly/plan.ts. */
const CHUNK = 32;

/**
 * Moves, scales and rounds rows into panels of eight, and bounds the error of what comes of them.
 *
 * With a and b rows rounded to 32-bit floats, s = fl(Σ ab) and E = 1.02 γ(t + 16), the true squared distance of the scaled
 * vectors lies in [(1 - E)(|a|² + |b|²) - 2s, … + 2E(|a|² + |b|²)]: γ(t) |a||b| is the error of the sum, in which a product
 * goes through t = min(d, 32) + ⌈d / 32⌉ roundings at most, first in its chunk and then with it; 4u(|a|² + |b|²) is that of
 * rounding the rows, and 4u(|a|² + |b|²) that of the terms and the two additions after it. For sums of absolute differences the
 * error is a share of the sum itself, and with weights 2u of the rows' lengths on top. For 16-bit rows see `pack-all.ts`.
 */
export function packRows({ views, places, request, kernel }: Thread, plan: Plan, task: number): void {
  const { n, d, words } = plan;
  const padded = Math.ceil(n / 8) * 8;
  const from = task * ROWS_OF_TASK;
  const to = Math.min(from + ROWS_OF_TASK, padded);
  const { i16, f32, f64 } = views;
  const exact = plan.exactRows / 4;
  const centre = f64.subarray(places.centre / 8, places.centre / 8 + d);
  const weights = f32.subarray(plan.weights / 4, plan.weights / 4 + d);
  const { metric } = request;
  const weighted = metric === 'weightedL1';
  const absolute = metric === 'l1' || weighted;
  const error = roundingOf(absolute ? d + 24 : Math.min(d, CHUNK) + Math.ceil(d / CHUNK) + 16) * 1.02;
  const scale = metric === 'cosine' ? 1 : metric === 'sql2' ? Math.sqrt(plan.scale) : plan.scale;
  for (let i = from; i < to; i++) {
    const out = plan.panels / 4 + (i >> 3) * 8 * words + (i & 7);
    const term = plan.lowerTerms / 4 + i;
    const width = plan.widths / 4 + i;
    if (i >= n) {
      for (let k = 0; k < words; k++) f32[out + 8 * k] = 0;
      f32[term] = NaN;
      f32[width] = 0;
      continue;
    }
    let factor = scale;
    if (metric === 'cosine') {
      const norm = kernel.squaredNorm(i);
      f64[plan.norms / 8 + i] = norm;
      factor = norm > 0 ? 1 / Math.sqrt(norm) : 0;
    }
    let size = 0;
    if (places.shorts > 0) {
      let off = 0;
      for (let k = 0; k < 2 * words; k++) {
        const x = k < d ? (f32[exact + i * d + k]! - centre[k]!) * factor : 0;
        const rounded = Math.round(x * places.shorts);
        i16[2 * (out + 8 * (k >> 1)) + (k & 1)] = rounded;
        size += x * x;
        off += (rounded - x * places.shorts) ** 2;
      }
      f32[term] = factor === 0 ? 1 : size;
      f32[width] = off;
      continue;
    }
    for (let k = 0; k < d; k++) {
      const moved = (f32[exact + i * d + k]! - centre[k]!) * factor;
      const x = Math.fround(weighted ? moved * weights[k]! : moved);
      f32[out + 8 * k] = x;
      size += absolute ? Math.abs(x) : x * x;
    }
    if (absolute) {
      const off = weighted ? 2.2 * 2 ** -24 * size : 0;
      f32[term] = -off - TINY;
      f32[width] = 4 * off + 4 * TINY;
    } else {
      // a zero vector is at cosine distance 1 from everything: its missing length is made up for
      if (factor === 0) size = 1;
      f32[term] = (1 - error) * size - TINY;
      f32[width] = 2.002 * error * size + 4 * TINY;
    }
  }
}
