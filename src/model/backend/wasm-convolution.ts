import type { backend_util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmModule } from './wasm-module';

export type Conv2DInfo = ReturnType<typeof backend_util.computeConv2DInfo>;
export const ACTIVATIONS = { linear: 0, relu: 1, relu6: 2 } as const;
export type FusedActivation = keyof typeof ACTIVATIONS;

/** y [n,oh,ow,co] = activation(x * filter + bias); NHWC, no dilation. */
export function convolve(
  m: WasmModule,
  x: TensorInfo,
  filter: TensorInfo,
  info: Conv2DInfo,
  bias?: TensorInfo,
  activation: FusedActivation = 'linear',
): TensorInfo {
  const [kh, kw, ci, co] = filter.shape as [number, number, number, number];
  if (suitsWinograd(info)) {
    const { outHeight: oh, outWidth: ow, padInfo } = info;
    const result = m.output(info.outShape);
    winograd(m, x, filter, [padInfo.top, padInfo.left, oh, ow], result, bias, ACTIVATIONS[activation]);
    return result;
  }
  const padded = padInput(m, x, info);
  const packed = m.output([kh * kw * ci * roundUp8(co)]);
  m.run.packFilter(m.at(filter), kh * kw * ci, co, m.at(packed));
  const y = m.output(info.outShape);
  runConvolution(
    m,
    padded,
    packed,
    info.strideHeight,
    info.strideWidth,
    kh,
    kw,
    co,
    info,
    y,
    bias,
    ACTIVATIONS[activation],
  );
  m.free(packed);
  if (padded !== x) m.free(padded);
  return y;
}

/**
 * dx of a convolution: the gradient convolved with the turned filter. With a stride, input rows and columns that lie alike to
 * it meet the same taps: each such part is a convolution of its own, without stride.
 */
export function convolveInputGradient(m: WasmModule, dy: TensorInfo, filter: TensorInfo, info: Conv2DInfo): TensorInfo {
  const [kh, kw, ci, co] = filter.shape as [number, number, number, number];
  const { batchSize: n, inHeight: h, inWidth: w, outHeight: oh, outWidth: ow, padInfo } = info;
  const dx = m.output([n, h, w, ci]);
  if (suitsWinograd(info)) {
    const turned = m.output([kh, kw, co, ci]);
    m.run.turnFilter(m.at(filter), ci, co, m.at(turned));
    winograd(m, dy, turned, [kh - 1 - padInfo.top, kw - 1 - padInfo.left, h, w], dx);
    m.free(turned);
    return dx;
  }
  const rows = strips(h, oh, kh, info.strideHeight, padInfo.top);
  const columns = strips(w, ow, kw, info.strideWidth, padInfo.left);
  const [top, bottom] = frame(rows, oh);
  const [left, right] = frame(columns, ow);
  const [hp, wp] = [oh + top + bottom, ow + left + right];
  const padded = hp === oh && wp === ow ? dy : m.output([n, hp, wp, co]);
  if (padded !== dy) m.run.pad(m.at(dy), n, oh, ow, co, top, left, hp, wp, 1, 1, m.at(padded));
  // A stride larger than the filter passes pixels over.
  if (rows.length * columns.length < info.strideHeight * info.strideWidth) m.floats(m.at(dx), n * h * w * ci).fill(0);
  const packed = m.output([kh * kw * co * roundUp8(ci)]);
  const scratch = m.scratch(m.run.scratchBytes());
  for (const r of rows) {
    for (const q of columns) {
      m.run.packTapsTurned(
        ...[m.at(filter), kh, kw, ci, co, r.tap, q.tap, info.strideHeight, info.strideWidth, m.at(packed)],
      );
      const from = m.at(padded) + ((top + r.from) * wp + left + q.from) * co * 4;
      const to = m.at(dx) + (r.first * w + q.first) * ci * 4;
      const parts = [from, n, hp, wp, co, m.at(packed), r.taps, q.taps, ci, 1, 1, r.count, q.count, 0, 0];
      m.run.convolveTo(...parts, to, h, w, info.strideHeight, info.strideWidth, scratch);
    }
  }
  m.free(packed);
  if (padded !== dy) m.free(padded);
  return dx;
}

