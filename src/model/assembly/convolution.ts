// Convolution and its two gradients, NHWC, any kernel size and stride, no dilation. A matrix product is a convolution
// with one row a pixel and one kernel row. Pixels are met through a table of addresses, so that stride, image edges and
// batch edges cost nothing inside a tile.
import { ROWS } from './lanes';
import { gradientTile4, gradientTile6, productTile4, productTile6 } from './tiles';

/** Output pixels worked on at once: their inputs and outputs stay in the second-level cache. */
const BLOCK: i32 = 240;

/** Bytes of the table that the functions here need as `scratch`. */
export function scratchBytes(): i32 {
  return (BLOCK + 8) * 8;
}

/**
 * Copies x [n,h,w,c] into zeros [n,hp,wp,c], each pixel at (top + row * dilateH, left + column * dilateW). Pixels that
 * fall outside are dropped (negative top or left crop).
 */
export function pad(
  x: usize, n: i32, h: i32, w: i32, c: i32, top: i32, left: i32, hp: i32, wp: i32, dilateH: i32, dilateW: i32, out: usize,
): void {
  const pixel: usize = c * 4;
  const image: usize = ((hp * wp) as usize) * pixel;
  memory.fill(out, 0, (n as usize) * image);
  for (let i = 0; i < n; i++) {
    for (let r = 0; r < h; r++) {
      const to = top + r * dilateH;
      if (to < 0 || to >= hp) continue;
      const row = out + (i as usize) * image + ((to * wp) as usize) * pixel;
      const from = x + (((i * h + r) * w) as usize) * pixel;
      if (dilateW === 1) {
        const first = left < 0 ? -left : 0;
        const last = left + w > wp ? wp - left : w;
        if (last > first) memory.copy(row + ((left + first) as usize) * pixel, from + (first as usize) * pixel, ((last - first) as usize) * pixel);
      } else {
        for (let q = 0; q < w; q++) {
          const at = left + q * dilateW;
          if (at >= 0 && at < wp) memory.copy(row + (at as usize) * pixel, from + (q as usize) * pixel, pixel);
        }
      }
    }
  }
}

/** Filter [k, co] -> panels [co/8][k][8], zeros behind the last channel. `k` = kernel height * width * input channels. */
export function packFilter(w: usize, k: i32, co: i32, out: usize): void {
  for (let c = 0; c < co; c += 8) {
    const lanes = min(8, co - c);
    for (let i = 0; i < k; i++) {
      const from = w + ((i as usize) * (co as usize) + (c as usize)) * 4;
      if (lanes === 8) {
        v128.store(out, v128.load(from));
        v128.store(out, v128.load(from, 16), 16);
      } else {
        v128.store(out, f32x4.splat(0));
        v128.store(out, f32x4.splat(0), 16);
        memory.copy(out, from, lanes * 4);
      }
      out += 32;
    }
  }
}

/**
 * Filter [kh,kw,ci,co] -> panels [ci/8][rows][columns][co][8] with rows and columns turned: convolving the output's gradient
 * with it gives the input's. With kh = kw = 1 it is the transpose of a matrix [ci, co].
 */
export function packFilterTurned(w: usize, kh: i32, kw: i32, ci: i32, co: i32, out: usize): void {
  packTapsTurned(w, kh, kw, ci, co, 0, 0, 1, 1, out);
}

/** As `packFilterTurned`, of every `sh`-th row from `fh` on and every `sw`-th column from `fw` on alone. */
export function packTapsTurned(
  w: usize, kh: i32, kw: i32, ci: i32, co: i32, fh: i32, fw: i32, sh: i32, sw: i32, out: usize,
): void {
  const lastH = fh + ((kh - 1 - fh) / sh) * sh;
  const lastW = fw + ((kw - 1 - fw) / sw) * sw;
  for (let c = 0; c < ci; c += 8) {
    const lanes = min(8, ci - c);
    for (let h = lastH; h >= fh; h -= sh) {
      for (let q = lastW; q >= fw; q -= sw) {
        const from = w + (((h * kw + q) * ci + c) as usize) * (co as usize) * 4;
        for (let o = 0; o < co; o++) {
          for (let i = 0; i < 8; i++) {
            f32.store(out + i * 4, i < lanes ? f32.load(from + ((i * co + o) as usize) * 4) : 0);
          }
          out += 32;
        }
      }
    }
  }
}

/** Addresses of the windows' first values of output pixels [from, from + count), into `table`. */
// @ts-ignore: decorator
@inline
function windows(x: usize, from: i32, count: i32, hp: i32, wp: i32, ci: i32, oh: i32, ow: i32, sh: i32, sw: i32, table: usize): void {
  let column = from % ow;
  let row = (from / ow) % oh;
  let image = from / (ow * oh);
  for (let i = 0; i < count; i++) {
    const at = x + (((image * hp + row * sh) * wp + column * sw) as usize) * (ci as usize) * 4;
    store<u32>(table + (i as usize) * 4, at as u32);
    if (++column === ow) {
      column = 0;
      if (++row === oh) {
        row = 0;
        image++;
      }
    }
  }
}

