// Every anchor keeps its nearest rows and the nearest rows of its gaps. Bounds [lower, upper] decide where they can; where two
// intervals overlap, or a row may belong into a gap, exact distances do, so that what is kept is what they would keep.
import { exact } from './exact';
import { highKey, lowKey, lowestReaching } from './keys';
import {
  answeredOthers, answeredStarts, blockRows, byClass, cancelFlag, chooser, copies, DIFFERENT, gapDistances, gapEnds, gapFrom,
  gapReach, gapRoom, gapRows, gapStarts, intact, labels, least, leastKey, nearCounts, nearest, nearestBounds, nearestCounts, nearestReach,
  nearestRoom, nearestRows, ranks, reach, SAME, side, strip, tableBytes, tableOrigins, tables, tableSlopes, upperBound,
  windowStart,
} from './plan';
import { bounds, pack, packList } from './tiles';

// @ts-ignore: decorator
@inline export function at32(pointer: usize, index: i32): i32 {
  return load<i32>(pointer + (<usize>index << 2));
}
// @ts-ignore: decorator
@inline export function f32At(pointer: usize, index: i32): f32 {
  return load<f32>(pointer + (<usize>index << 2));
}
// @ts-ignore: decorator
@inline function f64At(pointer: usize, index: i32): f64 {
  return load<f64>(pointer + (<usize>index << 3));
}
// @ts-ignore: decorator
@inline function setF32(pointer: usize, index: i32, value: f32): void {
  store<f32>(pointer + (<usize>index << 2), value);
}

/**
 * Shows anchors [from, to) all rows of panels [panel, lastPanel); with `columns` those rows are anchors too, and are shown the
 * former. Stops early when the run is cancelled.
 */
