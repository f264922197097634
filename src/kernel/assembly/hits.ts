// Rows that the tables say an anchor's gaps may want, listed while a strip is scanned and decided together: one after the other
// through all steps, each would wait for the memory that it needs, and for where it branches.
import { keepInGap, likelyGap, wantedIn } from './gaps';
import { mayPair } from './guards';
import { d, exactRows, hits, spill, windowStart } from './plan';

/** Bytes of a hit: i32 anchor, row and gap, and the f32 bound. */
const HIT: usize = 16;
/** How many hits before it is decided a row is fetched into the cache. */
const AHEAD: i32 = 4;
/** Hits that are enough to be decided: what they narrow counts for the rest of the strip. */
// @ts-ignore: decorator
@inline export const BATCH: i32 = 64;

/** Lists row j for anchor i at place `at`. */
// @ts-ignore: decorator
@inline export function list(at: i32, i: i32, j: i32, bound: f32): void {
  const hit = hits + <usize>at * HIT;
  store<i32>(hit, i);
  store<i32>(hit, j, 4);
  store<f32>(hit, bound, 8);
}

/** Keeps those of the first `count` listed rows that gaps want: first all are told from what the table let through, then kept. */
export function decide(count: i32): void {
  let kept: i32 = 0;
  for (let q = 0; q < count; q++) {
    const hit = hits + <usize>q * HIT;
    const i = load<i32>(hit);
    const j = load<i32>(hit, 4);
    const bound = load<f32>(hit, 8);
    const gap = likelyGap(i - windowStart, bound);
    list(kept, i, j, bound);
    store<i32>(hits + <usize>kept * HIT, gap, 12);
    kept += gap >= 0 ? 1 : 0;
  }
  let sum: i32 = 0;
  for (let q = 0; q < kept; q++) {
    if (q + AHEAD < kept) sum ^= touch(load<i32>(hits + <usize>(q + AHEAD) * HIT, 4));
    const hit = hits + <usize>q * HIT;
    keep(load<i32>(hit), load<i32>(hit, 4), load<i32>(hit, 12), load<f32>(hit, 8));
  }
  store<i32>(spill, sum);
}

/** Reads a row's vector, so that it lies in the cache. */
// @ts-ignore: decorator
@inline function touch(j: i32): i32 {
  let sum = 0;
  const end = exactRows + <usize>(j + 1) * <usize>d * 4;
  for (let at = exactRows + <usize>j * <usize>d * 4; at < end; at += 64) sum ^= load<i32>(at);
  return sum;
}

/** Keeps row j where it is still wanted and the guards let the pair through; `last` is the last gap that it may lie in. */
// @ts-ignore: decorator
@inline function keep(i: i32, j: i32, last: i32, bound: f32): void {
  const s = i - windowStart;
  if (!wantedIn(s, last, bound) || !mayPair(i, j)) return;
  keepInGap(i, s, j, last);
}
