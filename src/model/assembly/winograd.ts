// 3 x 3 convolution with stride 1 by 2 x 2 outputs at a time: F(2 x 2, 3 x 3) of Lavin & Gray 2016, "Fast Algorithms for
// Convolutional Neural Networks", 16 products where the plain sum takes 36. Y = A'[(G g G') . (B' d B)]A for patches d of
// 4 x 4; the filter's gradient is the transpose of that: G'[sum over patches of (B' d B) . (A dY A')]G. Channels are
// multiples of 4. What lies outside the picture is zero and is never stored: edge patches are copied into a frame.
import { addFilterGradient, convolve, packFilter, scratchBytes } from './convolution';
import { activate } from './lanes';

/** Patches worked on at once: what they are transformed to stays in the second-level cache. */
function block(ci: i32, co: i32): i32 {
  const patches = (384 * 1024) / (64 * (ci + co));
  return min(240, max(24, patches - (patches % 12)));
}

/** Bytes that the functions here need as `work`, 16-byte aligned. */
export function winogradBytes(ci: i32, co: i32): i32 {
  const patches = block(ci, co);
  const widest = max(ci, co);
  return 16 * 4 * (patches * (ci + co) + ci * (co + 4) + co * (ci + 4) + 2 * widest) + ((scratchBytes() + 15) & ~15);
}

/** Filter [3,3,ci,co] -> [3,3,co,ci] with rows and columns turned: with it the output's gradient gives the input's. */
export function turnFilter(w: usize, ci: i32, co: i32, out: usize): void {
  for (let k = 8; k >= 0; k--) {
    const from = w + ((k * ci * co) as usize) * 4;
    for (let o = 0; o < co; o++) {
      for (let i = 0; i < ci; i++, out += 4) f32.store(out, f32.load(from + ((i * co + o) as usize) * 4));
    }
  }
}

/** G g G': filter [3,3,ci,co] -> [16,ci,co]. */
function transformFilter(w: usize, ci: i32, co: i32, out: usize): void {
  const tap: usize = ((ci * co) as usize) * 4;
  const half = f32x4.splat(0.5);
  for (let at: usize = 0; at < tap; at += 16) {
    for (let column = 0; column < 4; column++) {
      // One column of g G', then G from the left.
      const a = filterColumn(w + at, tap, column, half);
      const b = filterColumn(w + at + 3 * tap, tap, column, half);
      const c = filterColumn(w + at + 6 * tap, tap, column, half);
      const to = out + at + (column as usize) * tap;
      const outer = f32x4.mul(f32x4.add(a, c), half);
      const middle = f32x4.mul(b, half);
      v128.store(to, a);
      v128.store(to + 4 * tap, f32x4.add(outer, middle));
      v128.store(to + 8 * tap, f32x4.sub(outer, middle));
      v128.store(to + 12 * tap, c);
    }
  }
}

// @ts-ignore: decorator
@inline
function filterColumn(w: usize, tap: usize, column: i32, half: v128): v128 {
  if (column === 0) return v128.load(w);
  if (column === 3) return v128.load(w + 2 * tap);
  const outer = f32x4.mul(f32x4.add(v128.load(w), v128.load(w + 2 * tap)), half);
  const middle = f32x4.mul(v128.load(w + tap), half);
  return column === 1 ? f32x4.add(outer, middle) : f32x4.sub(outer, middle);
}

