// Every anchor keeps its nearest rows and the nearest rows of its gaps. Bounds [lower, upper] decide where they can; where two
// intervals overlap, or a row may belong into a gap, exact distances do, so that what is kept is what they would keep.
import { exact } from './exact';
import { fetchGaps, keepInGap, lanesOf, tableBase, wantedLanes, wantingGap } from './gaps';
import { lowKey } from './keys';
import { keepNearest } from './nearest';
import { at32, f32At, setF32 } from './numbers';
import {
  answeredOthers, answeredStarts, blockRows, byClass, cancelFlag, copies, DIFFERENT, ANY, gapReach, gapStarts, group, intact, labels,
  least, leastKey, line, nearCounts, nearestReach, reach, SAME, seen, shorts, side, strip, tableBytes, tableOrigins,
  tableSlopes, windowStart,
} from './plan';
import { bounds, pack, packList } from './tiles';

/** Rows shown to an anchor's gaps one after the other from which fetching all of them at once is quicker. */
const MANY = 4;

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

/**
 * Shows anchor i the rows of `count` panels; their bounds lie at `bounds`. Eight panels are looked at before what hit is shown:
 * few enough that what is wanted is up to date, and enough that looking is not held up.
 */
function scanRow(i: i32, bounds: usize, count: i32): void {
  const s = i - windowStart;
  const offset = <usize>s << 2;
  const least = f32x4.splat(leastKey);
  let all = v128.load32_splat(reach + offset);
  let near = v128.pmax<f32>(v128.load32_splat(nearestReach + offset), least);
  let origin = all, slope = all, base = all;
  if (gapStarts) {
    origin = v128.load32_splat(tableOrigins + offset);
    slope = v128.load32_splat(tableSlopes + offset);
    base = i32x4.splat(tableBase(s));
  }
  let hits = gapStarts && !shorts ? 0 : 8 * MANY;
  let at = bounds;
  for (let q = 0; q < count; ) {
    let word: u64 = 0;
    for (const end = min(q + 8, count); q < end; q++, at += 32) {
      const u = v128.load(at);
      const v = v128.load(at, 16);
      word >>>= 8;
      const x = v128.le<f32>(u, all);
      const y = v128.le<f32>(v, all);
      if (v128.any_true(v128.or(x, y))) {
        let lanes = lanesOf(v128.le<f32>(u, near), v128.le<f32>(v, near));
        if (gapStarts) lanes |= wantedLanes(u, v, origin, origin, slope, slope, base, base) & lanesOf(x, y);
        word |= <u64>lanes << 56;
      }
    }
    if (word == 0) continue;
    if (hits < MANY) {
      hits += <i32>popcnt(word);
      if (hits >= MANY) fetchGaps(s);
    }
    for (; word; word &= word - 1) {
      const lane = (q << 3) - 64 + <i32>ctz(word);
      show(i, at32(seen, lane >> 3) + (lane & 7), f32At(bounds, lane));
    }
    all = v128.load32_splat(reach + offset);
    near = v128.pmax<f32>(v128.load32_splat(nearestReach + offset), least);
  }
}

/** Shows the anchors of a panel rows [from, to). */
function scanColumns(from: i32, to: i32, j0: i32, column: usize): void {
  const s = j0 - windowStart;
  const offset = <usize>s << 2;
  const least = f32x4.splat(leastKey);
  let allU = v128.load(reach + offset);
  let allV = v128.load(reach + offset, 16);
  let nearU = v128.pmax<f32>(v128.load(nearestReach + offset), least);
  let nearV = v128.pmax<f32>(v128.load(nearestReach + offset, 16), least);
  let originU = allU, originV = allU, slopeU = allU, slopeV = allU, baseU = allU, baseV = allU;
  if (gapStarts) {
    originU = v128.load(tableOrigins + offset);
    originV = v128.load(tableOrigins + offset, 16);
    slopeU = v128.load(tableSlopes + offset);
    slopeV = v128.load(tableSlopes + offset, 16);
    const b = tableBytes;
    baseU = v128.add<i32>(i32x4.splat(tableBase(s)), v128.mul<i32>(i32x4(0, 1, 2, 3), i32x4.splat(b)));
    baseV = v128.add<i32>(baseU, i32x4.splat(4 * b));
  }
  let hits = gapStarts && !shorts ? 0 : 8 * MANY;
  let at = column;
  for (let i = from; i < to; ) {
    let word: u64 = 0;
    for (const end = min(i + 8, to); i < end; i++, at += line) {
      const u = v128.load(at);
      const v = v128.load(at, 16);
      word >>>= 8;
      const x = v128.le<f32>(u, allU);
      const y = v128.le<f32>(v, allV);
      if (v128.any_true(v128.or(x, y))) {
        let lanes = lanesOf(v128.le<f32>(u, nearU), v128.le<f32>(v, nearV));
        if (gapStarts) lanes |= wantedLanes(u, v, originU, originV, slopeU, slopeV, baseU, baseV) & lanesOf(x, y);
        word |= <u64>lanes << 56;
      }
    }
    if (word == 0) continue;
    if (hits < 8 * MANY) {
      hits += <i32>popcnt(word);
      if (hits >= 8 * MANY) for (let lane = 0; lane < 8; lane++) fetchGaps(s + lane);
    }
    for (; word; word &= word - 1) {
      const bit = <i32>ctz(word);
      const row = i - 8 + (bit >> 3);
      show(j0 + (bit & 7), row, f32At(column + <usize>(row - from) * line, bit & 7));
    }
    allU = v128.load(reach + offset);
    allV = v128.load(reach + offset, 16);
    nearU = v128.pmax<f32>(v128.load(nearestReach + offset), least);
    nearV = v128.pmax<f32>(v128.load(nearestReach + offset, 16), least);
  }
}

/** Shows anchor i the row j. */
function show(i: i32, j: i32, bound: f32): void {
  const s = i - windowStart;
  const near = bound <= f32At(nearestReach, s);
  const gap = gapStarts ? wantingGap(s, bound) : -1;
  if (!near && gap < 0 && !(bound <= leastKey)) return;
  if (i == j || at32(copies, i) == at32(copies, j) || isAnswered(i, j)) return;
  if (side != ANY && (at32(labels, i) == at32(labels, j)) != (side == SAME)) return;
  if (bound <= leastKey && exact(i, j) < least) {
    store<i32>(nearCounts + (<usize>s << 2), at32(nearCounts, s) + 1);
    return;
  }
  if (near) keepNearest(i, s, j, bound);
  if (gap >= 0) keepInGap(i, s, j, gap);
}

export function isAnswered(i: i32, j: i32): bool {
  let low = at32(answeredStarts, i);
  let high = at32(answeredStarts, i + 1);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = at32(answeredOthers, middle);
    if (other == j) return true;
    if (other < j) low = middle + 1;
    else high = middle;
  }
  return false;
}

/** Sets the reach of an anchor to what its nearest rows and its gaps still want. */
export function setReach(s: i32): void {
  let value = max(leastKey, f32At(nearestReach, s));
  if (gapStarts) value = max(value, f32At(gapReach, s));
  setF32(reach, s, value);
}

