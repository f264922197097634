import { tripletScore } from '../core/mining/triplet-rule';
import type { Window } from './phases';
import type { Plan } from './plan';
import type { Thread } from './thread';

/**
 * Offers an anchor's semi-hard triplets where each positive has the gap of its place: its negative is the nearest row of that
 * gap, or of the first one after it that is not empty. Exact distances are only worked out for triplets that bounds neither
 * rule out nor show to be worse than what the pool would keep.
 */
export function emitFromGaps(thread: Thread, plan: Plan, window: Window, i: number): void {
  const { views, kernel, request } = thread;
  const { i32, f64 } = views;
  const { margin } = request;
  const inclusive = request.boundary === 'inclusive';
  const pool = thread.pool!;
  const s = i - window.start;
  const first = i32[window.positiveStarts / 4 + s]!;
  const positiveRows = window.positiveRows / 4;
  const positiveDistances = window.positiveDistances / 8;
  let row = -1;
  let range: Range | undefined;
  let distance = NaN;
  for (let p = first + i32[window.positiveCounts / 4 + s]! - 1; p >= first; p--) {
    const nearest = nearestOfGap(thread, plan, i, p);
    if (nearest >= 0) {
      row = i32[plan.gapRows / 4 + nearest]!;
      range = rangeOf(thread, plan, i, nearest);
      distance = NaN;
    }
    if (!range) continue;
    const dp = f64[positiveDistances + p]!;
    if (Number.isNaN(distance)) {
      if (range.low - dp > margin) continue;
      if (range.high - dp < margin && tripletScore(margin, dp, range.low) < pool.cutoff) {
        pool.passOver();
        continue;
      }
      distance = kernel.exact(i, row);
    }
    const t = distance - dp;
    if (t < margin || (inclusive && t === margin)) {
      thread.offer(tripletScore(margin, dp, distance), i, i32[positiveRows + p]!, row);
    }
  }
}

interface Range {
  low: number;
  high: number;
}

/** The place of a gap's nearest row, -1 of an empty gap. */
function nearestOfGap(thread: Thread, plan: Plan, i: number, gap: number): number {
  const { i32 } = thread.views;
  const rows = plan.gapRows / 4;
  let best = -1;
  for (let at = gap * plan.gapRoom; at < (gap + 1) * plan.gapRoom; at++) {
    if (i32[rows + at]! >= 0 && (best < 0 || isNearer(thread, plan, i, at, best))) best = at;
  }
  return best;
}

/** Whether the row at one place comes before that at another: by bounds where they tell, else by exact distances and hashes. */
function isNearer(thread: Thread, plan: Plan, i: number, x: number, y: number): boolean {
  const [one, other] = [rangeOf(thread, plan, i, x), rangeOf(thread, plan, i, y)];
  if (one.high < other.low) return true;
  if (other.high < one.low) return false;
  const { kernel, views, ranks } = thread;
  const a = views.i32[plan.gapRows / 4 + x]!;
  const b = views.i32[plan.gapRows / 4 + y]!;
  return (kernel.exact(i, a) - kernel.exact(i, b) || ranks[a]! - ranks[b]!) < 0;
}

/** Where the exact distance of the row at a place lies, from its lower bound; a little wider than the rounding of both. */
function rangeOf({ views }: Thread, plan: Plan, i: number, at: number): Range {
  const { f32, i32 } = views;
  const bound = f32[plan.gapBounds / 4 + at]!;
  const row = i32[plan.gapRows / 4 + at]!;
  const widths = plan.widths / 4;
  const upper = bound + Math.abs(bound) * plan.relativeWidth + f32[widths + i]! + f32[widths + row]!;
  const spare = plan.metric === 4 ? (plan.d + 16) * 1e-15 : 0;
  return {
    low: distanceOf(plan, Math.max(0, bound)) * (1 - 1e-6) - spare,
    high: distanceOf(plan, Math.max(0, upper)) * (1 + 1e-6) + spare,
  };
}

/** A distance from its number in the scale of the bounds. */
function distanceOf({ metric, scale }: Plan, key: number): number {
  return metric === 0 ? Math.sqrt(key) / scale : key / scale;
}