export function sweepAnchors(from: i32, to: i32, panel: i32, lastPanel: i32, columns: bool): void {
  for (let i = from; i < to; i += blockRows) {
    if (atomic.load<i32>(cancelFlag)) return;
    const end = min(i + blockRows, to);
    pack(i, end);
    const low = at32(labels, i);
    const high = at32(labels, end - 1);
    for (let p = panel; p < lastPanel; p++) {
      const j = p << 3;
      const lowColumn = at32(labels, j);
      const highColumn = at32(labels, j + 7);
      const apart = byClass != 0 && (highColumn < low || lowColumn > high);
      const together = byClass != 0 && low == high && lowColumn == low && highColumn == low;
      if ((side == DIFFERENT && together) || (side == SAME && apart)) continue;
      bounds(end - i, p);
      if (columns) scanBoth(i, end, j, apart);
      else scanRows(i, end, j, apart);
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
    bounds(count, p);
    let at = strip;
    for (let r = 0; r < count; r++) {
      const i = at32(list, r);
      for (let j = p << 3; j < (p << 3) + 8; j++, at += 4) {
        const bound = load<f32>(at);
        if (bound <= f32At(reach, i - windowStart)) show(i, j, bound, false);
        // padding has no number for a bound and no state to look at
        if (!fresh || bound != bound || load<u8>(intact + <usize>(j - windowStart)) == 0) continue;
        if (bound <= f32At(reach, j - windowStart)) show(j, i, bound, false);
      }
    }
  }
}

/** Shows anchor i a row that it had kept in an earlier run. */
export function showAgain(i: i32, j: i32): void {
  const bound = lowKey(exact(i, j));
  if (bound <= f32At(reach, i - windowStart)) show(i, j, bound, false);
}

function scanRows(from: i32, to: i32, j0: i32, apart: bool): void {
  let at = strip;
  let row = reach + (<usize>(from - windowStart) << 2);
  for (let i = from; i < to; i++, at += 32, row += 4) {
    const t = v128.load32_splat(row);
    const u = v128.load(at);
    const v = v128.load(at, 16);
    if (v128.any_true(v128.or(v128.le<f32>(u, t), v128.le<f32>(v, t)))) showPanel(i, j0, u, v, at, apart);
  }
}

function scanBoth(from: i32, to: i32, j0: i32, apart: bool): void {
  let at = strip;
  let row = reach + (<usize>(from - windowStart) << 2);
  const columns = reach + (<usize>(j0 - windowStart) << 2);
  let cu = v128.load(columns);
  let cv = v128.load(columns, 16);
  for (let i = from; i < to; i++, at += 32, row += 4) {
    const t = v128.load32_splat(row);
    const u = v128.load(at);
    const v = v128.load(at, 16);
    if (v128.any_true(v128.or(v128.le<f32>(u, t), v128.le<f32>(v, t)))) showPanel(i, j0, u, v, at, apart);
    if (v128.any_true(v128.or(v128.le<f32>(u, cu), v128.le<f32>(v, cv)))) {
      showToPanel(i, j0, u, v, at, apart);
      cu = v128.load(columns);
      cv = v128.load(columns, 16);
    }
  }
}

/** Shows anchor i the rows of a panel; u, v and `at` are their lower bounds. */
function showPanel(i: i32, j0: i32, u: v128, v: v128, at: usize, apart: bool): void {
  const s = i - windowStart;
  const near = v128.load32_splat(nearestReach + (<usize>s << 2));
  const nearLanes = lanesOf(v128.le<f32>(u, near), v128.le<f32>(v, near));
  let wantedLanes = 0;
  if (gapStarts) {
    const first = v128.load32_splat(tableOrigins + (<usize>s << 2));
    const last = v128.load32_splat(gapReach + (<usize>s << 2));
    const x = v128.and(v128.ge<f32>(u, first), v128.le<f32>(u, last));
    const y = v128.and(v128.ge<f32>(v, first), v128.le<f32>(v, last));
    wantedLanes = lanesOf(x, y);
    if (wantedLanes) {
      const slope = v128.load32_splat(tableSlopes + (<usize>s << 2));
      const table = tables + <usize>s * <usize>tableBytes;
      wantedLanes &= bitsOf(buckets(u, first, slope), table, 0) | (bitsOf(buckets(v, first, slope), table, 0) << 4);
    }
  }
  const least = f32x4.splat(leastKey);
  let lanes = nearLanes | wantedLanes | lanesOf(v128.le<f32>(u, least), v128.le<f32>(v, least));
  while (lanes) {
    const lane = ctz(lanes);
    lanes &= lanes - 1;
    const bound = load<f32>(at + (<usize>lane << 2));
    admit(i, s, j0 + lane, bound, apart, ((nearLanes >> lane) & 1) != 0, ((wantedLanes >> lane) & 1) != 0);
  }
}

/** Shows the anchors of a panel row i. */
function showToPanel(i: i32, j0: i32, u: v128, v: v128, at: usize, apart: bool): void {
  const s0 = j0 - windowStart;
  const offset = <usize>s0 << 2;
  const nearLanes = lanesOf(
    v128.le<f32>(u, v128.load(nearestReach + offset)),
    v128.le<f32>(v, v128.load(nearestReach + offset, 16)),
  );
  let wantedLanes = 0;
  if (gapStarts) {
    const firstU = v128.load(tableOrigins + offset);
    const firstV = v128.load(tableOrigins + offset, 16);
    const x = v128.and(v128.ge<f32>(u, firstU), v128.le<f32>(u, v128.load(gapReach + offset)));
    const y = v128.and(v128.ge<f32>(v, firstV), v128.le<f32>(v, v128.load(gapReach + offset, 16)));
    wantedLanes = lanesOf(x, y);
    if (wantedLanes) {
      const bytes = <usize>tableBytes;
      const table = tables + <usize>s0 * bytes;
      const bu = buckets(u, firstU, v128.load(tableSlopes + offset));
      const bv = buckets(v, firstV, v128.load(tableSlopes + offset, 16));
      wantedLanes &= bitsOf(bu, table, bytes) | (bitsOf(bv, table + 4 * bytes, bytes) << 4);
    }
  }
  const least = f32x4.splat(leastKey);
  let lanes = nearLanes | wantedLanes | lanesOf(v128.le<f32>(u, least), v128.le<f32>(v, least));
  while (lanes) {
    const lane = ctz(lanes);
    lanes &= lanes - 1;
    const j = j0 + lane;
    // the padding of the last panel has no number for a bound; rows after it in memory are no anchors
    const bound = load<f32>(at + (<usize>lane << 2));
    admit(j, s0 + lane, i, bound, apart, ((nearLanes >> lane) & 1) != 0, ((wantedLanes >> lane) & 1) != 0);
  }
}

// @ts-ignore: decorator
@inline function lanesOf(x: v128, y: v128): i32 {
  return v128.bitmask<i32>(x) | (v128.bitmask<i32>(y) << 4);
}

/** Buckets of four bounds. */
// @ts-ignore: decorator
@inline function buckets(bounds: v128, origins: v128, slopes: v128): v128 {
  const x = v128.mul<f32>(v128.sub<f32>(bounds, origins), slopes);
  const last = f32x4.splat(<f32>(tableBytes * 8 - 1));
  return v128.trunc_sat<i32>(v128.max<f32>(f32x4.splat(0), v128.min<f32>(x, last)));
}

/** Bits of four buckets, each in the table `step` bytes after the one before it. */
// @ts-ignore: decorator
@inline function bitsOf(b: v128, table: usize, step: usize): i32 {
  return (
    bitOf(i32x4.extract_lane(b, 0), table) |
    (bitOf(i32x4.extract_lane(b, 1), table + step) << 1) |
    (bitOf(i32x4.extract_lane(b, 2), table + 2 * step) << 2) |
    (bitOf(i32x4.extract_lane(b, 3), table + 3 * step) << 3)
  );
}
// @ts-ignore: decorator
@inline function bitOf(b: i32, table: usize): i32 {
  return <i32>((<u32>load<u8>(table + <usize>(b >>> 3)) >>> (<u32>b & 7)) & 1);
}

/** Shows anchor i the row j, whose lower bound is within its reach. */
// @ts-ignore: decorator
@inline function show(i: i32, j: i32, bound: f32, apart: bool): void {
  const s = i - windowStart;
  const near = bound <= f32At(nearestReach, s);
  const wanted = gapStarts != 0 && isWanted(s, bound);
  if (near || wanted || bound <= leastKey) admit(i, s, j, bound, apart, near, wanted);
}

function admit(i: i32, s: i32, j: i32, bound: f32, apart: bool, near: bool, wanted: bool): void {
  if (!apart && (i == j || (side == DIFFERENT && at32(labels, i) == at32(labels, j)))) return;
  if (side == SAME && (apart || at32(labels, i) != at32(labels, j))) return;
  if (at32(copies, i) == at32(copies, j) || isAnswered(i, j)) return;
  if (bound <= leastKey && exact(i, j) < least) {
    store<i32>(nearCounts + (<usize>s << 2), at32(nearCounts, s) + 1);
    return;
  }
  if (near) keepNearest(i, s, j, bound);
  if (wanted) keepInGap(i, s, j);
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
function setReach(s: i32): void {
  let value = max(leastKey, f32At(nearestReach, s));
  if (gapStarts) value = max(value, f32At(gapReach, s));
  setF32(reach, s, value);
}

// The nearest rows: a bag that is thinned out when it is full.

function keepNearest(i: i32, s: i32, j: i32, bound: f32): void {
  let count = at32(nearestCounts, s);
  const base = <usize>s * <usize>nearestRoom;
  if (count == nearestRoom) {
    count = thin(i, s, base, count);
    if (bound > f32At(nearestReach, s)) return;
  }
  setF32(nearestBounds, <i32>base + count, bound);
  store<i32>(nearestRows + ((base + count) << 2), j);
  store<i32>(nearestCounts + (<usize>s << 2), count + 1);
}

/** Drops what cannot be among the nearest; returns how many stay. */
function thin(i: i32, s: i32, base: usize, count: i32): i32 {
  let kept = cut(i, s, base, count);
  if (kept > nearestRoom - (nearestRoom - nearest + 1) / 2) kept = settle(i, s, base, kept);
  store<i32>(nearestCounts + (<usize>s << 2), kept);
  setReach(s);
  return kept;
}

/** Drops every row whose lower bound is above the k-th smallest upper bound; returns how many stay. */
function cut(i: i32, s: i32, base: usize, count: i32): i32 {
  if (count <= nearest) return count;
  const lower = nearestBounds + (base << 2);
  const rows = nearestRows + (base << 2);
  const upper = chooser;
  for (let q = 0; q < count; q++) setF32(upper, q, upperBound(f32At(lower, q), i, at32(rows, q)));
  const kth = select(upper, count, nearest - 1);
  let kept = 0;
  for (let q = 0; q < count; q++) {
    const bound = f32At(lower, q);
    if (bound > kth) continue;
    setF32(lower, kept, bound);
    store<i32>(rows + (<usize>kept << 2), at32(rows, q));
    kept++;
  }
  setF32(nearestReach, s, kth);
  return kept;
}

/** As `thin`, by exact distances and hashes: exactly `nearest` rows stay. */
function settle(i: i32, s: i32, base: usize, count: i32): i32 {
  const lower = nearestBounds + (base << 2);
  const rows = nearestRows + (base << 2);
  const distances = chooser;
  for (let q = 0; q < count; q++) store<f64>(distances + (<usize>q << 3), exact(i, at32(rows, q)));
  const kept = min(count, nearest);
  for (let q = 0; q < kept; q++) {
    let best = q;
    for (let r = q + 1; r < count; r++) {
      const x = load<f64>(distances + (<usize>r << 3));
      const y = load<f64>(distances + (<usize>best << 3));
      if (x < y || (x == y && at32(ranks, at32(rows, r)) < at32(ranks, at32(rows, best)))) best = r;
    }
    const held = load<f64>(distances + (<usize>q << 3));
    const distance = load<f64>(distances + (<usize>best << 3));
    store<f64>(distances + (<usize>q << 3), distance);
    store<f64>(distances + (<usize>best << 3), held);
    const row = at32(rows, q);
    store<i32>(rows + (<usize>q << 2), at32(rows, best));
    store<i32>(rows + (<usize>best << 2), row);
    setF32(lower, q, lowKey(distance));
  }
  if (count >= nearest) setF32(nearestReach, s, highKey(load<f64>(distances + (<usize>(kept - 1) << 3))));
  return kept;
}

/**
 * Writes the exact distances of an anchor's nearest rows to `out`, in the order in which the rows lie; returns how many. There
 * may be some more than were asked for.
 */
export function nearestOf(i: i32, out: usize): i32 {
  const s = i - windowStart;
  const base = <usize>s * <usize>nearestRoom;
  const count = cut(i, s, base, at32(nearestCounts, s));
  store<i32>(nearestCounts + (<usize>s << 2), count);
  const rows = nearestRows + (base << 2);
  for (let q = 0; q < count; q++) store<f64>(out + (<usize>q << 3), exact(i, at32(rows, q)));
  return count;
}

/** The value at place k of the smallest ones (Hoare's quickselect); reorders the values. */
function select(values: usize, count: i32, k: i32): f32 {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const pivot = f32At(values, (low + high) >>> 1);
    let i = low;
    let j = high;
    while (i <= j) {
      while (f32At(values, i) < pivot) i++;
      while (f32At(values, j) > pivot) j--;
      if (i <= j) {
        const held = f32At(values, i);
        setF32(values, i, f32At(values, j));
        setF32(values, j, held);
        i++;
        j--;
      }
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return f32At(values, k);
}

// Gaps: ranges of distance, one after the other, each with the nearest rows inside.

/**
 * Opens the gaps of anchor i: their beginnings, ascending, lie at `gapFrom`; the last one ends before distance `to`.
 * Everything between is wanted at first.
 */
export function openGaps(i: i32, to: f64): void {
  const s = i - windowStart;
  const first = at32(gapStarts, s);
  const last = at32(gapEnds, s);
  for (let q = first * gapRoom; q < last * gapRoom; q++) store<i32>(gapRows + (<usize>q << 2), -1);
  const table = tables + <usize>s * <usize>tableBytes;
  if (first == last) {
    setF32(gapReach, s, -f32.MAX_VALUE);
  } else {
    const origin = lowestReaching(lowKey(f64At(gapFrom, first)), i);
    // the last bucket is the last gap's and stays wanted: how far that gap still reaches is for `gapReach` to say
    const end = lowestReaching(lowKey(f64At(gapFrom, last - 1)), i);
    memory.fill(table, 255, tableBytes);
    setF32(tableOrigins, s, origin);
    setF32(tableSlopes, s, end > origin ? <f32>(tableBytes * 8) / (end - origin) : 0);
    setF32(gapReach, s, highKey(to));
  }
  setReach(s);
}

/** Bucket of a bound in an anchor's table; grows with the bound. */
// @ts-ignore: decorator
@inline function bucket(s: i32, bound: f32): i32 {
  const x = (bound - f32At(tableOrigins, s)) * f32At(tableSlopes, s);
  return <i32>max<f32>(0, min<f32>(x, <f32>(tableBytes * 8 - 1)));
}

// @ts-ignore: decorator
@inline function isWanted(s: i32, bound: f32): bool {
  if (!(bound <= f32At(gapReach, s) && bound >= f32At(tableOrigins, s))) return false;
  const b = bucket(s, bound);
  return ((load<u8>(tables + <usize>s * <usize>tableBytes + (<usize>b >> 3)) >> <u8>(b & 7)) & 1) != 0;
}

function keepInGap(i: i32, s: i32, j: i32): void {
  const first = at32(gapStarts, s);
  const last = at32(gapEnds, s);
  const distance = exact(i, j);
  let low = first;
  let high = last;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (f64At(gapFrom, middle) <= distance) low = middle + 1;
    else high = middle;
  }
  if (low > first) insert(i, s, low - 1, last, j, distance);
}

/** Puts row j into gap g; the farthest of one too many goes. */
function insert(i: i32, s: i32, g: i32, last: i32, j: i32, distance: f64): void {
  const base = g * gapRoom;
  const end = base + gapRoom;
  let worst = base;
  for (let q = base; q < end; q++) {
    if (at32(gapRows, q) < 0) {
      place(q, j, distance);
      if (q == end - 1) narrow(i, s, g, last, worstOf(base), f32.MAX_VALUE);
      return;
    }
    if (q > base && isAfter(q, f64At(gapDistances, worst), at32(gapRows, worst))) worst = q;
  }
  const before = f64At(gapDistances, worst);
  if (!isAfter(worst, distance, j)) return;
  place(worst, j, distance);
  narrow(i, s, g, last, worstOf(base), highKey(before));
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

/**
 * Gap g is full: what lies beyond its farthest row, at distance `worst`, and before the next gap is wanted no more; bounds
 * beyond `before` were not.
 */
function narrow(i: i32, s: i32, g: i32, last: i32, worst: f64, before: f32): void {
  const limit = highKey(worst);
  if (g == last - 1) {
    if (limit < f32At(gapReach, s)) {
      setF32(gapReach, s, limit);
      setReach(s);
    }
    return;
  }
  const next = lowestReaching(lowKey(f64At(gapFrom, g + 1)), i);
  if (next <= limit) return;
  const table = tables + <usize>s * <usize>tableBytes;
  let from = bucket(s, limit) + 1;
  const to = before < next ? min(bucket(s, before) + 1, bucket(s, next)) : bucket(s, next);
  while (from < to) {
    if ((from & 7) == 0 && from + 8 <= to) {
      store<u8>(table + (<usize>from >> 3), 0);
      from += 8;
    } else {
      const cell = table + (<usize>from >> 3);
      store<u8>(cell, load<u8>(cell) & ~(<u8>1 << <u8>(from & 7)));
      from++;
    }
  }
}
