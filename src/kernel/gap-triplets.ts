import { tripletScore } from '../core/mining/triplet-rule';
import type { Window } from './phases';
import type { Plan } from './plan';
import type { Thread } from './thread';

/**
 * Offers an anchor's semi-hard triplets where each positive has the gap of its place: its negative is the nearest row of that
 * gap, or of the first one after it that is not empty.
 */
export function emitFromGaps(thread: Thread, plan: Plan, window: Window, i: number): void {
  const { i32, f64 } = thread.views;
  const { margin, boundary } = thread.request;
  const inclusive = boundary === 'inclusive';
  const s = i - window.start;
  const first = i32[window.positiveStarts / 4 + s]!;
  const positiveRows = window.positiveRows / 4;
  const positiveDistances = window.positiveDistances / 8;
  const gapRows = plan.gapRows / 4;
  const gapDistances = plan.gapDistances / 8;
  let row = -1;
  let distance = Infinity;
  for (let p = first + i32[window.positiveCounts / 4 + s]! - 1; p >= first; p--) {
    const nearest = nearestOfGap(thread, plan, p);
    if (nearest >= 0) {
      row = i32[gapRows + nearest]!;
      distance = f64[gapDistances + nearest]!;
    }
    const dp = f64[positiveDistances + p]!;
    const t = distance - dp;
    if (t < margin || (inclusive && t === margin)) {
      thread.offer(tripletScore(margin, dp, distance), i, i32[positiveRows + p]!, row);
    }
  }
}

/** The place of a gap's nearest row, equally near ones by hash; -1 of an empty gap. */
function nearestOfGap({ views, ranks }: Thread, { gapRows, gapDistances, gapRoom }: Plan, gap: number): number {
  const { i32, f64 } = views;
  const rows = gapRows / 4;
  const distances = gapDistances / 8;
  let best = -1;
  for (let at = gap * gapRoom; at < (gap + 1) * gapRoom; at++) {
    if (i32[rows + at]! < 0) continue;
    const order = best < 0 ? -1 : f64[distances + at]! - f64[distances + best]!;
    if (order < 0 || (order === 0 && ranks[i32[rows + at]!]! < ranks[i32[rows + best]!]!)) best = at;
  }
  return best;
}