/** B' d B of one 4 x 4 patch at `p`, every channel; value k goes to `out + k * plane`. */
function transformPatch(p: usize, rowBytes: usize, c: i32, out: usize, plane: usize): void {
  const pixel: usize = (c as usize) * 4;
  for (let j: usize = 0; j < pixel; j += 16) {
    let a = p + j;
    let d0 = v128.load(a);
    let d1 = v128.load(a + pixel);
    let d2 = v128.load(a + 2 * pixel);
    let d3 = v128.load(a + 3 * pixel);
    const a0 = f32x4.sub(d0, d2);
    const a1 = f32x4.add(d1, d2);
    const a2 = f32x4.sub(d2, d1);
    const a3 = f32x4.sub(d1, d3);
    a += 2 * rowBytes;
    d0 = v128.load(a);
    d1 = v128.load(a + pixel);
    d2 = v128.load(a + 2 * pixel);
    d3 = v128.load(a + 3 * pixel);
    const c0 = f32x4.sub(d0, d2);
    const c1 = f32x4.add(d1, d2);
    const c2 = f32x4.sub(d2, d1);
    const c3 = f32x4.sub(d1, d3);
    let to = out + j;
    v128.store(to, f32x4.sub(a0, c0));
    v128.store(to + plane, f32x4.sub(a1, c1));
    v128.store(to + 2 * plane, f32x4.sub(a2, c2));
    v128.store(to + 3 * plane, f32x4.sub(a3, c3));
    a -= rowBytes;
    d0 = v128.load(a);
    d1 = v128.load(a + pixel);
    d2 = v128.load(a + 2 * pixel);
    d3 = v128.load(a + 3 * pixel);
    const b0 = f32x4.sub(d0, d2);
    const b1 = f32x4.add(d1, d2);
    const b2 = f32x4.sub(d2, d1);
    const b3 = f32x4.sub(d1, d3);
    to += 4 * plane;
    v128.store(to, f32x4.add(b0, c0));
    v128.store(to + plane, f32x4.add(b1, c1));
    v128.store(to + 2 * plane, f32x4.add(b2, c2));
    v128.store(to + 3 * plane, f32x4.add(b3, c3));
    to += 4 * plane;
    v128.store(to, f32x4.sub(c0, b0));
    v128.store(to + plane, f32x4.sub(c1, b1));
    v128.store(to + 2 * plane, f32x4.sub(c2, b2));
    v128.store(to + 3 * plane, f32x4.sub(c3, b3));
    a += 2 * rowBytes;
    d0 = v128.load(a);
    d1 = v128.load(a + pixel);
    d2 = v128.load(a + 2 * pixel);
    d3 = v128.load(a + 3 * pixel);
    to += 4 * plane;
    v128.store(to, f32x4.sub(b0, f32x4.sub(d0, d2)));
    v128.store(to + plane, f32x4.sub(b1, f32x4.add(d1, d2)));
    v128.store(to + 2 * plane, f32x4.sub(b2, f32x4.sub(d2, d1)));
    v128.store(to + 3 * plane, f32x4.sub(b3, f32x4.sub(d1, d3)));
  }
}

/** Transforms the patches of tiles [from, from + count) of x [n,h,w,c] to out [16,count,c]. `frame`: 16 pixels. */
function transformPatches(
  x: usize, h: i32, w: i32, c: i32, top: i32, left: i32, th: i32, tw: i32, from: i32, count: i32, out: usize, frame: usize,
): void {
  const pixel: usize = (c as usize) * 4;
  const plane: usize = (count as usize) * pixel;
  let column = from % tw;
  let row = (from / tw) % th;
  let image = from / (tw * th);
  for (let i = 0; i < count; i++, out += pixel) {
    const r0 = 2 * row - top;
    const q0 = 2 * column - left;
    if (r0 >= 0 && q0 >= 0 && r0 + 4 <= h && q0 + 4 <= w) {
      transformPatch(x + (((image * h + r0) * w + q0) as usize) * pixel, (w as usize) * pixel, c, out, plane);
    } else {
      memory.fill(frame, 0, 16 * pixel);
      const q1 = max(0, q0);
      const width = min(w, q0 + 4) - q1;
      for (let r = max(0, r0); r < min(h, r0 + 4) && width > 0; r++) {
        const to = frame + (((r - r0) * 4 + q1 - q0) as usize) * pixel;
        memory.copy(to, x + (((image * h + r) * w + q1) as usize) * pixel, (width as usize) * pixel);
      }
      transformPatch(frame, 4 * pixel, c, out, plane);
    }
    if (++column === tw) {
      column = 0;
      if (++row === th) {
        row = 0;
        image++;
      }
    }
  }
}

