// Gaps of an anchor: ranges of distance, one after the other, each with the nearest rows inside. A table by bucket of bound
// (table.ts) says what they may still want; keys and exact distances decide what hits it.
import { setReach } from './anchors';
import { exact } from './exact';
import { highKey, lowestReaching, lowKey } from './keys';
import { at32, f32At, f64At, setF32 } from './numbers';
import {
  gapDistances, gapEnds, gapFrom, gapKeys, gapLimits, gapReach, gapRoom, gapRows, gapStarts, ranks, spill, tableBytes,
  windowStart,
} from './plan';
import { bucket, clearTable, hint, openTable } from './table';

/**
 * Opens the gaps of anchor i: their beginnings, ascending, lie at `gapFrom`; the last one ends before distance `to`.
 * Everything between is wanted at first.
 */
export function openGaps(i: i32, to: f64): void {
  const s = i - windowStart;
  const first = at32(gapStarts, s);
  const last = at32(gapEnds, s);
  for (let q = first * gapRoom; q < last * gapRoom; q++) store<i32>(gapRows + (<usize>q << 2), -1);
  for (let g = first; g < last; g++) {
    setF32(gapKeys, g, lowestReaching(lowKey(f64At(gapFrom, g)), i));
    setF32(gapLimits, g, f32.MAX_VALUE);
  }
  setF32(gapReach, s, first == last ? -f32.MAX_VALUE : highKey(to));
  if (first < last) openTable(s);
  setReach(s);
}

/** A bit for each of eight lanes. */
// @ts-ignore: decorator
@inline export function lanesOf(x: v128, y: v128): i32 {
  return v128.bitmask<i32>(x) | (v128.bitmask<i32>(y) << 4);
}

/** Fetches what an anchor's gaps hold into the cache: all at once is quicker than line by line as it is needed. */
export function fetchGaps(s: i32): void {
  const first = at32(gapStarts, s);
  const count = at32(gapEnds, s) - first;
  const sum =
    fetch(gapKeys, first, count, 4) ^ fetch(gapLimits, first, count, 4) ^ fetch(gapFrom, first, count, 8) ^
    fetch(gapRows, first * gapRoom, count * gapRoom, 4) ^ fetch(gapDistances, first * gapRoom, count * gapRoom, 8);
  // so that the reads are not left out
  store<i32>(spill, sum);
}

// @ts-ignore: decorator
@inline function fetch(pointer: usize, first: i32, count: i32, bytes: i32): i32 {
  let sum = 0;
  const end = pointer + <usize>((first + count) * bytes);
  for (let at = pointer + <usize>(first * bytes); at < end; at += 64) sum ^= load<i32>(at);
  return sum;
}

/** The last gap that a row of this bound may lie in; of one that lies before all the first. */
// @ts-ignore: decorator
@inline function lastGap(s: i32, bound: f32): i32 {
  const last = at32(gapEnds, s) - 1;
  let low = at32(gapStarts, s) + hint(s, bound);
  const x = f32x4.splat(bound);
  for (let more = 16; more == 16 && low < last; low += more) {
    const keys = gapKeys + (<usize>low << 2);
    const u = i16x8.narrow_i32x4_s(v128.le<f32>(v128.load(keys, 4), x), v128.le<f32>(v128.load(keys, 20), x));
    const v = i16x8.narrow_i32x4_s(v128.le<f32>(v128.load(keys, 36), x), v128.le<f32>(v128.load(keys, 52), x));
    more = ctz(~v128.bitmask<i8>(i8x16.narrow_i16x8_s(u, v)));
  }
  return min(low, last);
}

/** Whether a row of this bound is wanted in the last gap that it may lie in, or may lie in one before it. */
// @ts-ignore: decorator
@inline function mayWant(s: i32, gap: i32, bound: f32): bool {
  return bound <= f32At(gapLimits, gap) || (bound <= highKey(f64At(gapFrom, gap)) && gap > at32(gapStarts, s));
}

