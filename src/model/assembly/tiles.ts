// Written by unroll-tiles.mjs: do not edit.
import { add8, fma, store8, activate } from './lanes';

/**
 * 4 pixels x 8 channels. `xs`, `ys`: tables of 4 addresses, written to `offset` bytes behind the latter; `k` floats in
 * a kernel row, `kh` rows.
 */
export function productTile4(
  xs: usize, ys: usize, offset: usize, w: usize, bias: usize, kh: i32, k: i32, rowBytes: usize, lanes: i32, activation: i32,
): void {
  let x0: usize = load<u32>(xs, 0);
  let x1: usize = load<u32>(xs, 4);
  let x2: usize = load<u32>(xs, 8);
  let x3: usize = load<u32>(xs, 12);
  const b0 = bias ? v128.load(bias) : f32x4.splat(0);
  const b1 = bias ? v128.load(bias, 16) : f32x4.splat(0);
  let p0 = b0;
  let q0 = b1;
  let p1 = b0;
  let q1 = b1;
  let p2 = b0;
  let q2 = b1;
  let p3 = b0;
  let q3 = b1;
  for (let i = 0; i < kh; i++) {
    let a0 = x0;
    let a1 = x1;
    let a2 = x2;
    let a3 = x3;
    let t = k;
    for (; t >= 4; t -= 4) {
      const u0 = v128.load(w, 0);
      const v0 = v128.load(w, 16);
      const s00 = v128.load32_splat(a0, 0);
      p0 = fma(s00, u0, p0);
      q0 = fma(s00, v0, q0);
      const s01 = v128.load32_splat(a1, 0);
      p1 = fma(s01, u0, p1);
      q1 = fma(s01, v0, q1);
      const s02 = v128.load32_splat(a2, 0);
      p2 = fma(s02, u0, p2);
      q2 = fma(s02, v0, q2);
      const s03 = v128.load32_splat(a3, 0);
      p3 = fma(s03, u0, p3);
      q3 = fma(s03, v0, q3);
      const u1 = v128.load(w, 32);
      const v1 = v128.load(w, 48);
      const s10 = v128.load32_splat(a0, 4);
      p0 = fma(s10, u1, p0);
      q0 = fma(s10, v1, q0);
      const s11 = v128.load32_splat(a1, 4);
      p1 = fma(s11, u1, p1);
      q1 = fma(s11, v1, q1);
      const s12 = v128.load32_splat(a2, 4);
      p2 = fma(s12, u1, p2);
      q2 = fma(s12, v1, q2);
      const s13 = v128.load32_splat(a3, 4);
      p3 = fma(s13, u1, p3);
      q3 = fma(s13, v1, q3);
      const u2 = v128.load(w, 64);
      const v2 = v128.load(w, 80);
      const s20 = v128.load32_splat(a0, 8);
      p0 = fma(s20, u2, p0);
      q0 = fma(s20, v2, q0);
      const s21 = v128.load32_splat(a1, 8);
      p1 = fma(s21, u2, p1);
      q1 = fma(s21, v2, q1);
      const s22 = v128.load32_splat(a2, 8);
      p2 = fma(s22, u2, p2);
      q2 = fma(s22, v2, q2);
      const s23 = v128.load32_splat(a3, 8);
      p3 = fma(s23, u2, p3);
      q3 = fma(s23, v2, q3);
      const u3 = v128.load(w, 96);
      const v3 = v128.load(w, 112);
      const s30 = v128.load32_splat(a0, 12);
      p0 = fma(s30, u3, p0);
      q0 = fma(s30, v3, q0);
      const s31 = v128.load32_splat(a1, 12);
      p1 = fma(s31, u3, p1);
      q1 = fma(s31, v3, q1);
      const s32 = v128.load32_splat(a2, 12);
      p2 = fma(s32, u3, p2);
      q2 = fma(s32, v3, q2);
      const s33 = v128.load32_splat(a3, 12);
      p3 = fma(s33, u3, p3);
      q3 = fma(s33, v3, q3);
      a0 += 16;
      a1 += 16;
      a2 += 16;
      a3 += 16;
      w += 128;
    }
    for (; t > 0; t--) {
      const u = v128.load(w);
      const v = v128.load(w, 16);
      const s0 = v128.load32_splat(a0);
      p0 = fma(s0, u, p0);
      q0 = fma(s0, v, q0);
      a0 += 4;
      const s1 = v128.load32_splat(a1);
      p1 = fma(s1, u, p1);
      q1 = fma(s1, v, q1);
      a1 += 4;
      const s2 = v128.load32_splat(a2);
      p2 = fma(s2, u, p2);
      q2 = fma(s2, v, q2);
      a2 += 4;
      const s3 = v128.load32_splat(a3);
      p3 = fma(s3, u, p3);
      q3 = fma(s3, v, q3);
      a3 += 4;
      w += 32;
    }
    x0 += rowBytes;
    x1 += rowBytes;
    x2 += rowBytes;
    x3 += rowBytes;
  }
  store8((load<u32>(ys, 0) as usize) + offset, activate(p0, activation), activate(q0, activation), lanes);
  store8((load<u32>(ys, 4) as usize) + offset, activate(p1, activation), activate(q1, activation), lanes);
  store8((load<u32>(ys, 8) as usize) + offset, activate(p2, activation), activate(q2, activation), lanes);
  store8((load<u32>(ys, 12) as usize) + offset, activate(p3, activation), activate(q3, activation), lanes);
}