/**
 * y [n,oh,ow,co] = activation(x [n,hp,wp,ci] * filter + bias), x padded already, filter packed. `bias` 0 for none, else
 * padded to a multiple of 8. `activation`: none 0, relu 1, relu6 2.
 */
export function convolve(
  x: usize, n: i32, hp: i32, wp: i32, ci: i32, packed: usize, kh: i32, kw: i32, co: i32, sh: i32, sw: i32,
  oh: i32, ow: i32, bias: usize, activation: i32, y: usize, scratch: usize,
): void {
  convolveTo(x, n, hp, wp, ci, packed, kh, kw, co, sh, sw, oh, ow, bias, activation, y, oh, ow, 1, 1, scratch);
}

/** As `convolve`, with output pixel (r, q) written to (r * ysh, q * ysw) of y [n,yh,yw,co]. */
export function convolveTo(
  x: usize, n: i32, hp: i32, wp: i32, ci: i32, packed: usize, kh: i32, kw: i32, co: i32, sh: i32, sw: i32,
  oh: i32, ow: i32, bias: usize, activation: i32, y: usize, yh: i32, yw: i32, ysh: i32, ysw: i32, scratch: usize,
): void {
  const k = kw * ci;
  const rowBytes: usize = ((wp * ci) as usize) * 4;
  const panel: usize = ((kh * k) as usize) * 32;
  const total = n * oh * ow;
  const targets = scratch + (BLOCK + 8) * 4;
  for (let from = 0; from < total; from += BLOCK) {
    const count = min(BLOCK, total - from);
    windows(x, from, count, hp, wp, ci, oh, ow, sh, sw, scratch);
    windows(y, from, count, yh, yw, co, oh, ow, ysh, ysw, targets);
    // The last tile repeats the last pixel instead of ending early: it writes the same values twice.
    for (let i = count; i % ROWS !== 0; i++) {
      store<u32>(scratch + (i as usize) * 4, load<u32>(scratch + ((count - 1) as usize) * 4));
      store<u32>(targets + (i as usize) * 4, load<u32>(targets + ((count - 1) as usize) * 4));
    }
    for (let c = 0, p: usize = packed; c < co; c += 8, p += panel) {
      const lanes = min(8, co - c);
      const offset: usize = (c as usize) * 4;
      const b = bias ? bias + offset : 0;
      for (let i = 0; i < count; i += ROWS) {
        const xs = scratch + (i as usize) * 4;
        const ys = targets + (i as usize) * 4;
        if (ASC_FEATURE_RELAXED_SIMD) productTile6(xs, ys, offset, p, b, kh, k, rowBytes, lanes, activation);
        else productTile4(xs, ys, offset, p, b, kh, k, rowBytes, lanes, activation);
      }
    }
  }
}

/** Gradient of the filter: dw [kh,kw,ci,co] = sum over output pixels of window x dy; x [n,hp,wp,ci] padded already. */
export function convolveFilterGradient(
  x: usize, n: i32, hp: i32, wp: i32, ci: i32, dy: usize, oh: i32, ow: i32, co: i32, kh: i32, kw: i32, sh: i32, sw: i32,
  dw: usize, scratch: usize,
): void {
  memory.fill(dw, 0, ((kh * kw * ci * co) as usize) * 4);
  addFilterGradient(x, n, hp, wp, ci, dy, oh, ow, co, kh, kw, sh, sw, dw, scratch);
}

/** Adds the gradient of the filter to what `dw` holds. */
export function addFilterGradient(
  x: usize, n: i32, hp: i32, wp: i32, ci: i32, dy: usize, oh: i32, ow: i32, co: i32, kh: i32, kw: i32, sh: i32, sw: i32,
  dw: usize, scratch: usize,
): void {
  const k = kw * ci;
  const stride: usize = (co as usize) * 4;
  const total = n * oh * ow;
  for (let from = 0; from < total; from += BLOCK) {
    const count = min(BLOCK, total - from);
    windows(x, from, count, hp, wp, ci, oh, ow, sh, sw, scratch);
    const g = dy + (from as usize) * stride;
    for (let h = 0; h < kh; h++) {
      const row: usize = ((h * wp * ci) as usize) * 4;
      for (let q = 0; q < k; q += ROWS) {
        const valid = min(ROWS, k - q);
        const out = dw + ((h * k + q) as usize) * stride;
        const offset = row + (q as usize) * 4;
        for (let c = 0; c < co; c += 8) {
          const at: usize = (c as usize) * 4;
          if (ASC_FEATURE_RELAXED_SIMD) gradientTile6(scratch, offset, count, g + at, stride, out + at, stride, valid, min(8, co - c));
          else gradientTile4(scratch, offset, count, g + at, stride, out + at, stride, valid, min(8, co - c));
        }
      }
    }
  }
}
