// Bounds of a strip: a block of packed anchors against one panel of eight rows. The sums stay in registers over all dimensions.
import {
  CHUNK, L1, lowerTerms, metric, packed, panels, shorts, slope, SMALL_TILE, terms, TILE, WEIGHTED_L1, words,
} from './plan';

// @ts-ignore: decorator
@inline function fma(sum: v128, a: v128, b: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? v128.relaxed_madd<f32>(a, b, sum) : v128.add<f32>(sum, v128.mul<f32>(a, b));
}
// @ts-ignore: decorator
@inline function far(sum: v128, a: v128, b: v128): v128 {
  return v128.add<f32>(sum, v128.abs<f32>(v128.sub<f32>(a, b)));
}
/** Adds the products of pairs of 16-bit integers: nothing is rounded, and rows are so scaled that nothing overflows. */
// @ts-ignore: decorator
@inline function dot(sum: v128, a: v128, b: v128): v128 {
  return v128.add<i32>(sum, i32x4.dot_i16x8_s(a, b));
}
/** Writes the bounds of one anchor with the panel: (row's term + columns' terms) + slope * sum. */
// @ts-ignore: decorator
@inline function put(at: usize, row: usize, columns: usize, x: v128, y: v128): void {
  const c = f32x4.splat(slope);
  const r = v128.load32_splat(row);
  v128.store(at, v128.add<f32>(v128.mul<f32>(c, x), v128.add<f32>(r, v128.load(columns))));
  v128.store(at, v128.add<f32>(v128.mul<f32>(c, y), v128.add<f32>(r, v128.load(columns, 16))), 16);
}

/** Adds the sums of some more dimensions to those before, if there are any. */
// @ts-ignore: decorator
@inline function gather(at: usize, more: bool, x: v128, y: v128): void {
  v128.store(at, more ? v128.add<f32>(v128.load(at), x) : x);
  v128.store(at, more ? v128.add<f32>(v128.load(at, 16), y) : y, 16);
}

/** Whether the metric is a sum of absolute differences. */
// @ts-ignore: decorator
@inline export function isAbsolute(): bool {
  return metric == L1 || metric == WEIGHTED_L1;
}

/** Rows of a tile. */
// @ts-ignore: decorator
@inline export function tileRows(): i32 {
  return shorts || isAbsolute() ? SMALL_TILE : TILE;
}

/** Copies rows [from, to) into tiles [words][rows of a tile], filling the last one up with zeros. */
export function pack(from: i32, to: i32): void {
  for (let i = from; i < to; i++) packRow(i, i - from);
  fill(to - from);
}

/** Copies rows whose numbers lie at `list` into tiles. */
export function packList(list: usize, count: i32): void {
  for (let r = 0; r < count; r++) packRow(load<i32>(list + (<usize>r << 2)), r);
  fill(count);
}

/** Copies a row to its place among the packed ones. */
function packRow(row: i32, place: i32): void {
  const rows = tileRows();
  const tile = place / rows;
  let at = packed + (<usize>(tile * rows * words + (place - tile * rows)) << 2);
  const step = <usize>rows << 2;
  let x = panels + <usize>(row >> 3) * <usize>words * 32 + (<usize>(row & 7) << 2);
  for (let k = 0; k < words; k++, x += 32, at += step) store<i32>(at, load<i32>(x));
  store<f32>(terms + (<usize>place << 2), load<f32>(lowerTerms + (<usize>row << 2)));
}

function fill(count: i32): void {
  const rows = tileRows();
  const step = <usize>rows << 2;
  for (let place = count; place % rows != 0; place++) {
    const tile = place / rows;
    let at = packed + (<usize>(tile * rows * words + (place - tile * rows)) << 2);
    for (let k = 0; k < words; k++, at += step) store<i32>(at, 0);
    store<f32>(terms + (<usize>place << 2), 0);
  }
}

/** Bounds of the packed rows with panel p: eight f32 at `out`, at `out + step`, and so on. */
export function bounds(count: i32, p: i32, out: usize, step: usize): void {
  const b = panels + <usize>p * <usize>words * 32;
  const columns = lowerTerms + (<usize>p << 5);
  if (shorts) products16(count, b, columns, out, step);
  else if (isAbsolute()) absolutes(count, b, columns, out, step);
  else if (ASC_FEATURE_RELAXED_SIMD) products6(count, b, columns, out, step);
  else products4(count, b, columns, out, step);
}

