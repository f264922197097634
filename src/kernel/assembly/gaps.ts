// Gaps of an anchor: ranges of distance, one after the other, each with the nearest rows inside. A bit table by bucket of bound
// says what they may still want; keys and exact distances decide what hits it.
import { setReach } from './anchors';
import { exact } from './exact';
import { highKey, lowestReaching, lowKey } from './keys';
import { at32, f32At, f64At, setF32 } from './numbers';
import {
  gapDistances, gapEnds, gapFrom, gapKeys, gapLimits, gapReach, gapRoom, gapRows, gapStarts, ranks, spill, tableBytes, tableHints,
  tableOrigins, tables, tableSlopes, windowStart,
} from './plan';

/** Added to a number below 2^23 it leaves the number, rounded, in the low bits. */
const MAGIC: f32 = 8388608;
const MAGIC_BITS: i32 = 0x4b000000;
/** Buckets of the table that share a hint. */
const HINTED: i32 = 512;

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
  if (first < last) openTable(s, first, last);
  setReach(s);
}

/** Lays the table over the beginnings of the gaps, with a bucket to spare before them and some beyond; all from the first one on is wanted. */
function openTable(s: i32, first: i32, last: i32): void {
  const bits = tableBytes * 8;
  const origin = f32At(gapKeys, first);
  const end = last - first > 1 ? f32At(gapKeys, last - 1) : f32At(gapReach, s);
  const slope = <f32>(bits - bits / 32 - 1) / (end - origin);
  // so narrow a table would tell nothing
  const flat = !(slope > 0 && slope < 1e30);
  setF32(tableSlopes, s, flat ? 0 : slope);
  setF32(tableOrigins, s, flat ? origin : origin - 1 / slope);
  memory.fill(tables + <usize>s * <usize>tableBytes, 255, tableBytes);
  clear(s, 0, bucket(s, origin));
  let g = first;
  const hints = tableHints + <usize>s * hintBytes();
  for (let h = 0; h < bits; h += HINTED) {
    while (g + 1 < last && bucket(s, f32At(gapKeys, g + 1)) < h) g++;
    store<u16>(hints + (<usize>(h / HINTED) << 1), min(g - first, 0xffff));
  }
}

// @ts-ignore: decorator
@inline function hintBytes(): usize {
  return <usize>max(tableBytes / 32, 2);
}

/** Bucket of a bound in an anchor's table; grows with the bound. What is no number goes with the highest. */
// @ts-ignore: decorator
@inline function bucket(s: i32, bound: f32): i32 {
  const x = (bound - f32At(tableOrigins, s)) * f32At(tableSlopes, s);
  const top = <f32>(tableBytes * 8 - 1);
  return reinterpret<i32>((x < top ? (x > 0 ? x : 0) : top) + MAGIC) - MAGIC_BITS;
}

/** Base of an anchor's table for `wantedLanes`. */
// @ts-ignore: decorator
@inline export function tableBase(s: i32): i32 {
  return <i32>tables + s * tableBytes - (MAGIC_BITS >>> 3);
}

/**
 * Lanes of eight bounds that gaps may still want, a bit each, by the tables of the anchors whose origins, slopes and bases these
 * are, lane by lane. Buckets are those of `bucket`.
 */
// @ts-ignore: decorator
@inline export function wantedLanes(u: v128, v: v128, originU: v128, originV: v128, slopeU: v128, slopeV: v128, baseU: v128, baseV: v128): i32 {
  const top = f32x4.splat(<f32>(tableBytes * 8 - 1));
  const x = magicBucket(u, originU, slopeU, top);
  const y = magicBucket(v, originV, slopeV, top);
  v128.store(spill, v128.add<i32>(v128.shr<u32>(x, 3), baseU));
  v128.store(spill, v128.add<i32>(v128.shr<u32>(y, 3), baseV), 16);
  let low = i8x16.splat(0), high = low;
  low = v128.load_lane<u8>(load<u32>(spill), low, 0);
  high = v128.load_lane<u8>(load<u32>(spill, 16), high, 4);
  low = v128.load_lane<u8>(load<u32>(spill, 4), low, 1);
  high = v128.load_lane<u8>(load<u32>(spill, 20), high, 5);
  low = v128.load_lane<u8>(load<u32>(spill, 8), low, 2);
  high = v128.load_lane<u8>(load<u32>(spill, 24), high, 6);
  low = v128.load_lane<u8>(load<u32>(spill, 12), low, 3);
  high = v128.load_lane<u8>(load<u32>(spill, 28), high, 7);
  const seven = i32x4.splat(7);
  const places = i16x8.narrow_i32x4_s(v128.and(x, seven), v128.and(y, seven));
  const bits = i8x16.swizzle(i8x16(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0), i8x16.narrow_i16x8_s(places, places));
  return v128.bitmask<i8>(v128.eq<i8>(v128.and(v128.or(low, high), bits), bits)) & 255;
}

// @ts-ignore: decorator
@inline function magicBucket(bounds: v128, origins: v128, slopes: v128, top: v128): v128 {
  const x = v128.mul<f32>(v128.sub<f32>(bounds, origins), slopes);
  return v128.add<f32>(v128.pmax<f32>(f32x4.splat(0), v128.pmin<f32>(top, x)), f32x4.splat(MAGIC));
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

/** The last gap that a row of this bound may lie in, if it is still wanted in that one or in one before it; else -1. */
export function wantingGap(s: i32, bound: f32): i32 {
  // padding has no number for a bound
  if (!(bound <= f32At(gapReach, s))) return -1;
  const first = at32(gapStarts, s);
  if (bound < f32At(gapKeys, first)) return -1;
  const last = at32(gapEnds, s) - 1;
  let low = first + <i32>load<u16>(tableHints + <usize>s * hintBytes() + (<usize>(bucket(s, bound) / HINTED) << 1));
  const x = f32x4.splat(bound);
  for (let more = 8; more == 8 && low < last; low += more) {
    const keys = gapKeys + (<usize>low << 2);
    more = ctz(~lanesOf(v128.le<f32>(v128.load(keys, 4), x), v128.le<f32>(v128.load(keys, 20), x)));
  }
  low = min(low, last);
  for (let g = low; bound > f32At(gapLimits, g); g--) {
    // rows beyond this lie in no gap before this one
    if (g == first || bound > highKey(f64At(gapFrom, g))) return -1;
  }
  return low;
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
  let end = tableBytes * 8;
  if (g < at32(gapEnds, s) - 1) {
    const next = f32At(gapKeys, g + 1);
    if (next <= limit) return;
    end = bucket(s, next);
  } else if (limit < f32At(gapReach, s)) {
    setF32(gapReach, s, limit);
    setReach(s);
  }
  clear(s, bucket(s, limit) + 1, min(bucket(s, before) + 1, end));
}

/** Clears bits [from, to) of an anchor's table. */
function clear(s: i32, from: i32, to: i32): void {
  const table = tables + <usize>s * <usize>tableBytes;
  while (from < to) {
    const cell = table + (<usize>from >> 3);
    const next = min((from | 7) + 1, to);
    const bits = ((1 << (next - from)) - 1) << (from & 7);
    store<u8>(cell, load<u8>(cell) & ~<u8>bits);
    from = next;
  }
}
