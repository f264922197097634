// Batch normalisation in training, with what follows it (relu, 2 x 2 max pooling) in the same pass, and column sums.
// x is [rows, c]; sums run in float over 64 rows, then in double. Channels behind the last multiple of 4 go one by one.
import { activate, fma } from './lanes';

const STRIP: i32 = 64;

/** out[c] = sum of rows; `acc`: c doubles of scratch. */
export function columnSums(x: usize, rows: i32, c: i32, out: usize, acc: usize): void {
  memory.fill(acc, 0, (c as usize) * 8);
  const stride: usize = (c as usize) * 4;
  for (let from = 0; from < rows; from += STRIP) {
    const count = min(STRIP, rows - from);
    const strip = x + (from as usize) * stride;
    let j = 0;
    for (; j + 4 <= c; j += 4) {
      let s = f32x4.splat(0);
      let at = strip + (j as usize) * 4;
      for (let i = 0; i < count; i++, at += stride) s = f32x4.add(s, v128.load(at));
      addDoubles(acc + (j as usize) * 8, s);
    }
    for (; j < c; j++) {
      let s: f64 = 0;
      let at = strip + (j as usize) * 4;
      for (let i = 0; i < count; i++, at += stride) s += f32.load(at) as f64;
      const to = acc + (j as usize) * 8;
      f64.store(to, f64.load(to) + s);
    }
  }
  for (let j = 0; j < c; j++) f32.store(out + (j as usize) * 4, f64.load(acc + (j as usize) * 8) as f32);
}

// @ts-ignore: decorator
@inline
function addDoubles(to: usize, v: v128): void {
  v128.store(to, f64x2.add(v128.load(to), f64x2.promote_low_f32x4(v)));
  const high = v128.shuffle<i32>(v, v, 2, 3, 2, 3);
  v128.store(to, f64x2.add(v128.load(to, 16), f64x2.promote_low_f32x4(high)), 16);
}

/**
 * mean[c] and biased variance[c] over rows. Sums are taken of differences from the first row, so that a large mean does
 * not eat a small variance. `acc`: 2c doubles.
 */
export function moments(x: usize, rows: i32, c: i32, mean: usize, variance: usize, acc: usize): void {
  const second = acc + (c as usize) * 8;
  const stride: usize = (c as usize) * 4;
  memory.fill(acc, 0, (c as usize) * 16);
  for (let from = 0; from < rows; from += STRIP) {
    const count = min(STRIP, rows - from);
    const strip = x + (from as usize) * stride;
    let j = 0;
    for (; j + 4 <= c; j += 4) {
      const origin = v128.load(x + (j as usize) * 4);
      let s = f32x4.splat(0);
      let q = f32x4.splat(0);
      let at = strip + (j as usize) * 4;
      for (let i = 0; i < count; i++, at += stride) {
        const d = f32x4.sub(v128.load(at), origin);
        s = f32x4.add(s, d);
        q = fma(d, d, q);
      }
      addDoubles(acc + (j as usize) * 8, s);
      addDoubles(second + (j as usize) * 8, q);
    }
    for (; j < c; j++) {
      const origin = f32.load(x + (j as usize) * 4);
      let s: f64 = 0;
      let q: f64 = 0;
      let at = strip + (j as usize) * 4;
      for (let i = 0; i < count; i++, at += stride) {
        const d = (f32.load(at) - origin) as f64;
        s += d;
        q += d * d;
      }
      const to = (j as usize) * 8;
      f64.store(acc + to, f64.load(acc + to) + s);
      f64.store(second + to, f64.load(second + to) + q);
    }
  }
  for (let j = 0; j < c; j++) {
    const m = f64.load(acc + (j as usize) * 8) / (rows as f64);
    const v = f64.load(second + (j as usize) * 8) / (rows as f64) - m * m;
    f32.store(mean + (j as usize) * 4, ((f32.load(x + (j as usize) * 4) as f64) + m) as f32);
    f32.store(variance + (j as usize) * 4, max<f64>(v, 0) as f32);
  }
}

/** y = x * scale + shift: scale[c] = gamma / sqrt(variance + eps), shift[c] = beta - mean * scale, both into `affine` (2c floats). */
export function affineOf(c: i32, gamma: usize, beta: usize, mean: usize, variance: usize, eps: f32, affine: usize): void {
  for (let j = 0; j < c; j++) {
    const at = (j as usize) * 4;
    const scale = (f32.load(gamma + at) as f64) / sqrt<f64>((f32.load(variance + at) as f64) + (eps as f64));
    f32.store(affine + at, scale as f32);
    f32.store(affine + ((c + j) as usize) * 4, ((f32.load(beta + at) as f64) - (f32.load(mean + at) as f64) * scale) as f32);
  }
}

