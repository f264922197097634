// What an anchor's gaps may want, by bound: a table of cells of sixteen buckets. A byte for each cell says from which bucket to
// which one its bounds are wanted, so that eight bounds are looked up in a few steps.
import { at32, f32At } from './numbers';
import { gapEnds, gapKeys, gapReach, gapStarts, spill, tableBytes, tableHints, tableOffsets, tables, tableSlopes } from './plan';

/** Added to a number below 2^23 it leaves the number, rounded, in the low bits. */
const MAGIC: f32 = 8388608;
const MAGIC_BITS: i32 = 0x4b000000;
/** Cells of which all buckets are wanted, and none: the last one wanted in the high bits, the first one in the low ones. */
const FULL: u8 = 0xf0;
const EMPTY: u8 = 0x0f;
/** Buckets that share a hint. */
const HINTED: i32 = 1024;

/** Lays an anchor's table over the beginnings of its gaps, with a bucket to spare before them and some beyond; all from the first one on is wanted. */
export function openTable(s: i32): void {
  const first = at32(gapStarts, s);
  const last = at32(gapEnds, s);
  const buckets = tableBytes << 4;
  const origin = f32At(gapKeys, first);
  const end = last - first > 1 ? f32At(gapKeys, last - 1) : f32At(gapReach, s);
  const slope = <f32>(buckets - buckets / 32 - 1) / (end - origin);
  // so narrow a table would tell nothing
  const flat = !(slope > 0 && slope < 1e30);
  store<f32>(tableSlopes + (<usize>s << 2), flat ? 0 : slope);
  store<f32>(tableOffsets + (<usize>s << 2), flat ? MAGIC : <f32>(<f64>MAGIC + 1 - <f64>origin * <f64>slope));
  memory.fill(tableOf(s), FULL, tableBytes);
  clearTable(s, 0, bucket(s, origin));
  let g = first;
  const hints = tableHints + <usize>s * hintBytes();
  for (let h = 0; h < buckets; h += HINTED) {
    while (g + 1 < last && bucket(s, f32At(gapKeys, g + 1)) < h) g++;
    store<u16>(hints + (<usize>(h / HINTED) << 1), min(g - first, 0xffff));
  }
}

/** A gap of the anchor, counted from its first one, that begins at or before this bound, or is the first. */
// @ts-ignore: decorator
@inline export function hint(s: i32, bound: f32): i32 {
  return load<u16>(tableHints + <usize>s * hintBytes() + (<usize>(bucket(s, bound) / HINTED) << 1));
}

// @ts-ignore: decorator
@inline function hintBytes(): usize {
  return <usize>max(tableBytes >> 5, 2);
}

// @ts-ignore: decorator
@inline function tableOf(s: i32): usize {
  return tables + <usize>s * <usize>tableBytes;
}

/** Bucket of a bound in an anchor's table; grows with the bound. What is no number goes with the highest. */
// @ts-ignore: decorator
@inline export function bucket(s: i32, bound: f32): i32 {
  const slope = v128.load32_splat(tableSlopes + (<usize>s << 2));
  const offset = v128.load32_splat(tableOffsets + (<usize>s << 2));
  return i32x4.extract_lane(magicBuckets(f32x4.splat(bound), slope, offset, topBucket(), f32x4.splat(MAGIC)), 0) - MAGIC_BITS;
}

/** The highest bucket, as `magicBuckets` gives it. */
// @ts-ignore: decorator
@inline export function topBucket(): v128 {
  return f32x4.splat(MAGIC + <f32>((tableBytes << 4) - 1));
}

/** The lowest bucket, as `magicBuckets` gives it; made from the highest, so that it stays in a register and is not made anew each time. */
// @ts-ignore: decorator
@inline export function floorBucket(top: v128): v128 {
  return v128.sub<f32>(top, f32x4.splat(<f32>((tableBytes << 4) - 1)));
}

