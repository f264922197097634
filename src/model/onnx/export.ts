import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { ModelCard } from '../card';
import { planOf } from '../network/plan';
import type { Plan, Step } from '../network/plan';
import { parameters } from '../network/train-forward';
import { OnnxGraph, UINT8 } from './graph';

export const INPUT = 'pixels';
export const OUTPUT = 'embedding';

/** A layer that the exporter has no words for. */
export class OnnxExportError extends Error {
  override name = 'OnnxExportError';
}

/**
 * A network with its preprocessing as an ONNX file: bytes `pixels` [n, height, width, channels] to floats `embedding`
 * [n, d], scaled and, where the card says so, of unit length. NCHW inside, as ONNX has it.
 * @throws OnnxExportError when a layer or a setting of one is not covered
 */
export function exportOnnx(model: LayersModel, card: ModelCard): Uint8Array {
  const plan = planOf(model);
  const graph = new OnnxGraph(card.name);
  const { width, height, channels } = card.input;
  const values = new Map([[plan.input, preprocessing(graph, card)]]);
  const shapes = shapesOf(plan);
  for (const step of plan.steps) {
    const convert = LAYERS[step.kind];
    if (!convert)
      throw new OnnxExportError(`layer ${step.layer.name} is a ${step.kind}, which is not exported to ONNX`);
    const config = step.layer.getConfig() as Config;
    if (typeof config.dataFormat === 'string' && config.dataFormat !== 'channelsLast') {
      throw new OnnxExportError(`layer ${step.layer.name} has channels first`);
    }
    const inputs = step.inputs.map(name => values.get(name)!);
    values.set(
      step.output,
      convert({ graph, step, config, inputs, shape: shapes.get(step.inputs[0]!) ?? [height, width, channels] }),
    );
  }
  const last = values.get(plan.output)!;
  const dimension = model.outputs[0]!.shape.slice(1).reduce<number>((product, size) => product * (size ?? 1), 1);
  const rank = model.outputs[0]!.shape.length;
  const rows = rank === 4 ? average(graph, last) : last;
  if (card.embedding.normalise) graph.op('Div', [rows, norm(graph, rows)], {}, OUTPUT);
  else graph.op('Identity', [rows], {}, OUTPUT);
  graph.output(OUTPUT, ['n', rank === 4 ? model.outputs[0]!.shape[3]! : dimension]);
  return graph.finish();
}

interface Config {
  [key: string]: unknown;
  activation?: string;
  dataFormat?: string;
  kernelSize?: number[];
  poolSize?: [number, number];
  strides?: [number, number];
  padding?: string;
  dilationRate?: [number, number];
  epsilon?: number;
  maxValue?: number | null;
  units?: number;
}

interface Conversion {
  graph: OnnxGraph;
  step: Step;
  config: Config;
  inputs: string[];
  /** height, width and channels of the first input */
  shape: number[];
}

const LAYERS: Record<string, (conversion: Conversion) => string> = {
  Conv2D: c => convolution(c, false),
  DepthwiseConv2D: c => convolution(c, true),
  BatchNormalization: ({ graph, step, config, inputs }) => {
    const { gamma, beta, movingMean, movingVariance } = parameters(step);
    const n = movingMean.size;
    const values = [
      gamma?.dataSync<'float32'>() ?? new Float32Array(n).fill(1),
      beta?.dataSync<'float32'>() ?? new Float32Array(n),
      movingMean.dataSync<'float32'>(),
      movingVariance.dataSync<'float32'>(),
    ].map(v => graph.floats(v, [n]));
    return graph.op('BatchNormalization', [inputs[0]!, ...values], { epsilon: { float: config.epsilon! } });
  },
  ReLU: ({ graph, step, config, inputs }) => {
    if (config['negativeSlope'] || config['threshold'])
      throw new OnnxExportError(`layer ${step.layer.name} is a leaky relu`);
    return config.maxValue === null || config.maxValue === undefined
      ? graph.op('Relu', inputs)
      : graph.op('Clip', [
          inputs[0]!,
          graph.floats(Float32Array.of(0), []),
          graph.floats(Float32Array.of(config.maxValue), []),
        ]);
  },
  Activation: ({ graph, step, config, inputs }) => activation(graph, step, inputs[0]!, config.activation),
  MaxPooling2D: c => pooling(c, 'MaxPool', {}),
  AveragePooling2D: c => pooling(c, 'AveragePool', { count_include_pad: 0 }),
  GlobalAveragePooling2D: ({ graph, inputs }) => average(graph, inputs[0]!),
  Flatten: ({ graph, inputs, shape }) => {
    // tfjs flattens height, width, channels.
    const from = shape.length === 3 ? graph.op('Transpose', inputs, { perm: [0, 2, 3, 1] }) : inputs[0]!;
    return graph.op('Flatten', [from], { axis: 1 });
  },
  Add: ({ graph, inputs }) => inputs.reduce((sum, input) => graph.op('Add', [sum, input])),
  Concatenate: ({ graph, step, inputs, shape }) => {
    if (shape.length !== 1) throw new OnnxExportError(`layer ${step.layer.name} joins what is not flat`);
    return graph.op('Concat', inputs, { axis: 1 });
  },
  Dropout: ({ inputs }) => inputs[0]!,
  Dense: ({ graph, step, config, inputs }) => {
    const [kernel, bias] = step.layer.getWeights();
    const terms = [inputs[0]!, graph.floats(kernel!.dataSync<'float32'>(), kernel!.shape)];
    if (bias) terms.push(graph.floats(bias.dataSync<'float32'>(), bias.shape));
    return activation(graph, step, graph.op('Gemm', terms), config.activation);
  },
};