/** Adds what `count` pixels give to 4 rows x 8 channels of the filter's gradient; only `valid` rows are written. */
export function gradientTile4(
  xs: usize, offset: usize, count: i32, g: usize, gStride: usize, out: usize, outStride: usize, valid: i32, lanes: i32,
): void {
  let p0 = f32x4.splat(0);
  let q0 = f32x4.splat(0);
  let p1 = f32x4.splat(0);
  let q1 = f32x4.splat(0);
  let p2 = f32x4.splat(0);
  let q2 = f32x4.splat(0);
  let p3 = f32x4.splat(0);
  let q3 = f32x4.splat(0);
  for (let i = 0; i < count; i++) {
    const x: usize = (load<u32>(xs) as usize) + offset;
    const u = v128.load(g);
    const v = v128.load(g, 16);
    const s0 = v128.load32_splat(x, 0);
    p0 = fma(s0, u, p0);
    q0 = fma(s0, v, q0);
    const s1 = v128.load32_splat(x, 4);
    p1 = fma(s1, u, p1);
    q1 = fma(s1, v, q1);
    const s2 = v128.load32_splat(x, 8);
    p2 = fma(s2, u, p2);
    q2 = fma(s2, v, q2);
    const s3 = v128.load32_splat(x, 12);
    p3 = fma(s3, u, p3);
    q3 = fma(s3, v, q3);
    xs += 4;
    g += gStride;
  }
  add8(out + 0 * outStride, p0, q0, lanes);
  if (valid > 1) add8(out + 1 * outStride, p1, q1, lanes);
  if (valid > 2) add8(out + 2 * outStride, p2, q2, lanes);
  if (valid > 3) add8(out + 3 * outStride, p3, q3, lanes);
}

/**
 * 6 pixels x 8 channels. `xs`, `ys`: tables of 6 addresses, written to `offset` bytes behind the latter; `k` floats in
 * a kernel row, `kh` rows.
 */