/** y = activation(x * scale + shift) on [rows, c]. */
export function normalise(x: usize, rows: i32, c: i32, affine: usize, activation: i32, y: usize): void {
  const shift = affine + (c as usize) * 4;
  for (let i = 0; i < rows; i++) {
    let j: usize = 0;
    const bytes = (c as usize) * 4;
    for (; j + 16 <= bytes; j += 16) {
      v128.store(y + j, activate(fma(v128.load(x + j), v128.load(affine + j), v128.load(shift + j)), activation));
    }
    for (; j < bytes; j += 4) {
      let v = f32.load(x + j) * f32.load(affine + j) + f32.load(shift + j);
      if (activation !== 0) v = max<f32>(v, 0);
      if (activation === 2) v = min<f32>(v, 6);
      f32.store(y + j, v);
    }
    x += bytes;
    y += bytes;
  }
}

/** The gradient before the activation, from the one behind it and the activation's output. */
// @ts-ignore: decorator
@inline
function gate(dy: v128, y: v128, activation: i32): v128 {
  if (activation === 0) return dy;
  const open = f32x4.gt(y, f32x4.splat(0));
  if (activation === 1) return v128.and(dy, open);
  return v128.and(dy, v128.and(open, f32x4.lt(y, f32x4.splat(6))));
}

// @ts-ignore: decorator
@inline
function gateOne(dy: f32, y: f32, activation: i32): f32 {
  if (activation === 0) return dy;
  return y > 0 && (activation === 1 || y < 6) ? dy : 0;
}

/**
 * Gradients of `normalise` with batch moments. dgamma[c], dbeta[c], dx [rows,c]; `acc`: 2c doubles, `coefficients`: 3c
 * floats. dx = scale * (dz - dbeta/rows - xhat * dgamma/rows).
 */
export function normaliseGradient(
  x: usize, y: usize, dy: usize, rows: i32, c: i32, gamma: usize, mean: usize, variance: usize, eps: f32, activation: i32,
  dgamma: usize, dbeta: usize, dx: usize, acc: usize, coefficients: usize,
): void {
  const stride: usize = (c as usize) * 4;
  const second = acc + (c as usize) * 8;
  memory.fill(acc, 0, (c as usize) * 16);
  for (let from = 0; from < rows; from += STRIP) {
    const count = min(STRIP, rows - from);
    const strip = (from as usize) * stride;
    let j = 0;
    for (; j + 4 <= c; j += 4) {
      const m = v128.load(mean + (j as usize) * 4);
      let s = f32x4.splat(0);
      let q = f32x4.splat(0);
      let at = strip + (j as usize) * 4;
      for (let i = 0; i < count; i++, at += stride) {
        const g = gate(v128.load(dy + at), v128.load(y + at), activation);
        s = f32x4.add(s, g);
        q = fma(g, f32x4.sub(v128.load(x + at), m), q);
      }
      addDoubles(acc + (j as usize) * 8, s);
      addDoubles(second + (j as usize) * 8, q);
    }
    for (; j < c; j++) {
      const m = f32.load(mean + (j as usize) * 4);
      let s: f64 = 0;
      let q: f64 = 0;
      let at = strip + (j as usize) * 4;
      for (let i = 0; i < count; i++, at += stride) {
        const g = gateOne(f32.load(dy + at), f32.load(y + at), activation);
        s += g as f64;
        q += (g * (f32.load(x + at) - m)) as f64;
      }
      const to = (j as usize) * 8;
      f64.store(acc + to, f64.load(acc + to) + s);
      f64.store(second + to, f64.load(second + to) + q);
    }
  }
  finishGradient(rows, c, gamma, mean, variance, eps, dgamma, dbeta, acc, coefficients);
  for (let i = 0; i < rows; i++) {
    let j: usize = 0;
    for (; j + 16 <= stride; j += 16) {
      const g = gate(v128.load(dy + j), v128.load(y + j), activation);
      v128.store(dx + j, combine(g, v128.load(x + j), coefficients + j, stride));
    }
    for (; j < stride; j += 4) {
      const g = gateOne(f32.load(dy + j), f32.load(y + j), activation);
      f32.store(dx + j, combineOne(g, f32.load(x + j), coefficients + j, stride));
    }
    x += stride;
    y += stride;
    dy += stride;
    dx += stride;
  }
}

/** From sums of dz and dz * (x - mean): dgamma, dbeta, and a, b, d with dx = a * dz + b * x + d. */
function finishGradient(
  rows: i32, c: i32, gamma: usize, mean: usize, variance: usize, eps: f32, dgamma: usize, dbeta: usize, acc: usize,
  coefficients: usize,
): void {
  const n = rows as f64;
  for (let j = 0; j < c; j++) {
    const at = (j as usize) * 4;
    const sum = f64.load(acc + (j as usize) * 8);
    const product = f64.load(acc + ((c + j) as usize) * 8);
    const inverse = 1 / sqrt<f64>((f32.load(variance + at) as f64) + (eps as f64));
    const scale = (f32.load(gamma + at) as f64) * inverse;
    const m = f32.load(mean + at) as f64;
    const slope = (-scale * inverse * inverse * product) / n;
    f32.store(dgamma + at, (product * inverse) as f32);
    f32.store(dbeta + at, sum as f32);
    f32.store(coefficients + at, scale as f32);
    f32.store(coefficients + ((c + j) as usize) * 4, slope as f32);
    f32.store(coefficients + ((2 * c + j) as usize) * 4, (-(scale * sum) / n - slope * m) as f32);
  }
}

