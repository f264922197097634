import type { Distance } from './types';
import type { Boundary } from './mining/types';

/** What a triplet is to a margin, by t = d(a,n) - d(a,p). */
export type TripletKind = 'hard' | 'semi-hard' | 'easy';

/**
 * hard: t <= 0; semi-hard: 0 < t < margin; easy: t >= margin. The last boundary is where the hinge max(0, margin - t) gets to
 * zero. With boundary `inclusive` t = margin is semi-hard (pytorch-metric-learning's TripletMarginMiner).
 */
export function kindOfTriplet(
  positive: Distance,
  negative: Distance,
  margin: number,
  boundary: Boundary = 'exclusive',
): TripletKind {
  const t = negative - positive;
  if (t <= 0) return 'hard';
  return t < margin || (boundary === 'inclusive' && t === margin) ? 'semi-hard' : 'easy';
}

/** The triplet hinge max(0, margin + d(a,p) - d(a,n)). */
export function hinge(positive: Distance, negative: Distance, margin: number): number {
  return Math.max(0, margin + positive - negative);
}

/** The distances [from, to) that a negative may have, half-open in 64-bit numbers. */
export interface Band {
  from: number;
  to: number;
}

/** The negatives that make a triplet of the kind with this d(a,p), so that `kindOfTriplet` agrees to the last bit. */
export function bandOfKind(
  kind: 'hard' | 'semi-hard',
  positive: number,
  margin: number,
  boundary: Boundary = 'exclusive',
): Band {
  const above = nextUp(positive);
  if (kind === 'hard') return { from: 0, to: above };
  const inside = (x: number) => x - positive < margin || (boundary === 'inclusive' && x - positive === margin);
  // x - positive is rounded and grows with x: the end is within a few steps of positive + margin
  let to = positive + margin;
  while (to < Infinity && inside(to)) to = nextUp(to);
  while (to > above && !inside(nextDown(to))) to = nextDown(to);
  return { from: above, to: Math.max(to, above) };
}

const float = new Float64Array(1);
/** the same eight bytes as two words; every platform that Node runs on is little-endian */
const words = new Uint32Array(float.buffer);

/** The smallest number above x >= 0. */
export function nextUp(x: number): number {
  if (x === Infinity) return x;
  float[0] = x + 0;
  if (++words[0]! === 4294967296) words[1]!++;
  return float[0];
}

/** The largest number below x > 0. */
export function nextDown(x: number): number {
  float[0] = x;
  if (words[0]! === 0) words[1]!--;
  words[0]!--;
  return float[0];
}
