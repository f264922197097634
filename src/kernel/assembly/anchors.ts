// Every anchor keeps its nearest rows and the nearest rows of its gaps. Bounds [lower, upper] decide where they can; where two
// intervals overlap, or a row may belong into a gap, exact distances do, so that what is kept is what they would keep.
import { exact } from './exact';
import { keepInGap, wantingGap } from './gaps';
import { mayPair } from './guards';
import { lowKey } from './keys';
import { keepNearest } from './nearest';
import { at32, f32At, setF32 } from './numbers';
import {
  blockRows, byClass, cancelFlag, DIFFERENT, gapReach, gapStarts, group, intact, labels, least, leastKey, line, nearCounts,
  nearestReach, reach, SAME, seen, side, strip, windowStart,
} from './plan';
import { scanColumns, scanRow } from './scan';
import { bounds, pack, packList } from './tiles';

/**
 * Shows anchors [from, to) all rows of panels [panel, lastPanel); with `columns` those rows are anchors too, and are shown the
 * former. Stops early when the run is cancelled.
 */
export function sweepAnchors(from: i32, to: i32, panel: i32, lastPanel: i32, columns: bool): void {
  for (let i = from; i < to; i += blockRows) {
    const end = min(i + blockRows, to);
    pack(i, end);
    const low = at32(labels, i);
    const high = at32(labels, end - 1);
    for (let p = panel; p < lastPanel; ) {
      if (atomic.load<i32>(cancelFlag)) return;
      let count = 0;
      for (; p < lastPanel && count < group; p++) {
        const j = p << 3;
        const lowColumn = at32(labels, j);
        const highColumn = at32(labels, j + 7);
        const apart = byClass != 0 && (highColumn < low || lowColumn > high);
        const together = byClass != 0 && low == high && lowColumn == low && highColumn == low;
        if ((side == DIFFERENT && together) || (side == SAME && apart)) continue;
        const column = strip + <usize>(count << 5);
        bounds(end - i, p, column, line);
        if (columns) scanColumns(i, end, j, column);
        store<i32>(seen + (<usize>count << 2), j);
        count++;
      }
      for (let r = i; r < end; r++) scanRow(r, strip + <usize>(r - i) * line, count);
    }
  }
}

/**
 * Shows the anchors whose numbers lie at `list`, at most `blockRows`, all rows of panels [panel, lastPanel). Where they are
 * `fresh`, the intact anchors among those rows are shown them too.
 */
export function sweepList(list: usize, count: i32, panel: i32, lastPanel: i32, fresh: bool): void {
  if (atomic.load<i32>(cancelFlag)) return;
  packList(list, count);
  for (let p = panel; p < lastPanel; p++) {
    bounds(count, p, strip, 32);
    let at = strip;
    for (let r = 0; r < count; r++) {
      const i = at32(list, r);
      for (let j = p << 3; j < (p << 3) + 8; j++, at += 4) {
        const bound = load<f32>(at);
        if (bound <= f32At(reach, i - windowStart)) show(i, j, bound);
        // padding has no number for a bound and no state to look at
        if (!fresh || bound != bound || load<u8>(intact + <usize>(j - windowStart)) == 0) continue;
        if (bound <= f32At(reach, j - windowStart)) show(j, i, bound);
      }
    }
  }
}

/** Shows anchor i a row that it had kept in an earlier run. */
export function showAgain(i: i32, j: i32): void {
  const bound = lowKey(exact(i, j));
  if (bound <= f32At(reach, i - windowStart)) show(i, j, bound);
}

/** Shows anchor i the row j. */
export function show(i: i32, j: i32, bound: f32): void {
  const s = i - windowStart;
  const near = bound <= f32At(nearestReach, s);
  const gap = gapStarts ? wantingGap(s, bound) : -1;
  if (!near && gap < 0 && !(bound <= leastKey)) return;
  if (!mayPair(i, j)) return;
  if (bound <= leastKey && exact(i, j) < least) {
    store<i32>(nearCounts + (<usize>s << 2), at32(nearCounts, s) + 1);
    return;
  }
  if (near) keepNearest(i, s, j, bound);
  if (gap >= 0) keepInGap(i, s, j, gap);
}

/** Sets the reach of an anchor to what its nearest rows and its gaps still want. */
export function setReach(s: i32): void {
  let value = max(leastKey, f32At(nearestReach, s));
  if (gapStarts) value = max(value, f32At(gapReach, s));
  setF32(reach, s, value);
}

