import * as tf from '@tensorflow/tfjs-core';
import type { Layer, Plan, Step } from './plan';
import { onlyFollower, reluOf } from './plan';
import { parameters } from './train-forward';

type Fused = 'linear' | 'relu' | 'relu6';

/** A network made ready to embed: batch normalisation folded into the convolution before it, relu fused. */
export interface FoldedNetwork {
  run(x: tf.Tensor): tf.Tensor;
  dispose(): void;
}

interface Folded {
  run(inputs: tf.Tensor[]): tf.Tensor;
  inputs: string[];
  output: string;
}

/** Folds a plan's normalisations: filter * gamma / sqrt(variance + eps), bias shifted alike. Weights are copied. */
export function foldNetwork(plan: Plan): FoldedNetwork {
  const made: tf.Tensor[] = [];
  const keep = <T extends tf.Tensor>(make: () => T): T => {
    const t = tf.keep(tf.tidy(make));
    made.push(t);
    return t;
  };
  const done = new Set<Step>();
  const folded: Folded[] = [];
  for (const step of plan.steps) {
    if (done.has(step)) continue;
    const chain = convolutionChain(plan, step);
    if (chain) {
      for (const other of chain.covered) done.add(other);
      folded.push(convolution(chain, keep));
    } else {
      folded.push({
        inputs: step.inputs,
        output: step.output,
        run: inputs => {
          const result = step.layer.call(inputs.length === 1 ? inputs[0]! : inputs, { training: false });
          const y = Array.isArray(result) ? result[0]! : result;
          // A layer that does nothing here (dropout) hands its input on, which is let go of below.
          return inputs.includes(y) ? tf.clone(y) : y;
        },
      });
    }
  }
  return {
    run: x => {
      const values = new Map<string, tf.Tensor>([[plan.input, x]]);
      const left = new Map(plan.uses);
      for (const step of folded) {
        const inputs = step.inputs.map(name => values.get(name)!);
        values.set(step.output, step.run(inputs));
        for (const name of step.inputs) {
          left.set(name, left.get(name)! - 1);
          // Freed early, so that a deep network on large pictures does not hold every activation at once.
          if (left.get(name) === 0 && name !== plan.input) values.get(name)!.dispose();
        }
      }
      return values.get(plan.output)!;
    },
    dispose: () => tf.dispose(made),
  };
}

interface Chain {
  step: Step;
  normalisation?: Step;
  activation: Fused;
  covered: Step[];
  output: string;
}

function convolutionChain(plan: Plan, step: Step): Chain | undefined {
  if (step.kind !== 'Conv2D' && step.kind !== 'DepthwiseConv2D') return undefined;
  const config = step.layer.getConfig();
  const own = config['activation'] ?? 'linear';
  if (own !== 'linear' && own !== 'relu' && own !== 'relu6') return undefined;
  if (config['dataFormat'] !== 'channelsLast') return undefined;
  const chain: Chain = { step, activation: own, covered: [], output: step.output };
  if (own !== 'linear') return chain;
  let next = onlyFollower(plan, step);
  if (next?.kind === 'BatchNormalization') {
    chain.normalisation = next;
    chain.covered.push(next);
    chain.output = next.output;
    next = onlyFollower(plan, next);
  }
  const activation = reluOf(next);
  if (next && activation) {
    chain.activation = activation;
    chain.covered.push(next);
    chain.output = next.output;
  }
  return chain;
}

function convolution(chain: Chain, keep: <T extends tf.Tensor>(make: () => T) => T): Folded {
  const { step, normalisation, activation } = chain;
  const config = step.layer.getConfig();
  const [filter0, bias0] = step.layer.weights.map(weight => weight.read() as tf.Tensor);
  const depthwise = step.kind === 'DepthwiseConv2D';
  const channels = depthwise ? filter0!.shape[2]! * filter0!.shape[3]! : filter0!.shape[3]!;
  const scaling = normalisation && normalisationOf(normalisation, channels);
  const filter = keep(() => {
    if (!scaling) return tf.clone(filter0!);
    const factor = scaling(bias0).factor;
    return tf.mul(filter0!, depthwise ? tf.reshape(factor, [1, 1, ...filter0!.shape.slice(2)]) : factor);
  }) as tf.Tensor4D;
  const bias = keep(() =>
    scaling ? scaling(bias0).shift : bias0 ? tf.clone(bias0) : tf.zeros([channels]),
  ) as tf.Tensor1D;
  const common = {
    strides: config['strides'] as [number, number],
    pad: config['padding'] as 'same' | 'valid',
    dilations: config['dilationRate'] as [number, number],
    filter,
    bias,
    activation,
  };
  const op = depthwise ? tf.fused.depthwiseConv2d : tf.fused.conv2d;
  return { inputs: step.inputs, output: chain.output, run: ([x]) => op({ ...common, x: x as tf.Tensor4D }) };
}

function normalisationOf(step: Step, channels: number) {
  const { epsilon } = step.layer.getConfig() as { epsilon: number };
  return (bias: tf.Tensor | undefined): { factor: tf.Tensor; shift: tf.Tensor } => {
    const { gamma, beta, movingMean, movingVariance } = parameters(step);
    const inverse = tf.rsqrt(tf.add(movingVariance, epsilon));
    const factor = gamma ? tf.mul(gamma, inverse) : inverse;
    const from = bias ? tf.sub(bias, movingMean) : tf.neg(movingMean);
    return { factor, shift: tf.add(tf.mul(from, factor), beta ?? tf.zeros([channels])) };
  };
}

/** A layer's own variables. */
export function weightsOf(layer: Layer): tf.Variable[] {
  return layer.weights.map(weight => weight.read() as tf.Variable);
}