/** activation(A' m A + bias) of tiles [from, from + count), m [16,count,c], into y [n,oh,ow,c]. */
function transformOutputs(
  m: usize, c: i32, oh: i32, ow: i32, th: i32, tw: i32, from: i32, count: i32, bias: usize, activation: i32, y: usize,
): void {
  const pixel: usize = (c as usize) * 4;
  const plane: usize = (count as usize) * pixel;
  const rowBytes: usize = (ow as usize) * pixel;
  let column = from % tw;
  let row = (from / tw) % th;
  let image = from / (tw * th);
  for (let i = 0; i < count; i++, m += pixel) {
    const to = y + (((image * oh + 2 * row) * ow + 2 * column) as usize) * pixel;
    const below = 2 * row + 1 < oh;
    const right = 2 * column + 1 < ow;
    for (let j: usize = 0; j < pixel; j += 16) {
      let at = m + j;
      let m0 = v128.load(at);
      let m1 = v128.load(at + plane);
      let m2 = v128.load(at + 2 * plane);
      let m3 = v128.load(at + 3 * plane);
      let p0 = f32x4.add(f32x4.add(m0, m1), m2);
      let p1 = f32x4.sub(f32x4.sub(m1, m2), m3);
      at += 4 * plane;
      m0 = v128.load(at);
      m1 = v128.load(at + plane);
      m2 = v128.load(at + 2 * plane);
      m3 = v128.load(at + 3 * plane);
      let s0 = f32x4.add(f32x4.add(m0, m1), m2);
      let s1 = f32x4.sub(f32x4.sub(m1, m2), m3);
      p0 = f32x4.add(p0, s0);
      p1 = f32x4.add(p1, s1);
      let q0 = s0;
      let q1 = s1;
      at += 4 * plane;
      m0 = v128.load(at);
      m1 = v128.load(at + plane);
      m2 = v128.load(at + 2 * plane);
      m3 = v128.load(at + 3 * plane);
      s0 = f32x4.add(f32x4.add(m0, m1), m2);
      s1 = f32x4.sub(f32x4.sub(m1, m2), m3);
      p0 = f32x4.add(p0, s0);
      p1 = f32x4.add(p1, s1);
      q0 = f32x4.sub(q0, s0);
      q1 = f32x4.sub(q1, s1);
      at += 4 * plane;
      m0 = v128.load(at);
      m1 = v128.load(at + plane);
      m2 = v128.load(at + 2 * plane);
      m3 = v128.load(at + 3 * plane);
      q0 = f32x4.sub(q0, f32x4.add(f32x4.add(m0, m1), m2));
      q1 = f32x4.sub(q1, f32x4.sub(f32x4.sub(m1, m2), m3));
      const b = bias ? v128.load(bias + j) : f32x4.splat(0);
      v128.store(to + j, activate(f32x4.add(p0, b), activation));
      if (right) v128.store(to + j + pixel, activate(f32x4.add(p1, b), activation));
      if (below) {
        v128.store(to + j + rowBytes, activate(f32x4.add(q0, b), activation));
        if (right) v128.store(to + j + rowBytes + pixel, activate(f32x4.add(q1, b), activation));
      }
    }
    if (++column === tw) {
      column = 0;
      if (++row === th) {
        row = 0;
        image++;
      }
    }
  }
}

/** A dY A' of tiles [from, from + count) of dy [n,oh,ow,c], to out [16,count,c]. */
function transformGradients(
  dy: usize, c: i32, oh: i32, ow: i32, th: i32, tw: i32, from: i32, count: i32, out: usize,
): void {
  const pixel: usize = (c as usize) * 4;
  const plane: usize = (count as usize) * pixel;
  const rowBytes: usize = (ow as usize) * pixel;
  const zero = f32x4.splat(0);
  let column = from % tw;
  let row = (from / tw) % th;
  let image = from / (tw * th);
  for (let i = 0; i < count; i++, out += pixel) {
    const at = dy + (((image * oh + 2 * row) * ow + 2 * column) as usize) * pixel;
    const below = 2 * row + 1 < oh;
    const right = 2 * column + 1 < ow;
    for (let j: usize = 0; j < pixel; j += 16) {
      const a = v128.load(at + j);
      const b = right ? v128.load(at + j + pixel) : zero;
      const c0 = below ? v128.load(at + j + rowBytes) : zero;
      const d = below && right ? v128.load(at + j + rowBytes + pixel) : zero;
      let to = out + j;
      to = spread(a, b, to, plane);
      to = spread(f32x4.add(a, c0), f32x4.add(b, d), to, plane);
      to = spread(f32x4.sub(a, c0), f32x4.sub(b, d), to, plane);
      spread(f32x4.neg(c0), f32x4.neg(d), to, plane);
    }
    if (++column === tw) {
      column = 0;
      if (++row === th) {
        row = 0;
        image++;
      }
    }
  }
}

/** One row of (a b) A'. */
// @ts-ignore: decorator
@inline
function spread(a: v128, b: v128, to: usize, plane: usize): usize {
  v128.store(to, a);
  v128.store(to + plane, f32x4.add(a, b));
  v128.store(to + 2 * plane, f32x4.sub(a, b));
  v128.store(to + 3 * plane, f32x4.neg(b));
  return to + 4 * plane;
}

/**
 * y [n,oh,ow,co] = activation(x [n,h,w,ci] * filter [3,3,ci,co] + bias), where output (r, q) meets the input from
 * (r - top, q - left) on. `bias` 0 for none; `activation` as in `convolve`.
 */