/** Inputs that lie alike to the stride, along one axis. */
interface Strip {
  /** the first of them, and how many there are, a stride apart */
  first: number;
  count: number;
  /** the first filter tap that they meet, and how many there are, a stride apart */
  tap: number;
  taps: number;
  /** where the first input's window of gradients starts; may lie before the first gradient */
  from: number;
}

function strips(size: number, outSize: number, taps: number, stride: number, before: number): Strip[] {
  const all = Array.from({ length: Math.min(stride, taps) }, (_, tap): Strip => {
    const first = (((tap - before) % stride) + stride) % stride;
    const met = Math.ceil((taps - tap) / stride);
    const from = (first + before - tap) / stride - (met - 1);
    return { first, count: Math.max(0, Math.ceil((size - first) / stride)), tap, taps: met, from };
  });
  return all.filter(({ count }) => count > 0 && outSize > 0);
}

/** Zeros needed before and behind so many gradients, for every strip's windows to lie inside. */
function frame(all: Strip[], size: number): [before: number, behind: number] {
  const before = Math.max(0, ...all.map(({ from }) => -from));
  return [before, Math.max(0, ...all.map(({ from, count, taps }) => from + count - 1 + taps - size))];
}

/** dw [kh,kw,ci,co] of a convolution. */
export function convolveFilterGradient(m: WasmModule, x: TensorInfo, dy: TensorInfo, info: Conv2DInfo): TensorInfo {
  const {
    batchSize: n,
    inChannels: ci,
    outHeight: oh,
    outWidth: ow,
    outChannels: co,
    filterHeight: kh,
    filterWidth: kw,
  } = info;
  if (suitsWinograd(info)) {
    const { inHeight: h, inWidth: w, padInfo } = info;
    const result = m.output([kh, kw, ci, co]);
    const work = m.scratch(m.run.winogradBytes(ci, co));
    m.run.winogradFilterGradient(
      ...[m.at(x), n, h, w, ci, m.at(dy), oh, ow, co, padInfo.top, padInfo.left, m.at(result), work],
    );
    return result;
  }
  const padded = padInput(m, x, info);
  const [, hp, wp] = padded.shape as [number, number, number, number];
  const dw = m.output([kh, kw, ci, co]);
  const scratch = m.scratch(m.run.scratchBytes());
  m.run.convolveFilterGradient(
    ...[
      m.at(padded),
      n,
      hp,
      wp,
      ci,
      m.at(dy),
      oh,
      ow,
      co,
      kh,
      kw,
      info.strideHeight,
      info.strideWidth,
      m.at(dw),
      scratch,
    ],
  );
  if (padded !== x) m.free(padded);
  return dw;
}

/** a [rows,k] * b, b [k,columns] or (turned) [columns,k]; with bias and activation. */
export function product(
  m: WasmModule,
  a: TensorInfo,
  b: TensorInfo,
  [rows, k, columns]: [number, number, number],
  bTurned: boolean,
  bias?: TensorInfo,
  activation: FusedActivation = 'linear',
): TensorInfo {
  const packed = m.output([k * roundUp8(columns)]);
  if (bTurned) m.run.packFilterTurned(m.at(b), 1, 1, columns, k, m.at(packed));
  else m.run.packFilter(m.at(b), k, columns, m.at(packed));
  const y = m.output([rows, columns]);
  const biasAt = paddedBias(m, bias, columns);
  const scratch = biasAt.scratch;
  m.run.convolve(
    ...[
      m.at(a),
      rows,
      1,
      1,
      k,
      m.at(packed),
      1,
      1,
      columns,
      1,
      1,
      1,
      1,
      biasAt.address,
      ACTIVATIONS[activation],
      m.at(y),
      scratch,
    ],
  );
  m.free(packed);
  return y;
}