function products6(count: i32, panel: usize, columns: usize, out: usize, step: usize): void {
  let a = packed;
  let row = terms;
  const end = panel + (<usize>words << 5);
  for (let i = 0; i < count; i += 6) {
    let b = panel;
    for (let more = false; b < end; more = true) {
      let x0 = f32x4.splat(0), y0 = x0, x1 = x0, y1 = x0, x2 = x0, y2 = x0;
      let x3 = x0, y3 = x0, x4 = x0, y4 = x0, x5 = x0, y5 = x0;
      for (const stop = min(b + CHUNK * 32, end); b < stop; b += 32, a += 24) {
        const u = v128.load(b), v = v128.load(b, 16);
        let s = v128.load32_splat(a);
        x0 = fma(x0, s, u); y0 = fma(y0, s, v);
        s = v128.load32_splat(a, 4);
        x1 = fma(x1, s, u); y1 = fma(y1, s, v);
        s = v128.load32_splat(a, 8);
        x2 = fma(x2, s, u); y2 = fma(y2, s, v);
        s = v128.load32_splat(a, 12);
        x3 = fma(x3, s, u); y3 = fma(y3, s, v);
        s = v128.load32_splat(a, 16);
        x4 = fma(x4, s, u); y4 = fma(y4, s, v);
        s = v128.load32_splat(a, 20);
        x5 = fma(x5, s, u); y5 = fma(y5, s, v);
      }
      gather(out, more, x0, y0);
      gather(out + step, more, x1, y1);
      gather(out + 2 * step, more, x2, y2);
      gather(out + 3 * step, more, x3, y3);
      gather(out + 4 * step, more, x4, y4);
      gather(out + 5 * step, more, x5, y5);
    }
    for (let m = 0; m < 6; m++, out += step, row += 4) put(out, row, columns, v128.load(out), v128.load(out, 16));
  }
}

function products4(count: i32, panel: usize, columns: usize, out: usize, step: usize): void {
  let a = packed;
  let row = terms;
  const end = panel + (<usize>words << 5);
  for (let i = 0; i < count; i += 4) {
    let b = panel;
    for (let more = false; b < end; more = true) {
      let x0 = f32x4.splat(0), y0 = x0, x1 = x0, y1 = x0, x2 = x0, y2 = x0, x3 = x0, y3 = x0;
      for (const stop = min(b + CHUNK * 32, end); b < stop; b += 32, a += 16) {
        const u = v128.load(b), v = v128.load(b, 16);
        let s = v128.load32_splat(a);
        x0 = fma(x0, s, u); y0 = fma(y0, s, v);
        s = v128.load32_splat(a, 4);
        x1 = fma(x1, s, u); y1 = fma(y1, s, v);
        s = v128.load32_splat(a, 8);
        x2 = fma(x2, s, u); y2 = fma(y2, s, v);
        s = v128.load32_splat(a, 12);
        x3 = fma(x3, s, u); y3 = fma(y3, s, v);
      }
      gather(out, more, x0, y0);
      gather(out + step, more, x1, y1);
      gather(out + 2 * step, more, x2, y2);
      gather(out + 3 * step, more, x3, y3);
    }
    for (let m = 0; m < 4; m++, out += step, row += 4) put(out, row, columns, v128.load(out), v128.load(out, 16));
  }
}

function absolutes(count: i32, panel: usize, columns: usize, out: usize, step: usize): void {
  let a = packed;
  let row = terms;
  const end = panel + (<usize>words << 5);
  for (let i = 0; i < count; i += 4) {
    let x0 = f32x4.splat(0), y0 = x0, x1 = x0, y1 = x0, x2 = x0, y2 = x0, x3 = x0, y3 = x0;
    for (let b = panel; b < end; b += 32, a += 16) {
      const u = v128.load(b), v = v128.load(b, 16);
      let s = v128.load32_splat(a);
      x0 = far(x0, s, u); y0 = far(y0, s, v);
      s = v128.load32_splat(a, 4);
      x1 = far(x1, s, u); y1 = far(y1, s, v);
      s = v128.load32_splat(a, 8);
      x2 = far(x2, s, u); y2 = far(y2, s, v);
      s = v128.load32_splat(a, 12);
      x3 = far(x3, s, u); y3 = far(y3, s, v);
    }
    put(out, row, columns, x0, y0);
    put(out + step, row + 4, columns, x1, y1);
    put(out + 2 * step, row + 8, columns, x2, y2);
    put(out + 3 * step, row + 12, columns, x3, y3);
    out += 4 * step;
    row += 16;
  }
}

function products16(count: i32, panel: usize, columns: usize, out: usize, step: usize): void {
  let a = packed;
  let row = terms;
  const end = panel + (<usize>words << 5);
  for (let i = 0; i < count; i += 4) {
    let x0 = i32x4.splat(0), y0 = x0, x1 = x0, y1 = x0, x2 = x0, y2 = x0, x3 = x0, y3 = x0;
    for (let b = panel; b < end; b += 32, a += 16) {
      const u = v128.load(b), v = v128.load(b, 16);
      let s = v128.load32_splat(a);
      x0 = dot(x0, s, u); y0 = dot(y0, s, v);
      s = v128.load32_splat(a, 4);
      x1 = dot(x1, s, u); y1 = dot(y1, s, v);
      s = v128.load32_splat(a, 8);
      x2 = dot(x2, s, u); y2 = dot(y2, s, v);
      s = v128.load32_splat(a, 12);
      x3 = dot(x3, s, u); y3 = dot(y3, s, v);
    }
    put(out, row, columns, f32x4.convert_i32x4_s(x0), f32x4.convert_i32x4_s(y0));
    put(out + step, row + 4, columns, f32x4.convert_i32x4_s(x1), f32x4.convert_i32x4_s(y1));
    put(out + 2 * step, row + 8, columns, f32x4.convert_i32x4_s(x2), f32x4.convert_i32x4_s(y2));
    put(out + 3 * step, row + 12, columns, f32x4.convert_i32x4_s(x3), f32x4.convert_i32x4_s(y3));
    out += 4 * step;
    row += 16;
  }
}