export function winogradConvolve(
  x: usize, n: i32, h: i32, w: i32, ci: i32, filter: usize, co: i32, top: i32, left: i32, oh: i32, ow: i32, bias: usize,
  activation: i32, y: usize, work: usize,
): void {
  const patches = block(ci, co);
  const co8 = (co + 7) & ~7;
  const panels = work;
  const d = panels + ((16 * ci * co8) as usize) * 4;
  const m = d + ((16 * patches * ci) as usize) * 4;
  const frame = m + ((16 * patches * co) as usize) * 4;
  const scratch = frame + ((16 * ci) as usize) * 4;
  const plain = scratch + ((scratchBytes() + 15) & ~15);
  transformFilter(filter, ci, co, plain);
  const each: usize = ((ci * co8) as usize) * 4;
  for (let k = 0; k < 16; k++) {
    packFilter(plain + ((k * ci * co) as usize) * 4, ci, co, panels + (k as usize) * each);
  }
  const th = (oh + 1) >> 1;
  const tw = (ow + 1) >> 1;
  const total = n * th * tw;
  for (let from = 0; from < total; from += patches) {
    const count = min(patches, total - from);
    transformPatches(x, h, w, ci, top, left, th, tw, from, count, d, frame);
    for (let k = 0; k < 16; k++) {
      const rows = d + ((k * count * ci) as usize) * 4;
      const to = m + ((k * count * co) as usize) * 4;
      convolve(rows, count, 1, 1, ci, panels + (k as usize) * each, 1, 1, co, 1, 1, 1, 1, 0, 0, to, scratch);
    }
    transformOutputs(m, co, oh, ow, th, tw, from, count, bias, activation, y);
  }
}

/** dw [3,3,ci,co] of `winogradConvolve`, from x and dy [n,oh,ow,co]. */
export function winogradFilterGradient(
  x: usize, n: i32, h: i32, w: i32, ci: i32, dy: usize, oh: i32, ow: i32, co: i32, top: i32, left: i32, dw: usize, work: usize,
): void {
  const patches = block(ci, co);
  const sums = work;
  const d = sums + ((16 * ci * co) as usize) * 4;
  const g = d + ((16 * patches * ci) as usize) * 4;
  const frame = g + ((16 * patches * co) as usize) * 4;
  const scratch = frame + ((16 * ci) as usize) * 4;
  memory.fill(sums, 0, ((16 * ci * co) as usize) * 4);
  const th = (oh + 1) >> 1;
  const tw = (ow + 1) >> 1;
  const total = n * th * tw;
  for (let from = 0; from < total; from += patches) {
    const count = min(patches, total - from);
    transformPatches(x, h, w, ci, top, left, th, tw, from, count, d, frame);
    transformGradients(dy, co, oh, ow, th, tw, from, count, g);
    for (let k = 0; k < 16; k++) {
      const rows = d + ((k * count * ci) as usize) * 4;
      const grads = g + ((k * count * co) as usize) * 4;
      addFilterGradient(rows, count, 1, 1, ci, grads, 1, 1, co, 1, 1, 1, 1, sums + ((k * ci * co) as usize) * 4, scratch);
    }
  }
  finishFilterGradient(sums, ci, co, dw);
}

/** G' s G: sums [16,ci,co] -> dw [3,3,ci,co]. */
function finishFilterGradient(sums: usize, ci: i32, co: i32, dw: usize): void {
  const tap: usize = ((ci * co) as usize) * 4;
  const half = f32x4.splat(0.5);
  for (let at: usize = 0; at < tap; at += 16) {
    for (let row = 0; row < 3; row++) {
      const s = sums + at;
      const s0 = gradientRow(s, tap, row, half);
      const s1 = gradientRow(s + tap, tap, row, half);
      const s2 = gradientRow(s + 2 * tap, tap, row, half);
      const s3 = gradientRow(s + 3 * tap, tap, row, half);
      const to = dw + at + ((3 * row) as usize) * tap;
      const sum = f32x4.mul(f32x4.add(s1, s2), half);
      v128.store(to, f32x4.add(s0, sum));
      v128.store(to + tap, f32x4.mul(f32x4.sub(s1, s2), half));
      v128.store(to + 2 * tap, f32x4.add(sum, s3));
    }
  }
}

/** Row `row` of G' s, in one column. */
// @ts-ignore: decorator
@inline
function gradientRow(s: usize, tap: usize, row: i32, half: v128): v128 {
  const s1 = v128.load(s + 4 * tap);
  const s2 = v128.load(s + 8 * tap);
  if (row === 1) return f32x4.mul(f32x4.sub(s1, s2), half);
  const sum = f32x4.mul(f32x4.add(s1, s2), half);
  return f32x4.add(sum, v128.load(row === 0 ? s : s + 12 * tap));
}