/** The last gap that a row of this bound may lie in, if it may be wanted in that one or in one before it; else -1. */
// @ts-ignore: decorator
@inline export function likelyGap(s: i32, bound: f32): i32 {
  const gap = lastGap(s, bound);
  // padding has no number for a bound
  const inside = bound <= f32At(gapReach, s) && bound >= f32At(gapKeys, at32(gapStarts, s));
  return inside && mayWant(s, gap, bound) ? gap : -1;
}

/** Whether a row of this bound is wanted in gap `last` or in one before it that it may lie in. */
export function wantedIn(s: i32, last: i32, bound: f32): bool {
  for (let g = last; bound > f32At(gapLimits, g); g--) {
    // rows beyond this lie in no gap before this one
    if (g == at32(gapStarts, s) || bound > highKey(f64At(gapFrom, g))) return false;
  }
  return true;
}

/** The last gap that a row of this bound may lie in, if it is wanted in that one or in one before it; else -1. */
export function wantingGap(s: i32, bound: f32): i32 {
  // padding has no number for a bound
  if (!(bound <= f32At(gapReach, s)) || bound < f32At(gapKeys, at32(gapStarts, s))) return -1;
  const gap = lastGap(s, bound);
  return wantedIn(s, gap, bound) ? gap : -1;
}

/** Keeps row j where it is among the nearest of its gap; `g` is the last gap that it may lie in. */
export function keepInGap(i: i32, s: i32, j: i32, g: i32): void {
  const distance = exact(i, j);
  const first = at32(gapStarts, s);
  while (f64At(gapFrom, g) >= distance) if (--g < first) return;
  insert(i, s, g, j, distance);
}

/** Puts row j into gap g; the farthest of one too many goes. */
function insert(i: i32, s: i32, g: i32, j: i32, distance: f64): void {
  const base = g * gapRoom;
  const end = base + gapRoom;
  let worst = base;
  for (let q = base; q < end; q++) {
    if (at32(gapRows, q) < 0) {
      place(q, j, distance);
      if (q == end - 1) narrow(s, g, highKey(worstOf(base)));
      return;
    }
    if (q > base && isAfter(q, f64At(gapDistances, worst), at32(gapRows, worst))) worst = q;
  }
  if (!isAfter(worst, distance, j)) return;
  place(worst, j, distance);
  narrow(s, g, highKey(worstOf(base)));
}

// @ts-ignore: decorator
@inline function place(q: i32, j: i32, distance: f64): void {
  store<i32>(gapRows + (<usize>q << 2), j);
  store<f64>(gapDistances + (<usize>q << 3), distance);
}

/** Whether the row kept at place q comes after row j at this distance; equally far ones go by hash. */
// @ts-ignore: decorator
@inline function isAfter(q: i32, distance: f64, j: i32): bool {
  const kept = f64At(gapDistances, q);
  return kept > distance || (kept == distance && at32(ranks, at32(gapRows, q)) > at32(ranks, j));
}

/** The largest distance in a full gap. */
// @ts-ignore: decorator
@inline function worstOf(base: i32): f64 {
  let worst = f64At(gapDistances, base);
  for (let q = base + 1; q < base + gapRoom; q++) worst = max(worst, f64At(gapDistances, q));
  return worst;
}

/** Gap g is full: bounds above `limit` are beyond its farthest row, and wanted no more up to the next gap. */
function narrow(s: i32, g: i32, limit: f32): void {
  const before = f32At(gapLimits, g);
  setF32(gapLimits, g, limit);
  let end = tableBytes << 4;
  if (g < at32(gapEnds, s) - 1) {
    const next = f32At(gapKeys, g + 1);
    if (next <= limit) return;
    end = bucket(s, next);
  } else if (limit < f32At(gapReach, s)) {
    setF32(gapReach, s, limit);
    setReach(s);
  }
  clearTable(s, bucket(s, limit) + 1, min(bucket(s, before) + 1, end));
}
