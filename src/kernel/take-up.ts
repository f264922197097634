import { SPARE, type ResumeData, type Window } from './phases';
import type { Plan } from './plan';
import type { Thread } from './thread';

/** Gives an anchor back what it kept in an earlier run, if that still tells all it has to; marks it intact then. */
export function takeUp(
  { views, kernel }: Thread,
  plan: Plan,
  window: Window,
  i: number,
  resume: ResumeData | undefined,
): void {
  const { i32, u8 } = views;
  const s = i - window.start;
  const first = plan.gapStarts ? i32[plan.gapStarts / 4 + s]! : 0;
  const gaps = plan.gapStarts ? i32[plan.gapEnds / 4 + s]! - first : 0;
  u8[plan.intact + s] = 0;
  u8[window.nearestLost + s] = 0;
  u8.fill(0, window.gapLost + first, window.gapLost + first + gaps);
  const old = resume?.oldPlaces[i] ?? -1;
  if (!resume || old < 0) return;
  const { saved, newPlaces } = resume;
  const kept = new Set<number>();
  /** Adds the rows that are still there; returns how many are not. */
  const add = (rows: Int32Array, from: number, to: number): number => {
    let lost = 0;
    for (let at = from; at < to; at++) {
      if (rows[at]! < 0) continue;
      const row = newPlaces[rows[at]!]!;
      if (row >= 0) kept.add(row);
      else lost++;
    }
    return lost;
  };
  if (plan.nearest > 0) {
    const from = old * plan.nearestRoom;
    const lost = saved.nearestLost[old]! + add(saved.nearestRows, from, from + saved.nearestCounts[old]!);
    if (lost > SPARE.nearest) return;
    u8[window.nearestLost + s] = lost;
  }
  if (plan.gapStarts) {
    const from = saved.gapStarts[old]!;
    if (saved.gapEnds[old]! - from !== gaps) return;
    for (let gap = 0; gap < gaps; gap++) {
      const at = (from + gap) * plan.gapRoom;
      const lost = saved.gapLost[from + gap]! + add(saved.gapRows, at, at + plan.gapRoom);
      if (lost > SPARE.gap) return;
      u8[window.gapLost + first + gap] = lost;
    }
  }
  for (const row of kept) kernel.showAgain(i, row);
  u8[plan.intact + s] = 1;
}