/** Buckets of four bounds in the low bits of floats, by the tables of the anchors whose slopes and offsets these are, lane by lane. */
// @ts-ignore: decorator
@inline function magicBuckets(bounds: v128, slope: v128, offset: v128, top: v128, floor: v128): v128 {
  const x = v128.add<f32>(v128.mul<f32>(bounds, slope), offset);
  return v128.pmax<f32>(floor, v128.pmin<f32>(top, x));
}

/** Where `wanted` finds an anchor's table. */
// @ts-ignore: decorator
@inline export function tableBase(s: i32): i32 {
  return <i32>tables + s * tableBytes - (MAGIC_BITS >>> 4);
}

/**
 * Of eight bounds those that gaps may still want, in the low eight lanes of bytes; the high ones are all set. Slopes, offsets and
 * bases are those of the anchors' tables, lane by lane; `at` is room for 32 bytes.
 */
// @ts-ignore: decorator
@inline export function wanted(
  u: v128, v: v128, slopeU: v128, slopeV: v128, offsetU: v128, offsetV: v128, baseU: v128, baseV: v128, top: v128, floor: v128,
  at: usize,
): v128 {
  const x = magicBuckets(u, slopeU, offsetU, top, floor);
  const y = magicBuckets(v, slopeV, offsetV, top, floor);
  v128.store(at, v128.add<i32>(v128.shr<u32>(x, 4), baseU));
  v128.store(at, v128.add<i32>(v128.shr<u32>(y, 4), baseV), 16);
  const zero = i8x16.splat(0);
  let even = zero, odd = zero;
  even = v128.load_lane<u8>(load<u32>(at), even, 0);
  odd = v128.load_lane<u8>(load<u32>(at, 4), odd, 1);
  even = v128.load_lane<u8>(load<u32>(at, 8), even, 2);
  odd = v128.load_lane<u8>(load<u32>(at, 12), odd, 3);
  even = v128.load_lane<u8>(load<u32>(at, 16), even, 4);
  odd = v128.load_lane<u8>(load<u32>(at, 20), odd, 5);
  even = v128.load_lane<u8>(load<u32>(at, 24), even, 6);
  odd = v128.load_lane<u8>(load<u32>(at, 28), odd, 7);
  const cells = v128.or(even, odd);
  const fifteen = i32x4.splat(15);
  const places = i16x8.narrow_i32x4_s(v128.and(x, fifteen), v128.and(y, fifteen));
  // places, and the first and the last ones wanted, in the high bits of bytes; whether the first two leave a place as it is
  const place = v128.shl<i16>(i8x16.narrow_i16x8_s(places, zero), 4);
  const first = v128.and(v128.shl<i16>(cells, 4), i8x16.splat(-16));
  return v128.eq<i8>(v128.min<u8>(cells, v128.max<u8>(first, place)), place);
}

/** Fetches an anchor's table into the cache. */
export function fetchTable(s: i32): void {
  let sum = 0;
  const end = tableOf(s + 1);
  for (let at = tableOf(s); at < end; at += 64) sum ^= load<i32>(at);
  // so that the reads are not left out
  store<i32>(spill, sum);
}

/** Buckets [from, to) of an anchor's table are wanted no more; those in the middle of a cell stay. */
export function clearTable(s: i32, from: i32, to: i32): void {
  const table = tableOf(s);
  while (from < to) {
    const cell = table + (<usize>from >> 4);
    const next = min((from | 15) + 1, to);
    const begin = from & 15;
    const end = (next - 1) & 15;
    const held = <i32>load<u8>(cell);
    const first = held & 15;
    const last = held >> 4;
    if (begin <= first) {
      if (end >= last) store<u8>(cell, EMPTY);
      else if (end >= first) store<u8>(cell, (last << 4) | (end + 1));
    } else if (end >= last && begin <= last) store<u8>(cell, ((begin - 1) << 4) | first);
    from = next;
  }
}
