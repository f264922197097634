// Between exact distances and the scale of the bounds (f32; squared for l2): always a little too low or a little too high.
import { d, COSINE, L2, largestWidth, metric, relativeWidth, scale, widths } from './plan';

/** Relative room for the rounding of the conversion, twice what it can be. */
const ROUNDING: f64 = 2.4e-7;
const TINY: f64 = 1e-37;

// @ts-ignore: decorator
@inline function scaled(distance: f64): f64 {
  return metric == L2 ? distance * scale * (distance * scale) : distance * scale;
}
/** How far an exact cosine distance can be off the true one, and then some. */
// @ts-ignore: decorator
@inline function slack(): f64 {
  return metric == COSINE ? <f64>(d + 16) * 1e-15 + TINY : TINY;
}

/** Pairs at least this far apart have an upper bound of at least the result. */
export function lowKey(distance: f64): f32 {
  return <f32>(scaled(distance) * (1 - ROUNDING) - slack());
}

/** Pairs with a lower bound above the result are farther apart than this. */
export function highKey(distance: f64): f32 {
  return <f32>(scaled(distance) * (1 + ROUNDING) + slack());
}

/** The lowest bound that row i can have with a pair whose upper bound reaches the key. */
// @ts-ignore: decorator
@inline export function lowestReaching(key: f32, i: i32): f32 {
  return lowestReachingAny(key) - load<f32>(widths + (<usize>i << 2)) * 1.001;
}

/** The same before the width of the row itself is taken off. */
// @ts-ignore: decorator
@inline export function lowestReachingAny(key: f32): f32 {
  return key - abs(key) * relativeWidth * 2 - largestWidth * 1.001;
}
