import { backend_util, getKernel, registerKernel, unregisterKernel, util } from '@tensorflow/tfjs-core';
import type { KernelBackend, KernelFunc, NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import {
  ACTIVATIONS,
  convolve,
  convolveFilterGradient,
  convolveInputGradient,
  product,
  productTurned,
} from './wasm-convolution';
import type { Conv2DInfo, FusedActivation } from './wasm-convolution';
import type { WasmModule } from './wasm-module';

/**
 * Registers our kernels over tfjs-backend-wasm 4.22's, which lacks some gradients (Conv2DBackpropFilter, depthwise,
 * UnsortedSegmentSum), computes some wrongly (MaxPoolGrad where a window's largest value is <= 0; _FusedMatMul with a
 * transpose flag, bias and more than 48 columns; AvgPoolGrad at padded edges) and some slowly (Conv2DBackpropInput, matrix products with a transpose
 * flag, sums over leading axes, gathering, copies where a name would do). What we do not cover goes on to the original.
 */
export function registerWasmKernels(m: WasmModule): void {
  const put = (name: string, make: (original: KernelFunc | undefined) => KernelFunc): void => {
    const original = getKernel(name, 'wasm')?.kernelFunc as KernelFunc | undefined;
    if (original) unregisterKernel(name, 'wasm');
    registerKernel({ kernelName: name, backendName: 'wasm', kernelFunc: make(original) });
  };
  put('Conv2D', conv2D(m));
  put('FusedConv2D', fusedConv2D(m));
  put('Conv2DBackpropFilter', () => ({ inputs, attrs }) => {
    const { x, dy } = inputs as Named<'x' | 'dy'>;
    return convolveFilterGradient(m, x, dy, convInfo(x.shape, attrs!['filterShape'] as Shape4, attrs!));
  });
  put('Conv2DBackpropInput', () => ({ inputs, attrs }) => {
    const { dy, filter } = inputs as Named<'dy' | 'filter'>;
    return convolveInputGradient(
      m,
      dy,
      filter,
      convInfo(attrs!['inputShape'] as Shape4, filter.shape as Shape4, attrs!),
    );
  });
  put('MaxPoolGrad', () => maxPoolGrad(m));
  put('AvgPoolGrad', () => averagePoolGrad(m));
  put('DepthwiseConv2dNativeBackpropInput', () => depthwiseInput(m));
  put('DepthwiseConv2dNativeBackpropFilter', () => depthwiseFilter(m));
  put('BatchMatMul', batchMatMul(m));
  put('_FusedMatMul', fusedMatMul(m));
  put('Sum', sum(m));
  put('GatherV2', gather(m));
  put('Identity', () => identity);
  put('UnsortedSegmentSum', () => unsortedSegmentSum(m));
}

type Shape4 = [number, number, number, number];
type Named<K extends string> = Record<K, TensorInfo>;

function convInfo(xShape: number[], filterShape: number[], attrs: NamedAttrMap): Conv2DInfo {
  const { strides, pad, dimRoundingMode } = attrs;
  return backend_util.computeConv2DInfo(
    xShape as Shape4,
    filterShape as Shape4,
    strides as [number, number],
    1,
    pad as 'same',
    dimRoundingMode as 'floor',
  );
}

/** Ours covers NHWC without dilation, in floats. */
function covered(attrs: NamedAttrMap, x: TensorInfo): boolean {
  const { dilations, dataFormat } = attrs;
  const plain = [dilations ?? 1].flat().every(d => d === 1);
  return plain && (dataFormat === undefined || dataFormat === 'NHWC') && x.dtype === 'float32';
}

/**
 * XNNPACK's forward kernel is the better one for 1 x 1 filters and for few products a value (measured in
 * docs/BENCHMARKS.md), and wrong, as tfjs calls it, where the stride is larger than the filter.
 */
function ours({ shape: [kh, kw, ci] }: TensorInfo, { strides }: NamedAttrMap): boolean {
  const [sh, sw] = [strides as number | [number, number]].flat() as [number, number?];
  return (kh! * kw! > 1 && kh! * kw! * ci! >= 64) || sh > kh! || (sw ?? sh) > kw!;
}

function conv2D(m: WasmModule) {
  return (original: KernelFunc | undefined): KernelFunc =>
    args => {
      const { x, filter } = args.inputs as Named<'x' | 'filter'>;
      if (!covered(args.attrs!, x) || !ours(filter, args.attrs!)) return original!(args);
      return convolve(m, x, filter, convInfo(x.shape, filter.shape, args.attrs!));
    };
}

function fusedConv2D(m: WasmModule) {
  return (original: KernelFunc | undefined): KernelFunc =>
    args => {
      const { x, filter, bias } = args.inputs as Named<'x' | 'filter'> & { bias?: TensorInfo };
      const activation = (args.attrs!['activation'] ?? 'linear') as string;
      if (
        !covered(args.attrs!, x) ||
        !ours(filter, args.attrs!) ||
        !(activation in ACTIVATIONS) ||
        !biasCovered(bias, filter.shape[3]!)
      ) {
        return original!(args);
      }
      return convolve(m, x, filter, convInfo(x.shape, filter.shape, args.attrs!), bias, activation as FusedActivation);
    };
}

function biasCovered(bias: TensorInfo | undefined, channels: number): boolean {
  if (!bias) return true;
  const size = util.sizeFromShape(bias.shape);
  return size === channels || size === 1;
}

function maxPoolGrad(m: WasmModule): KernelFunc {
  return ({ inputs, attrs }) => {
    const { dy, input } = inputs as Named<'dy' | 'input'>;
    const dx = m.output(input.shape);
    m.run.maxPoolGradient(m.at(input), m.at(dy), ...windowSizes(poolInfo(input.shape, attrs!)), m.at(dx));
    return dx;
  };
}

function averagePoolGrad(m: WasmModule): KernelFunc {
  return ({ inputs, attrs }) => {
    const { dy, input } = inputs as Named<'dy' | 'input'>;
    const dx = m.output(input.shape);
    m.run.averagePoolGradient(m.at(dy), ...windowSizes(poolInfo(input.shape, attrs!)), m.at(dx));
    return dx;
  };
}

function poolInfo(shape: number[], { filterSize, strides, pad, dimRoundingMode }: NamedAttrMap) {
  return backend_util.computePool2DInfo(
    shape as Shape4,
    filterSize as [number, number],
    strides as [number, number],
    1,
    pad as 'same',
    dimRoundingMode as 'floor',
  );
}

function windowSizes(info: ReturnType<typeof backend_util.computePool2DInfo> | Conv2DInfo): number[] {
  return [
    ...[info.batchSize, info.inHeight, info.inWidth, info.inChannels, info.outHeight, info.outWidth],
    ...[info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth, info.padInfo.top, info.padInfo.left],
  ];
}

function depthwiseInfo(xShape: number[], filterShape: number[], attrs: NamedAttrMap): Conv2DInfo {
  const { strides, dilations, pad, dimRoundingMode } = attrs;
  if ([dilations ?? 1].flat().some(d => d !== 1) || filterShape[3] !== 1) {
    throw new Error('depthwise gradients cover dilation 1 and channel multiplier 1 only');
  }
  return backend_util.computeConv2DInfo(
    xShape as Shape4,
    filterShape as Shape4,
    strides as [number, number],
    1,
    pad as 'same',
    dimRoundingMode as 'floor',
    true,
  );
}

function depthwiseInput(m: WasmModule): KernelFunc {
  return ({ inputs, attrs }) => {
    const { dy, filter } = inputs as Named<'dy' | 'filter'>;
    const shape = attrs!['inputShape'] as Shape4;
    const dx = m.output(shape);
    m.run.depthwiseInputGradient(
      m.at(dy),
      m.at(filter),
      ...windowSizes(depthwiseInfo(shape, filter.shape, attrs!)),
      m.at(dx),
    );
    return dx;
  };
}

function depthwiseFilter(m: WasmModule): KernelFunc {
  return ({ inputs, attrs }) => {
    const { x, dy } = inputs as Named<'x' | 'dy'>;
    const shape = attrs!['filterShape'] as Shape4;
    const dw = m.output(shape);
    m.run.depthwiseFilterGradient(m.at(x), m.at(dy), ...windowSizes(depthwiseInfo(x.shape, shape, attrs!)), m.at(dw));
    return dw;
  };
}

function leading(shape: number[]): number {
  return shape.slice(0, -2).reduce((a, b) => a * b, 1);
}

function batchMatMul(m: WasmModule) {
  return (original: KernelFunc | undefined): KernelFunc =>
    args => {
      const { a, b } = args.inputs as Named<'a' | 'b'>;
      const { transposeA, transposeB } = args.attrs!;
      if ((!transposeA && !transposeB) || leading(a.shape) !== 1 || leading(b.shape) !== 1 || a.dtype !== 'float32') {
        return original!(args);
      }
      return multiply(m, a, b, transposeA as boolean, transposeB as boolean);
    };
}

/** A product of which at least one side is transposed. */
function multiply(
  m: WasmModule,
  a: TensorInfo,
  b: TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
  bias?: TensorInfo,
  activation: FusedActivation = 'linear',
): TensorInfo {
  const [a0, a1] = a.shape.slice(-2) as [number, number];
  const [b0, b1] = b.shape.slice(-2) as [number, number];
  const [rows, k, columns] = [transposeA ? a1 : a0, transposeA ? a0 : a1, transposeB ? b0 : b1];
  const shape = [...(a.shape.length >= b.shape.length ? a : b).shape.slice(0, -2), rows, columns];
  let y: TensorInfo;
  if (transposeA && !transposeB && !bias && activation === 'linear') {
    y = productTurned(m, a, b, [rows, k, columns]);
  } else {
    const left = transposeA ? transposed(m, a, a0, a1) : a;
    y = product(m, left, b, [rows, k, columns], transposeB, bias, activation);
    if (left !== a) m.free(left);
  }
  return { ...y, shape };
}

function transposed(m: WasmModule, x: TensorInfo, rows: number, columns: number): TensorInfo {
  const out = m.output([columns, rows]);
  const from = m.floats(m.at(x), rows * columns);
  const to = m.floats(m.at(out), rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j]!;
  return out;
}

function fusedMatMul(m: WasmModule) {
  return (original: KernelFunc | undefined): KernelFunc =>
    args => {
      const { a, b, bias } = args.inputs as Named<'a' | 'b'> & { bias?: TensorInfo };
      const { transposeA, transposeB, activation } = args.attrs!;
      const name = (activation ?? 'linear') as string;
      const columns = b.shape.at(transposeB ? -2 : -1)!;
      const plain = !transposeA && !transposeB;
      if (
        plain ||
        leading(a.shape) !== 1 ||
        leading(b.shape) !== 1 ||
        !(name in ACTIVATIONS) ||
        !biasCovered(bias, columns)
      ) {
        return original!(args);
      }
      return multiply(m, a, b, transposeA as boolean, transposeB as boolean, bias, name as FusedActivation);
    };
}

/** Sums over every axis but the last: what gradients of biases are. */
function sum(m: WasmModule) {
  return (original: KernelFunc | undefined): KernelFunc =>
    args => {
      const { x } = args.inputs as Named<'x'>;
      const { axis, keepDims } = args.attrs!;
      const rank = x.shape.length;
      const axes = util.parseAxisParam(axis as number[], x.shape);
      const c = x.shape[rank - 1]!;
      const size = util.sizeFromShape(x.shape);
      if (x.dtype !== 'float32' || rank < 2 || size === 0 || axes.length !== rank - 1 || axes.includes(rank - 1)) {
        return original!(args);
      }
      const out = m.output(keepDims ? x.shape.map((d, i) => (i === rank - 1 ? d : 1)) : [c]);
      m.run.columnSums(m.at(x), size / c, c, m.at(out), m.scratch(c * 8));
      return out;
    };
}

/** Rows by number along the first axis: how a loss picks its pairs. */
function gather(m: WasmModule) {
  return (original: KernelFunc | undefined): KernelFunc =>
    args => {
      const { x, indices } = args.inputs as Named<'x' | 'indices'>;
      const { axis, batchDims } = args.attrs!;
      const width = util.sizeFromShape(x.shape.slice(1));
      const count = util.sizeFromShape(indices.shape);
      const plain = axis === 0 && !batchDims && x.dtype === 'float32' && indices.dtype === 'int32';
      if (!plain || width === 0 || count === 0) return original!(args);
      const rows = x.shape[0]!;
      const wrong = integers(m, indices).find(id => id < 0 || id >= rows);
      if (wrong !== undefined) throw new Error(`gather: row ${wrong} of ${rows} is asked for`);
      const out = m.output([...indices.shape, ...x.shape.slice(1)]);
      m.run.gatherRows(m.at(x), m.at(indices), count, width, m.at(out));
      return out;
    };
}

/** The same values under another name. (tfjs-backend-wasm's own copies them, for every tensor that a gradient needs later.) */
const identity: KernelFunc = ({ inputs, backend }) => {
  const { x } = inputs as Named<'x'>;
  (backend as KernelBackend).incRef(x.dataId);
  return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
};

function integers(m: WasmModule, tensor: TensorInfo): Int32Array {
  return new Int32Array(m.backend.wasm.asm.memory.buffer, m.at(tensor), util.sizeFromShape(tensor.shape));
}

/** The gradient of tf.gather. */
function unsortedSegmentSum(m: WasmModule): KernelFunc {
  return ({ inputs, attrs }) => {
    const { x, segmentIds } = inputs as Named<'x' | 'segmentIds'>;
    const segments = attrs!['numSegments'] as number;
    const width = util.sizeFromShape(x.shape.slice(1));
    const out = m.output([segments, ...x.shape.slice(1)]);
    m.run.scatterRows(m.at(x), m.at(segmentIds), x.shape[0]!, width, segments, m.at(out));
    return out;
  };
}
