// Scans a strip of bounds for rows that anchors may want. Those that may be among the nearest are shown at once; those that only
// gaps may want are listed and decided together.
import { show } from './anchors';
import { fetchGaps } from './gaps';
import { BATCH, decide, list } from './hits';
import { f32At, at32 } from './numbers';
import {
  gapStarts, leastKey, line, n, nearestReach, reach, seen, shorts, spill, tableBytes, tableOffsets, tableSlopes, windowStart,
} from './plan';
import { fetchTable, floorBucket, tableBase, topBucket, wanted } from './table';

/** Listed rows of an anchor from which fetching all that its gaps hold at once is quicker. */
const MANY = 4;
/** The low eight of each sixteen bits. */
const LOW: u64 = 0x00ff00ff00ff00ff;

/**
 * Of eight bounds those that may be among the nearest of their anchors, or nearer than the least distance, in bits 8 to 15, and
 * those that gaps may want in bits 0 to 7; `all` and `near` are the highest bounds of any interest and of the former.
 */
// @ts-ignore: decorator
@inline function hitLanes(
  gaps: bool, u: v128, v: v128, allU: v128, allV: v128, nearU: v128, nearV: v128, slopeU: v128, slopeV: v128,
  offsetU: v128, offsetV: v128, baseU: v128, baseV: v128, top: v128, floor: v128, room: usize,
): i32 {
  const inside = i16x8.narrow_i32x4_s(v128.le<f32>(u, allU), v128.le<f32>(v, allV));
  if (!v128.bitmask<i8>(inside)) return 0;
  const nearer = i16x8.narrow_i32x4_s(v128.le<f32>(u, nearU), v128.le<f32>(v, nearV));
  return v128.bitmask<i8>(
    gaps
      ? v128.and(
          i8x16.narrow_i16x8_s(inside, nearer),
          wanted(u, v, slopeU, slopeV, offsetU, offsetV, baseU, baseV, top, floor, room),
        )
      : i8x16.narrow_i16x8_s(i8x16.splat(0), nearer),
  );
}

/** Shows anchor i the rows of `count` panels; their bounds lie at `bounds`. */
export function scanRow(i: i32, bounds: usize, count: i32): void {
  const s = i - windowStart;
  const gaps = gapStarts != 0;
  const fetches = gaps && !shorts;
  if (fetches) fetchTable(s);
  const at4 = <usize>s << 2;
  const least = f32x4.splat(leastKey);
  let all = v128.load32_splat(reach + at4);
  let near = v128.pmax<f32>(v128.load32_splat(nearestReach + at4), least);
  const top = topBucket(), floor = floorBucket(top), room = spill;
  const slope = gaps ? v128.load32_splat(tableSlopes + at4) : all;
  const offset = gaps ? v128.load32_splat(tableOffsets + at4) : all;
  const base = i32x4.splat(tableBase(s));
  let listed = 0;
  let at = bounds;
  for (let q = 0; q < count; ) {
    let word: u64 = 0;
    for (const end = min(q + 4, count); q < end; q++, at += 32) {
      const lanes = hitLanes(
        gaps, v128.load(at), v128.load(at, 16), all, all, near, near, slope, slope, offset, offset, base, base, top, floor, room,
      );
      word = (word >>> 16) | (<u64>lanes << 48);
    }
    if (word == 0) continue;
    const first = (q - 4) << 3;
    let nearer = (word >>> 8) & LOW;
    for (word &= LOW & ~nearer; word; word &= word - 1) {
      const lane = first + laneOf(word);
      list(listed++, i, at32(seen, lane >> 3) + (lane & 7), f32At(bounds, lane));
    }
    if (listed >= BATCH) {
      if (fetches) fetchGaps(s);
      decide(listed);
      listed = 0;
    } else if (nearer == 0) continue;
    for (; nearer; nearer &= nearer - 1) {
      const lane = first + laneOf(nearer);
      show(i, at32(seen, lane >> 3) + (lane & 7), f32At(bounds, lane));
    }
    all = v128.load32_splat(reach + at4);
    near = v128.pmax<f32>(v128.load32_splat(nearestReach + at4), least);
  }
  if (fetches && listed >= MANY) fetchGaps(s);
  decide(listed);
}

/** Lane of the lowest bit: eight lanes in each sixteen bits. */
// @ts-ignore: decorator
@inline function laneOf(word: u64): i32 {
  const bit = <i32>ctz(word);
  return ((bit >> 4) << 3) | (bit & 7);
}

/** Shows the anchors of the panel that begins with j0 rows [from, to); their bounds lie at `column`, a line apart. */
export function scanColumns(from: i32, to: i32, j0: i32, column: usize): void {
  const s = j0 - windowStart;
  const gaps = gapStarts != 0;
  const fetches = gaps && !shorts;
  const anchors = min(8, n - j0);
  if (fetches) for (let lane = 0; lane < anchors; lane++) fetchTable(s + lane);
  const at4 = <usize>s << 2;
  const least = f32x4.splat(leastKey);
  let allU = v128.load(reach + at4);
  let allV = v128.load(reach + at4, 16);
  let nearU = v128.pmax<f32>(v128.load(nearestReach + at4), least);
  let nearV = v128.pmax<f32>(v128.load(nearestReach + at4, 16), least);
  const top = topBucket(), floor = floorBucket(top), room = spill;
  const slopeU = gaps ? v128.load(tableSlopes + at4) : allU;
  const slopeV = gaps ? v128.load(tableSlopes + at4, 16) : allU;
  const offsetU = gaps ? v128.load(tableOffsets + at4) : allU;
  const offsetV = gaps ? v128.load(tableOffsets + at4, 16) : allU;
  const baseU = v128.add<i32>(i32x4.splat(tableBase(s)), v128.mul<i32>(i32x4(0, 1, 2, 3), i32x4.splat(tableBytes)));
  const baseV = v128.add<i32>(baseU, i32x4.splat(4 * tableBytes));
  let listed = 0;
  let at = column;
  for (let i = from; i < to; ) {
    let word: u64 = 0;
    for (const end = min(i + 4, to); i < end; i++, at += line) {
      const lanes = hitLanes(
        gaps, v128.load(at), v128.load(at, 16), allU, allV, nearU, nearV, slopeU, slopeV, offsetU, offsetV, baseU, baseV, top,
        floor, room,
      );
      word = (word >>> 16) | (<u64>lanes << 48);
    }
    if (word == 0) continue;
    const first = (i - 4) << 3;
    let nearer = (word >>> 8) & LOW;
    for (word &= LOW & ~nearer; word; word &= word - 1) {
      const lane = first + laneOf(word);
      const row = lane >> 3;
      list(listed++, j0 + (lane & 7), row, f32At(column + <usize>(row - from) * line, lane & 7));
    }
    if (listed >= BATCH) {
      if (fetches) for (let lane = 0; lane < anchors; lane++) fetchGaps(s + lane);
      decide(listed);
      listed = 0;
    } else if (nearer == 0) continue;
    for (; nearer; nearer &= nearer - 1) {
      const lane = first + laneOf(nearer);
      const row = lane >> 3;
      show(j0 + (lane & 7), row, f32At(column + <usize>(row - from) * line, lane & 7));
    }
    allU = v128.load(reach + at4);
    allV = v128.load(reach + at4, 16);
    nearU = v128.pmax<f32>(v128.load(nearestReach + at4), least);
    nearV = v128.pmax<f32>(v128.load(nearestReach + at4, 16), least);
  }
  if (fetches && listed >= 8 * MANY) for (let lane = 0; lane < anchors; lane++) fetchGaps(s + lane);
  decide(listed);
}
