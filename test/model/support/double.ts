import type * as tf from '@tensorflow/tfjs-core';
import type { Plan } from '../../../src/model/network/plan';

/** Numbers in double precision, NHWC. */
export interface Doubles {
  shape: number[];
  data: Float64Array;
}

type Read = (variable: tf.Variable) => ArrayLike<number>;

/**
 * A network in training mode in plain loops and double precision: what finite differences need, for in single precision
 * rounding drowns a step that is small enough to cross no kink of a relu.
 * @param read the values of a variable
 */
export function forward(plan: Plan, x: Doubles, read: Read): Doubles {
  const values = new Map([[plan.input, x]]);
  for (const step of plan.steps) {
    const run = LAYERS[step.kind];
    if (!run) throw new Error(`no ${step.kind} in double precision`);
    const weights = step.layer.weights.map(weight => weight.read() as tf.Variable);
    const inputs = step.inputs.map(name => values.get(name)!);
    const made = run(inputs, step.layer.getConfig(), weights.map(read));
    values.set(step.output, activated(made, step.layer.getConfig()['activation']));
  }
  return values.get(plan.output)!;
}

type Config = Record<string, unknown>;
type Run = (inputs: Doubles[], config: Config, weights: ArrayLike<number>[]) => Doubles;

const LAYERS: Record<string, Run> = {
  Conv2D: ([x], config, weights) => convolve(x!, config, config['filters'] as number, weights, false),
  DepthwiseConv2D: ([x], config, weights) => convolve(x!, config, x!.shape[3]!, weights, true),
  BatchNormalization: ([x], { epsilon }, [gamma, beta]) => {
    const channels = x!.shape.at(-1)!;
    const n = x!.data.length / channels;
    const [mean, square] = [new Float64Array(channels), new Float64Array(channels)];
    for (const [i, v] of x!.data.entries()) mean[i % channels]! += v / n;
    for (const [i, v] of x!.data.entries()) square[i % channels]! += (v - mean[i % channels]!) ** 2 / n;
    return map(x!, (v, i) => {
      const c = i % channels;
      return ((v - mean[c]!) / Math.sqrt(square[c]! + (epsilon as number))) * gamma![c]! + beta![c]!;
    });
  },
  ReLU: ([x], { maxValue }) =>
    map(x!, v => Math.min(Math.max(v, 0), (maxValue as number | null | undefined) ?? Infinity)),
  MaxPooling2D: ([x], config) => pool(x!, config, found => Math.max(...found)),
  AveragePooling2D: ([x], config) => pool(x!, config, found => found.reduce((sum, v) => sum + v, 0) / found.length),
  GlobalAveragePooling2D: ([x]) => {
    const [n, h, w, c] = x!.shape as [number, number, number, number];
    const data = new Float64Array(n * c);
    for (const [i, v] of x!.data.entries()) data[Math.floor(i / (h * w * c)) * c + (i % c)]! += v / (h * w);
    return { shape: [n, c], data };
  },
  Flatten: ([x]) => ({ shape: [x!.shape[0]!, x!.data.length / x!.shape[0]!], data: x!.data }),
  Add: ([a, b]) => map(a!, (v, i) => v + b!.data[i]!),
  Concatenate: inputs => {
    const n = inputs[0]!.shape[0]!;
    const rows = Array.from({ length: n }, (_, row) =>
      inputs.flatMap(({ shape, data }) => [...data.subarray(row * shape[1]!, (row + 1) * shape[1]!)]),
    );
    return { shape: [n, rows[0]!.length], data: Float64Array.from(rows.flat()) };
  },
  Dense: ([x], { units }, [kernel, bias]) => {
    const [n, from] = x!.shape as [number, number];
    const to = units as number;
    const data = new Float64Array(n * to);
    for (let row = 0; row < n; row++) {
      for (let j = 0; j < to; j++) {
        let sum = bias![j]!;
        for (let i = 0; i < from; i++) sum += x!.data[row * from + i]! * kernel![i * to + j]!;
        data[row * to + j] = sum;
      }
    }
    return { shape: [n, to], data };
  },
};

function activated(x: Doubles, activation: unknown): Doubles {
  if (activation === 'sigmoid') return map(x, v => 1 / (1 + Math.exp(-v)));
  if (activation === undefined || activation === 'linear') return x;
  throw new Error(`no ${JSON.stringify(activation)} in double precision`);
}

function map({ shape, data }: Doubles, f: (v: number, i: number) => number): Doubles {
  return { shape, data: data.map(f) };
}

/** Where the windows of a layer lie, as TensorFlow pads: what is missing before rounds down. */
function windows(
  { shape }: Doubles,
  size: readonly [number, number],
  stride: readonly [number, number],
  padding: unknown,
) {
  const along = (axis: 0 | 1) => {
    const length = shape[axis + 1]!;
    const out =
      padding === 'same' ? Math.ceil(length / stride[axis]) : Math.floor((length - size[axis]) / stride[axis]) + 1;
    const missing = padding === 'same' ? Math.max((out - 1) * stride[axis] + size[axis] - length, 0) : 0;
    return { out, before: Math.floor(missing / 2) };
  };
  return [along(0), along(1)] as const;
}

function convolve(
  x: Doubles,
  config: Config,
  to: number,
  [filter, bias]: ArrayLike<number>[],
  depthwise: boolean,
): Doubles {
  const [n, h, w, from] = x.shape as [number, number, number, number];
  const size = config['kernelSize'] as [number, number];
  const stride = config['strides'] as [number, number];
  const [rows, columns] = windows(x, size, stride, config['padding']);
  const data = new Float64Array(n * rows.out * columns.out * to);
  let at = 0;
  for (let b = 0; b < n; b++) {
    for (let r = 0; r < rows.out; r++) {
      for (let s = 0; s < columns.out; s++, at += to) {
        for (let c = 0; c < to; c++) data[at + c] = bias?.[c] ?? 0;
        for (let i = 0; i < size[0]; i++) {
          const y = r * stride[0] - rows.before + i;
          if (y < 0 || y >= h) continue;
          for (let j = 0; j < size[1]; j++) {
            const z = s * stride[1] - columns.before + j;
            if (z < 0 || z >= w) continue;
            const source = ((b * h + y) * w + z) * from;
            const weight = (i * size[1] + j) * from;
            for (let k = 0; k < from; k++) {
              const v = x.data[source + k]!;
              if (depthwise) data[at + k]! += v * filter![weight + k]!;
              else for (let c = 0; c < to; c++) data[at + c]! += v * filter![(weight + k) * to + c]!;
            }
          }
        }
      }
    }
  }
  return { shape: [n, rows.out, columns.out, to], data };
}

function pool(x: Doubles, config: Config, of: (found: number[]) => number): Doubles {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const size = config['poolSize'] as [number, number];
  const stride = config['strides'] as [number, number];
  const [rows, columns] = windows(x, size, stride, config['padding']);
  const data: number[] = [];
  for (let b = 0; b < n; b++) {
    for (let r = 0; r < rows.out; r++) {
      for (let s = 0; s < columns.out; s++) {
        for (let k = 0; k < c; k++) {
          const found: number[] = [];
          for (let i = 0; i < size[0]; i++) {
            for (let j = 0; j < size[1]; j++) {
              const [y, z] = [r * stride[0] - rows.before + i, s * stride[1] - columns.before + j];
              if (y >= 0 && y < h && z >= 0 && z < w) found.push(x.data[((b * h + y) * w + z) * c + k]!);
            }
          }
          data.push(of(found));
        }
      }
    }
  }
  return { shape: [n, rows.out, columns.out, c], data: Float64Array.from(data) };
}