// @ts-ignore: decorator
@inline
function combine(g: v128, x: v128, coefficients: usize, stride: usize): v128 {
  return fma(g, v128.load(coefficients), fma(x, v128.load(coefficients + stride), v128.load(coefficients + 2 * stride)));
}

// @ts-ignore: decorator
@inline
function combineOne(g: f32, x: f32, coefficients: usize, stride: usize): f32 {
  return g * f32.load(coefficients) + (x * f32.load(coefficients + stride) + f32.load(coefficients + 2 * stride));
}

/**
 * y [n,h/2,w/2,c] = max over 2 x 2 of relu(x * scale + shift); c a multiple of 4. `index`, a byte each: which of the four
 * (0..3) won, 255 where relu let nothing through.
 */
export function normalisePool(x: usize, n: i32, h: i32, w: i32, c: i32, affine: usize, y: usize, index: usize): void {
  const shift = affine + (c as usize) * 4;
  const pixel: usize = (c as usize) * 4;
  const row: usize = (w as usize) * pixel;
  for (let i = 0; i < n; i++) {
    for (let r = 0; r < h >> 1; r++) {
      let p = x + ((i * h + 2 * r) as usize) * row;
      for (let q = 0; q < w >> 1; q++) {
        for (let j: usize = 0; j < pixel; j += 16) {
          const scale = v128.load(affine + j);
          const add = v128.load(shift + j);
          const at = p + j;
          let best = fma(v128.load(at), scale, add);
          let which = i32x4.splat(0);
          let other = fma(v128.load(at + pixel), scale, add);
          let more = f32x4.gt(other, best);
          best = v128.bitselect(other, best, more);
          which = v128.bitselect(i32x4.splat(1), which, more);
          other = fma(v128.load(at + row), scale, add);
          more = f32x4.gt(other, best);
          best = v128.bitselect(other, best, more);
          which = v128.bitselect(i32x4.splat(2), which, more);
          other = fma(v128.load(at + row + pixel), scale, add);
          more = f32x4.gt(other, best);
          best = v128.bitselect(other, best, more);
          which = v128.bitselect(i32x4.splat(3), which, more);
          more = f32x4.gt(best, f32x4.splat(0));
          v128.store(y, v128.and(best, more));
          which = v128.bitselect(which, i32x4.splat(255), more);
          const words = i16x8.narrow_i32x4_u(which, which);
          v128.store_lane<i32>(index, i8x16.narrow_i16x8_u(words, words), 0);
          y += 16;
          index += 4;
        }
        p += 2 * pixel;
      }
    }
  }
}

/** Gradients of `normalisePool`; as `normaliseGradient`. */
export function normalisePoolGradient(
  x: usize, index: usize, dy: usize, n: i32, h: i32, w: i32, c: i32, gamma: usize, mean: usize, variance: usize, eps: f32,
  dgamma: usize, dbeta: usize, dx: usize, acc: usize, coefficients: usize,
): void {
  const pixel: usize = (c as usize) * 4;
  const row: usize = (w as usize) * pixel;
  const second = acc + (c as usize) * 8;
  memory.fill(acc, 0, (c as usize) * 16);
  let d = dy;
  let k = index;
  for (let i = 0; i < n; i++) {
    for (let r = 0; r < h >> 1; r++) {
      let p = x + ((i * h + 2 * r) as usize) * row;
      for (let q = 0; q < w >> 1; q++) {
        for (let j: usize = 0; j < pixel; j += 4) {
          const which = load<u8>(k++) as usize;
          if (which < 4) {
            const g = f32.load(d) as f64;
            const value = f32.load(p + j + (which & 1) * pixel + (which >> 1) * row) - f32.load(mean + j);
            f64.store(acc + 2 * j, f64.load(acc + 2 * j) + g);
            f64.store(second + 2 * j, f64.load(second + 2 * j) + g * (value as f64));
          }
          d += 4;
        }
        p += 2 * pixel;
      }
    }
  }
  finishGradient(n * h * w, c, gamma, mean, variance, eps, dgamma, dbeta, acc, coefficients);
  const pooledRow: usize = ((w >> 1) as usize) * pixel;
  for (let i = 0; i < n; i++) {
    for (let r = 0; r < h; r++) {
      for (let q = 0; q < w; q++) {
        const inside = (r >> 1) < h >> 1 && (q >> 1) < w >> 1;
        const at = ((i * (h >> 1) + (r >> 1)) as usize) * pooledRow + ((q >> 1) as usize) * pixel;
        const place = i32x4.splat((r & 1) * 2 + (q & 1));
        for (let j: usize = 0; j < pixel; j += 16) {
          let g = f32x4.splat(0);
          if (inside) {
            const bytes = v128.load32_zero(index + ((at + j) >> 2));
            const which = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes));
            g = v128.and(v128.load(dy + at + j), i32x4.eq(which, place));
          }
          v128.store(dx + j, combine(g, v128.load(x + j), coefficients + j, pixel));
        }
        x += pixel;
        dx += pixel;
      }
    }
  }
}
