// The nearest rows of an anchor: a bag that is thinned out when it is full.
import { setReach } from './anchors';
import { exact } from './exact';
import { highKey, lowKey } from './keys';
import { at32, f32At, setF32 } from './numbers';
import {
  chooser, nearest, nearestBounds, nearestCounts, nearestReach, nearestRoom, nearestRows, ranks, upperBound, windowStart,
} from './plan';

export function keepNearest(i: i32, s: i32, j: i32, bound: f32): void {
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