export function productTile6(
  xs: usize, ys: usize, offset: usize, w: usize, bias: usize, kh: i32, k: i32, rowBytes: usize, lanes: i32, activation: i32,
): void {
  let x0: usize = load<u32>(xs, 0);
  let x1: usize = load<u32>(xs, 4);
  let x2: usize = load<u32>(xs, 8);
  let x3: usize = load<u32>(xs, 12);
  let x4: usize = load<u32>(xs, 16);
  let x5: usize = load<u32>(xs, 20);
  const b0 = bias ? v128.load(bias) : f32x4.splat(0);
  const b1 = bias ? v128.load(bias, 16) : f32x4.splat(0);
  let p0 = b0;
  let q0 = b1;
  let p1 = b0;
  let q1 = b1;
  let p2 = b0;
  let q2 = b1;
  let p3 = b0;
  let q3 = b1;
  let p4 = b0;
  let q4 = b1;
  let p5 = b0;
  let q5 = b1;
  for (let i = 0; i < kh; i++) {
    let a0 = x0;
    let a1 = x1;
    let a2 = x2;
    let a3 = x3;
    let a4 = x4;
    let a5 = x5;
    let t = k;
    for (; t >= 4; t -= 4) {
      const u0 = v128.load(w, 0);
      const v0 = v128.load(w, 16);
      const s00 = v128.load32_splat(a0, 0);
      p0 = fma(s00, u0, p0);
      q0 = fma(s00, v0, q0);
      const s01 = v128.load32_splat(a1, 0);
      p1 = fma(s01, u0, p1);
      q1 = fma(s01, v0, q1);
      const s02 = v128.load32_splat(a2, 0);
      p2 = fma(s02, u0, p2);
      q2 = fma(s02, v0, q2);
      const s03 = v128.load32_splat(a3, 0);
      p3 = fma(s03, u0, p3);
      q3 = fma(s03, v0, q3);
      const s04 = v128.load32_splat(a4, 0);
      p4 = fma(s04, u0, p4);
      q4 = fma(s04, v0, q4);
      const s05 = v128.load32_splat(a5, 0);
      p5 = fma(s05, u0, p5);
      q5 = fma(s05, v0, q5);
      const u1 = v128.load(w, 32);
      const v1 = v128.load(w, 48);
      const s10 = v128.load32_splat(a0, 4);
      p0 = fma(s10, u1, p0);
      q0 = fma(s10, v1, q0);
      const s11 = v128.load32_splat(a1, 4);
      p1 = fma(s11, u1, p1);
      q1 = fma(s11, v1, q1);
      const s12 = v128.load32_splat(a2, 4);
      p2 = fma(s12, u1, p2);
      q2 = fma(s12, v1, q2);
      const s13 = v128.load32_splat(a3, 4);
      p3 = fma(s13, u1, p3);
      q3 = fma(s13, v1, q3);
      const s14 = v128.load32_splat(a4, 4);
      p4 = fma(s14, u1, p4);
      q4 = fma(s14, v1, q4);
      const s15 = v128.load32_splat(a5, 4);
      p5 = fma(s15, u1, p5);
      q5 = fma(s15, v1, q5);
      const u2 = v128.load(w, 64);
      const v2 = v128.load(w, 80);
      const s20 = v128.load32_splat(a0, 8);
      p0 = fma(s20, u2, p0);
      q0 = fma(s20, v2, q0);
      const s21 = v128.load32_splat(a1, 8);
      p1 = fma(s21, u2, p1);
      q1 = fma(s21, v2, q1);
      const s22 = v128.load32_splat(a2, 8);
      p2 = fma(s22, u2, p2);
      q2 = fma(s22, v2, q2);
      const s23 = v128.load32_splat(a3, 8);
      p3 = fma(s23, u2, p3);
      q3 = fma(s23, v2, q3);
      const s24 = v128.load32_splat(a4, 8);
      p4 = fma(s24, u2, p4);
      q4 = fma(s24, v2, q4);
      const s25 = v128.load32_splat(a5, 8);
      p5 = fma(s25, u2, p5);
      q5 = fma(s25, v2, q5);
      const u3 = v128.load(w, 96);
      const v3 = v128.load(w, 112);
      const s30 = v128.load32_splat(a0, 12);
      p0 = fma(s30, u3, p0);
      q0 = fma(s30, v3, q0);
      const s31 = v128.load32_splat(a1, 12);
      p1 = fma(s31, u3, p1);
      q1 = fma(s31, v3, q1);
      const s32 = v128.load32_splat(a2, 12);
      p2 = fma(s32, u3, p2);
      q2 = fma(s32, v3, q2);
      const s33 = v128.load32_splat(a3, 12);
      p3 = fma(s33, u3, p3);
      q3 = fma(s33, v3, q3);
      const s34 = v128.load32_splat(a4, 12);
      p4 = fma(s34, u3, p4);
      q4 = fma(s34, v3, q4);
      const s35 = v128.load32_splat(a5, 12);
      p5 = fma(s35, u3, p5);
      q5 = fma(s35, v3, q5);
      a0 += 16;
      a1 += 16;
      a2 += 16;
      a3 += 16;
      a4 += 16;
      a5 += 16;
      w += 128;
    }
    for (; t > 0; t--) {
      const u = v128.load(w);
      const v = v128.load(w, 16);
      const s0 = v128.load32_splat(a0);
      p0 = fma(s0, u, p0);
      q0 = fma(s0, v, q0);
      a0 += 4;
      const s1 = v128.load32_splat(a1);
      p1 = fma(s1, u, p1);
      q1 = fma(s1, v, q1);
      a1 += 4;
      const s2 = v128.load32_splat(a2);
      p2 = fma(s2, u, p2);
      q2 = fma(s2, v, q2);
      a2 += 4;
      const s3 = v128.load32_splat(a3);
      p3 = fma(s3, u, p3);
      q3 = fma(s3, v, q3);
      a3 += 4;
      const s4 = v128.load32_splat(a4);
      p4 = fma(s4, u, p4);
      q4 = fma(s4, v, q4);
      a4 += 4;
      const s5 = v128.load32_splat(a5);
      p5 = fma(s5, u, p5);
      q5 = fma(s5, v, q5);
      a5 += 4;
      w += 32;
    }
    x0 += rowBytes;
    x1 += rowBytes;
    x2 += rowBytes;
    x3 += rowBytes;
    x4 += rowBytes;
    x5 += rowBytes;
  }
  store8((load<u32>(ys, 0) as usize) + offset, activate(p0, activation), activate(q0, activation), lanes);
  store8((load<u32>(ys, 4) as usize) + offset, activate(p1, activation), activate(q1, activation), lanes);
  store8((load<u32>(ys, 8) as usize) + offset, activate(p2, activation), activate(q2, activation), lanes);
  store8((load<u32>(ys, 12) as usize) + offset, activate(p3, activation), activate(q3, activation), lanes);
  store8((load<u32>(ys, 16) as usize) + offset, activate(p4, activation), activate(q4, activation), lanes);
  store8((load<u32>(ys, 20) as usize) + offset, activate(p5, activation), activate(q5, activation), lanes);
}

