// Exact distances: 64-bit, in the order of additions that core/distances.ts fixes, bit for bit the same.
import { d, exactRows, L1, L2, metric, norms, SQL2, WEIGHTED_L1, weights } from './plan';

/** Distance between two rows. */
export function exact(i: i32, j: i32): f64 {
  const x = exactRows + <usize>i * <usize>d * 4;
  const y = exactRows + <usize>j * <usize>d * 4;
  switch (metric) {
    case L2:
      return sqrt(sumOfSquares(x, y));
    case SQL2:
      return sumOfSquares(x, y);
    case L1:
      return sumOfAbsolutes(x, y);
    case WEIGHTED_L1:
      return weightedSum(x, y);
    default: {
      const xx = load<f64>(norms + (<usize>i << 3));
      const yy = load<f64>(norms + (<usize>j << 3));
      if (xx == 0 || yy == 0) return 1;
      return max<f64>(0, 1 - dot(x, y) / sqrt(xx * yy));
    }
  }
}

/** |x|² of a row. */
export function squaredNorm(i: i32): f64 {
  const x = exactRows + <usize>i * <usize>d * 4;
  return dot(x, x);
}

// @ts-ignore: decorator
@inline function low(v: v128): v128 {
  return f64x2.promote_low_f32x4(v);
}
// @ts-ignore: decorator
@inline function high(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<u64>(v, v, 1, 1));
}
/** (s0 + s2) + (s1 + s3), after the last one to three components went to s0, s1 and s2. */
// @ts-ignore: decorator
@inline function join(s01: v128, s23: v128, t0: f64, t1: f64, t2: f64): f64 {
  const s0 = f64x2.extract_lane(s01, 0) + t0;
  const s1 = f64x2.extract_lane(s01, 1) + t1;
  const s2 = f64x2.extract_lane(s23, 0) + t2;
  return s0 + s2 + (s1 + f64x2.extract_lane(s23, 1));
}
// @ts-ignore: decorator
@inline function difference(x: usize, y: usize): f64 {
  return <f64>load<f32>(x) - <f64>load<f32>(y);
}

function dot(x: usize, y: usize): f64 {
  let s01 = f64x2.splat(0);
  let s23 = f64x2.splat(0);
  const whole = x + (<usize>(d & ~3) << 2);
  for (; x < whole; x += 16, y += 16) {
    const a = v128.load(x);
    const b = v128.load(y);
    s01 = v128.add<f64>(s01, v128.mul<f64>(low(a), low(b)));
    s23 = v128.add<f64>(s23, v128.mul<f64>(high(a), high(b)));
  }
  const rest = d & 3;
  const t0 = rest > 0 ? <f64>load<f32>(x) * <f64>load<f32>(y) : 0;
  const t1 = rest > 1 ? <f64>load<f32>(x, 4) * <f64>load<f32>(y, 4) : 0;
  const t2 = rest > 2 ? <f64>load<f32>(x, 8) * <f64>load<f32>(y, 8) : 0;
  return join(s01, s23, t0, t1, t2);
}

function sumOfSquares(x: usize, y: usize): f64 {
  let s01 = f64x2.splat(0);
  let s23 = f64x2.splat(0);
  const whole = x + (<usize>(d & ~3) << 2);
  for (; x < whole; x += 16, y += 16) {
    const a = v128.load(x);
    const b = v128.load(y);
    const p = v128.sub<f64>(low(a), low(b));
    const q = v128.sub<f64>(high(a), high(b));
    s01 = v128.add<f64>(s01, v128.mul<f64>(p, p));
    s23 = v128.add<f64>(s23, v128.mul<f64>(q, q));
  }
  const rest = d & 3;
  const t0 = rest > 0 ? difference(x, y) : 0;
  const t1 = rest > 1 ? difference(x + 4, y + 4) : 0;
  const t2 = rest > 2 ? difference(x + 8, y + 8) : 0;
  return join(s01, s23, t0 * t0, t1 * t1, t2 * t2);
}

function sumOfAbsolutes(x: usize, y: usize): f64 {
  let s01 = f64x2.splat(0);
  let s23 = f64x2.splat(0);
  const whole = x + (<usize>(d & ~3) << 2);
  for (; x < whole; x += 16, y += 16) {
    const a = v128.load(x);
    const b = v128.load(y);
    s01 = v128.add<f64>(s01, v128.abs<f64>(v128.sub<f64>(low(a), low(b))));
    s23 = v128.add<f64>(s23, v128.abs<f64>(v128.sub<f64>(high(a), high(b))));
  }
  const rest = d & 3;
  const t0 = rest > 0 ? abs(difference(x, y)) : 0;
  const t1 = rest > 1 ? abs(difference(x + 4, y + 4)) : 0;
  const t2 = rest > 2 ? abs(difference(x + 8, y + 8)) : 0;
  return join(s01, s23, t0, t1, t2);
}

function weightedSum(x: usize, y: usize): f64 {
  let w = weights;
  let s01 = f64x2.splat(0);
  let s23 = f64x2.splat(0);
  const whole = x + (<usize>(d & ~3) << 2);
  for (; x < whole; x += 16, y += 16, w += 16) {
    const a = v128.load(x);
    const b = v128.load(y);
    const c = v128.load(w);
    s01 = v128.add<f64>(s01, v128.mul<f64>(low(c), v128.abs<f64>(v128.sub<f64>(low(a), low(b)))));
    s23 = v128.add<f64>(s23, v128.mul<f64>(high(c), v128.abs<f64>(v128.sub<f64>(high(a), high(b)))));
  }
  const rest = d & 3;
  const t0 = rest > 0 ? <f64>load<f32>(w) * abs(difference(x, y)) : 0;
  const t1 = rest > 1 ? <f64>load<f32>(w, 4) * abs(difference(x + 4, y + 4)) : 0;
  const t2 = rest > 2 ? <f64>load<f32>(w, 8) * abs(difference(x + 8, y + 8)) : 0;
  return join(s01, s23, t0, t1, t2);
}
