// Unordered pairs in a band of distance, each met once. Pairs that are surely in the band and not wanted are only counted;
// those that are wanted, or on an edge of the band, are handed out for exact distances to decide.
import { isAnswered } from './guards';
import { exact } from './exact';
import { highKey, lowestReachingAny, lowKey } from './keys';
import { at32, f32At } from './numbers';
import { byClass, cancelFlag, copies, DIFFERENT, found, labels, n, SAME, side, strip, widths } from './plan';
import { bounds, pack } from './tiles';

let bandFrom: f64 = 0;
let bandTo: f64 = Infinity;
/** keys of the band and of what is wanted in it; `…Base` are before the row's own width is taken off */
let sureFrom: f32 = 0;
let maybeTo: f32 = 0;
let high: f32 = 0;
let maybeFromBase: f32 = 0;
let sureToBase: f32 = 0;
let lowBase: f32 = 0;
let handed: i32 = 0;
let inside: i32 = 0;

/**
 * Pairs at [from, to) are in the band; of those, pairs at [wantedFrom, wantedTo] are handed out. With `countNearer` whatever is
 * nearer than `from` is handed out as well, so that it can be counted.
 */
export function setBand(from: f64, to: f64, wantedFrom: f64, wantedTo: f64, countNearer: bool): void {
  bandFrom = from;
  bandTo = to;
  sureFrom = highKey(from);
  maybeTo = highKey(to);
  high = highKey(wantedTo);
  maybeFromBase = countNearer ? <f32>-Infinity : lowestReachingAny(lowKey(from));
  sureToBase = lowestReachingAny(lowKey(to));
  lowBase = lowestReachingAny(lowKey(wantedFrom));
}

/** Pairs of the last sweep that were handed out: i32 (i, j), i < j, at the thread's `found`. */
export function handedPairs(): i32 {
  return handed;
}

/** Pairs of the last sweep that are in the band and were not handed out. Copies and answered pairs are always here. */
export function pairsInside(): i32 {
  return inside;
}

/** Where this thread's pairs lie. */
export function foundPairs(): usize {
  return found;
}

/** Looks at the pairs of rows [from, to), at most `blockRows`, with the later rows of the panels. */
export function sweepPairs(from: i32, to: i32, panel: i32, lastPanel: i32): void {
  handed = 0;
  inside = 0;
  if (atomic.load<i32>(cancelFlag)) return;
  pack(from, to);
  const low = at32(labels, from);
  const high = at32(labels, to - 1);
  for (let p = panel; p < lastPanel; p++) {
    const j0 = p << 3;
    if (j0 + 7 <= from) continue;
    const lowColumn = at32(labels, j0);
    const highColumn = at32(labels, j0 + 7);
    const apart = byClass != 0 && (highColumn < low || lowColumn > high);
    const together = byClass != 0 && low == high && lowColumn == low && highColumn == low;
    if ((side == DIFFERENT && together) || (side == SAME && apart)) continue;
    bounds(to - from, p, strip, 32);
    const plain = j0 >= to && (side == DIFFERENT ? apart : side == SAME ? together : true);
    scan(from, to, j0, plain);
  }
}

function scan(from: i32, to: i32, j0: i32, plain: bool): void {
  const last = f32x4.splat(max(max(maybeTo, high), sureFrom));
  const firstBase = min(maybeFromBase, lowBase);
  let at = strip;
  let width = widths + (<usize>from << 2);
  for (let i = from; i < to; i++, at += 32, width += 4) {
    const u = v128.load(at);
    const v = v128.load(at, 16);
    const x = v128.le<f32>(u, last);
    const y = v128.le<f32>(v, last);
    if (!v128.any_true(v128.or(x, y))) continue;
    const own = load<f32>(width) * 1.001;
    const first = f32x4.splat(firstBase - own);
    let lanes =
      v128.bitmask<i32>(v128.and(x, v128.ge<f32>(u, first))) |
      (v128.bitmask<i32>(v128.and(y, v128.ge<f32>(v, first))) << 4);
    if (lanes && !plain) lanes &= admissible(i, j0);
    if (lanes == 0) continue;
    const sureTo = sureToBase - own;
    const hand = handLanes(u, v, lowBase - own, maybeFromBase - own, sureTo) & lanes;
    inside += popcnt((between(u, sureFrom, sureTo) | (between(v, sureFrom, sureTo) << 4)) & lanes & ~hand);
    let rest = hand;
    while (rest) {
      const lane = ctz(rest);
      rest &= rest - 1;
      const j = j0 + lane;
      if (at32(copies, i) == at32(copies, j) || isAnswered(i, j)) {
        const distance = exact(i, j);
        if (distance >= bandFrom && distance < bandTo) inside++;
        continue;
      }
      store<i32>(found + (<usize>handed << 3), i);
      store<i32>(found + (<usize>handed << 3), j, 4);
      handed++;
    }
  }
}

/** Lanes of a panel that make a pair of the side with row i, and come after it. */
function admissible(i: i32, j0: i32): i32 {
  const label = at32(labels, i);
  let lanes = 0;
  for (let lane = 0; lane < 8; lane++) {
    const j = j0 + lane;
    if (j <= i || j >= n) continue;
    const same = at32(labels, j) == label;
    if (side == DIFFERENT ? !same : side == SAME ? same : true) lanes |= 1 << lane;
  }
  return lanes;
}

// @ts-ignore: decorator
@inline function between(x: v128, low: f32, high: f32): i32 {
  return v128.bitmask<i32>(v128.and(v128.ge<f32>(x, f32x4.splat(low)), v128.le<f32>(x, f32x4.splat(high))));
}

function handLanes(u: v128, v: v128, low: f32, maybeFrom: f32, sureTo: f32): i32 {
  const x = between(u, low, high) | between(u, maybeFrom, sureFrom) | between(u, sureTo, maybeTo);
  const y = between(v, low, high) | between(v, maybeFrom, sureFrom) | between(v, sureTo, maybeTo);
  return x | (y << 4);
}