/** Adds what `count` pixels give to 6 rows x 8 channels of the filter's gradient; only `valid` rows are written. */
export function gradientTile6(
  xs: usize, offset: usize, count: i32, g: usize, gStride: usize, out: usize, outStride: usize, valid: i32, lanes: i32,
): void {
  let p0 = f32x4.splat(0);
  let q0 = f32x4.splat(0);
  let p1 = f32x4.splat(0);
  let q1 = f32x4.splat(0);
  let p2 = f32x4.splat(0);
  let q2 = f32x4.splat(0);
  let p3 = f32x4.splat(0);
  let q3 = f32x4.splat(0);
  let p4 = f32x4.splat(0);
  let q4 = f32x4.splat(0);
  let p5 = f32x4.splat(0);
  let q5 = f32x4.splat(0);
  for (let i = 0; i < count; i++) {
    const x: usize = (load<u32>(xs) as usize) + offset;
    const u = v128.load(g);
    const v = v128.load(g, 16);
    const s0 = v128.load32_splat(x, 0);
    p0 = fma(s0, u, p0);
    q0 = fma(s0, v, q0);
    const s1 = v128.load32_splat(x, 4);
    p1 = fma(s1, u, p1);
    q1 = fma(s1, v, q1);
    const s2 = v128.load32_splat(x, 8);
    p2 = fma(s2, u, p2);
    q2 = fma(s2, v, q2);
    const s3 = v128.load32_splat(x, 12);
    p3 = fma(s3, u, p3);
    q3 = fma(s3, v, q3);
    const s4 = v128.load32_splat(x, 16);
    p4 = fma(s4, u, p4);
    q4 = fma(s4, v, q4);
    const s5 = v128.load32_splat(x, 20);
    p5 = fma(s5, u, p5);
    q5 = fma(s5, v, q5);
    xs += 4;
    g += gStride;
  }
  add8(out + 0 * outStride, p0, q0, lanes);
  if (valid > 1) add8(out + 1 * outStride, p1, q1, lanes);
  if (valid > 2) add8(out + 2 * outStride, p2, q2, lanes);
  if (valid > 3) add8(out + 3 * outStride, p3, q3, lanes);
  if (valid > 4) add8(out + 4 * outStride, p4, q4, lanes);
  if (valid > 5) add8(out + 5 * outStride, p5, q5, lanes);
}