/** a^T * b with a [k,rows], b [k,columns]. */
export function productTurned(
  m: WasmModule,
  a: TensorInfo,
  b: TensorInfo,
  [rows, k, columns]: [number, number, number],
): TensorInfo {
  const y = m.output([rows, columns]);
  const scratch = m.scratch(m.run.scratchBytes());
  m.run.convolveFilterGradient(m.at(a), k, 1, 1, rows, m.at(b), 1, 1, columns, 1, 1, 1, 1, m.at(y), scratch);
  return y;
}

/** Where 2 x 2 outputs at a time save more products than the transforms cost. */
function suitsWinograd(info: Conv2DInfo): boolean {
  const { inChannels: ci, outChannels: co } = info;
  const plain = info.filterHeight === 3 && info.filterWidth === 3 && info.strideHeight === 1 && info.strideWidth === 1;
  return plain && ci % 4 === 0 && co % 4 === 0 && Math.min(ci, co) >= 16;
}

/** `place`: padding above and left, height and width of y. */
function winograd(
  m: WasmModule,
  x: TensorInfo,
  filter: TensorInfo,
  place: [top: number, left: number, height: number, width: number],
  y: TensorInfo,
  bias?: TensorInfo,
  activation = 0,
): void {
  const [n, h, w, ci] = x.shape as [number, number, number, number];
  const co = filter.shape[3]!;
  const { address, scratch } = paddedBias(m, bias, co, m.run.winogradBytes(ci, co));
  m.run.winogradConvolve(...[m.at(x), n, h, w, ci, m.at(filter), co, ...place, address, activation, m.at(y), scratch]);
}

function runConvolution(
  m: WasmModule,
  padded: TensorInfo,
  packed: TensorInfo,
  sh: number,
  sw: number,
  kh: number,
  kw: number,
  co: number,
  info: Conv2DInfo,
  y: TensorInfo,
  bias: TensorInfo | undefined,
  activation: number,
): void {
  const [n, hp, wp, ci] = padded.shape as [number, number, number, number];
  const { address, scratch } = paddedBias(m, bias, co);
  m.run.convolve(
    ...[
      m.at(padded),
      n,
      hp,
      wp,
      ci,
      m.at(packed),
      kh,
      kw,
      co,
      sh,
      sw,
      info.outHeight,
      info.outWidth,
      address,
      activation,
      m.at(y),
      scratch,
    ],
  );
}

/** Copies a bias behind the kernels' own scratch, filled up to a multiple of 8 (a scalar bias is spread). */
function paddedBias(
  m: WasmModule,
  bias: TensorInfo | undefined,
  co: number,
  needed = m.run.scratchBytes(),
): { address: number; scratch: number } {
  const own = (needed + 15) & ~15;
  const scratch = m.scratch(own + roundUp8(co) * 4);
  if (!bias) return { address: 0, scratch };
  const address = scratch + own;
  const count = bias.shape.reduce((a, b) => a * b, 1);
  const to = m.floats(address, roundUp8(co));
  to.fill(0);
  if (count === 1) to.fill(m.floats(m.at(bias), 1)[0]!, 0, co);
  else to.set(m.floats(m.at(bias), co));
  return { address, scratch };
}

function padInput(m: WasmModule, x: TensorInfo, info: Conv2DInfo): TensorInfo {
  const { top, bottom, left, right } = info.padInfo;
  if (top === 0 && bottom === 0 && left === 0 && right === 0) return x;
  const { batchSize: n, inHeight: h, inWidth: w, inChannels: c } = info;
  const padded = m.output([n, h + top + bottom, w + left + right, c]);
  m.run.pad(m.at(x), n, h, w, c, top, left, h + top + bottom, w + left + right, 1, 1, m.at(padded));
  return padded;
}

function roundUp8(n: number): number {
  return (n + 7) & ~7;
}