function preprocessing(graph: OnnxGraph, card: ModelCard): string {
  const { width, height, channels, scale, mean, std } = card.input;
  graph.input(INPUT, UINT8, ['n', height, width, channels]);
  const floats = graph.op('Cast', [INPUT], { to: 1 });
  const planes = graph.op('Transpose', [floats], { perm: [0, 3, 1, 2] });
  const each = (f: (c: number) => number): string =>
    graph.floats(
      Float32Array.from({ length: channels }, (_, c) => f(c)),
      [1, channels, 1, 1],
    );
  const scaled = graph.op('Mul', [planes, each(c => scale / std[c]!)]);
  return graph.op('Add', [scaled, each(c => -mean[c]! / std[c]!)]);
}

function convolution({ graph, step, config, inputs, shape }: Conversion, depthwise: boolean): string {
  const [filter, bias] = step.layer.getWeights();
  const [kh, kw, ci, co] = filter!.shape as [number, number, number, number];
  const terms = [
    inputs[0]!,
    graph.floats(
      filterOf(filter!.dataSync<'float32'>(), [kh, kw, ci, co], depthwise),
      depthwise ? [ci * co, 1, kh, kw] : [co, ci, kh, kw],
    ),
  ];
  if (bias) terms.push(graph.floats(bias.dataSync<'float32'>(), bias.shape));
  const y = graph.op('Conv', terms, {
    kernel_shape: [kh, kw],
    strides: config.strides!,
    dilations: config.dilationRate ?? [1, 1],
    group: depthwise ? ci : 1,
    pads: pads(config, shape, [kh, kw]),
  });
  return activation(graph, step, y, config.activation);
}

/** [kh,kw,ci,co] to [co,ci,kh,kw]; depthwise [kh,kw,ci,m] to [ci*m,1,kh,kw]. */
function filterOf(
  values: Float32Array,
  [kh, kw, ci, co]: [number, number, number, number],
  depthwise: boolean,
): Float32Array {
  const out = new Float32Array(values.length);
  const area = kh * kw;
  for (let k = 0; k < area; k++) {
    for (let i = 0; i < ci; i++) {
      for (let o = 0; o < co; o++) {
        const place = depthwise ? (i * co + o) * area + k : (o * ci + i) * area + k;
        out[place] = values[(k * ci + i) * co + o]!;
      }
    }
  }
  return out;
}

function pooling({ graph, config, inputs, shape }: Conversion, type: string, more: Record<string, number>): string {
  const size = config.poolSize!;
  return graph.op(type, inputs, {
    kernel_shape: size,
    strides: config.strides!,
    pads: pads(config, shape, size),
    ...more,
  });
}

/** top, left, bottom, right: TensorFlow's `same` puts the odd one behind. */
function pads(config: Config, [height, width]: number[], kernel: readonly number[]): number[] {
  if (config.padding !== 'same') return [0, 0, 0, 0];
  const along = (size: number, k: number, stride: number, dilation: number): [number, number] => {
    const reach = (k - 1) * dilation + 1;
    const total = Math.max((Math.ceil(size / stride) - 1) * stride + reach - size, 0);
    return [total >> 1, total - (total >> 1)];
  };
  const [sh, sw] = config.strides!;
  const [dh, dw] = config.dilationRate ?? [1, 1];
  const [top, bottom] = along(height!, kernel[0]!, sh, dh);
  const [left, right] = along(width!, kernel[1]!, sw, dw);
  return [top, left, bottom, right];
}

function activation(graph: OnnxGraph, step: Step, x: string, name = 'linear'): string {
  if (name === 'linear') return x;
  if (name === 'relu6')
    return graph.op('Clip', [x, graph.floats(Float32Array.of(0), []), graph.floats(Float32Array.of(6), [])]);
  const op = { relu: 'Relu', sigmoid: 'Sigmoid', tanh: 'Tanh', elu: 'Elu', softmax: 'Softmax' }[name];
  if (!op)
    throw new OnnxExportError(`layer ${step.layer.name} has the activation ${name}, which is not exported to ONNX`);
  return graph.op(op, [x]);
}

function average(graph: OnnxGraph, x: string): string {
  return graph.op('Flatten', [graph.op('GlobalAveragePool', [x])], { axis: 1 });
}

/** sqrt(sum x^2 + 1e-12), as the other backends normalise. */
function norm(graph: OnnxGraph, x: string): string {
  const sum = graph.op('ReduceSum', [graph.op('Mul', [x, x]), graph.integers([1])], { keepdims: 1 });
  return graph.op('Sqrt', [graph.op('Add', [sum, graph.floats(Float32Array.of(1e-12), [])])]);
}

function shapesOf(plan: Plan): Map<string, number[]> {
  return new Map(
    plan.steps.map(step => [
      step.output,
      (step.layer.outputShape as (number | null)[]).slice(1).map(size => size ?? 1),
    ]),
  );
}
