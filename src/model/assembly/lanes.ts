// Four floats at a time. `fma` is one rounding with relaxed SIMD, two without.

// @ts-ignore: decorator
@inline
export function fma(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Output pixels (or rows) a register tile covers: 12 or 8 accumulators, what 16 vector registers bear. */
// @ts-ignore: decorator
@inline
export const ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;

/** Stores the first `lanes` (1..8) floats of two vectors. */
// @ts-ignore: decorator
@inline
export function store8(to: usize, a: v128, b: v128, lanes: i32): void {
  if (lanes >= 8) {
    v128.store(to, a);
    v128.store(to, b, 16);
    return;
  }
  storeSome(to, a, b, lanes);
}

function storeSome(to: usize, a: v128, b: v128, lanes: i32): void {
  let rest = lanes;
  let v = a;
  if (rest >= 4) {
    v128.store(to, a);
    to += 16;
    rest -= 4;
    v = b;
  }
  if (rest > 0) f32.store(to, f32x4.extract_lane(v, 0));
  if (rest > 1) f32.store(to, f32x4.extract_lane(v, 1), 4);
  if (rest > 2) f32.store(to, f32x4.extract_lane(v, 2), 8);
}

/** Adds the first `lanes` (1..8) floats of two vectors to memory. */
export function add8(to: usize, a: v128, b: v128, lanes: i32): void {
  if (lanes >= 8) {
    v128.store(to, f32x4.add(v128.load(to), a));
    v128.store(to, f32x4.add(v128.load(to, 16), b), 16);
    return;
  }
  for (let i = 0; i < lanes; i++) {
    f32.store(to + i * 4, f32.load(to + i * 4) + pick(i < 4 ? a : b, i & 3));
  }
}

function pick(v: v128, lane: i32): f32 {
  if (lane === 0) return f32x4.extract_lane(v, 0);
  if (lane === 1) return f32x4.extract_lane(v, 1);
  return lane === 2 ? f32x4.extract_lane(v, 2) : f32x4.extract_lane(v, 3);
}

/** none 0, relu 1, relu6 2 */
// @ts-ignore: decorator
@inline
export function activate(v: v128, activation: i32): v128 {
  if (activation === 0) return v;
  const positive = f32x4.max(v, f32x4.splat(0));
  return activation === 2 ? f32x4.min(positive, f32x4.splat(6)) : positive;
}
