import * as tf from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { ACTIVATIONS } from '../backend/wasm-convolution';
import type { FusedActivation } from '../backend/wasm-convolution';
import { wasmModule } from '../backend/wasm-module';
import type { WasmModule } from '../backend/wasm-module';

/** What follows a batch normalisation in the same pass. `pool`: relu, then the largest of each 2 x 2. */
export type Tail = FusedActivation | 'relu+pool';

export interface BatchNormalised {
  y: tf.Tensor;
  /** of this batch, biased; the caller disposes of it */
  mean: tf.Tensor1D;
  variance: tf.Tensor1D;
}

/**
 * Batch normalisation in training: y = tail(gamma * (x - mean) / sqrt(variance + eps) + beta), moments over every axis but
 * the last, gradients through the moments. One kernel on wasm, composed of tfjs ops elsewhere.
 */
export function batchNormalise(
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  eps: number,
  tail: Tail,
): BatchNormalised {
  const m = wasmModule();
  const fused = m && tf.getBackend() === 'wasm' && (tail !== 'relu+pool' || (x.rank === 4 && x.shape[3]! % 4 === 0));
  return fused ? inOneKernel(m, x, gamma, beta, eps, tail) : composed(x, gamma, beta, eps, tail);
}

function composed(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, eps: number, tail: Tail): BatchNormalised {
  const axes = x.shape.slice(0, -1).map((_, i) => i);
  const { mean, variance } = tf.moments(x, axes);
  const normal = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, eps)));
  let y: tf.Tensor = tf.add(tf.mul(normal, gamma), beta);
  if (tail === 'relu6') y = tf.relu6(y);
  else if (tail !== 'linear') y = tf.relu(y);
  if (tail === 'relu+pool') y = tf.maxPool(y as tf.Tensor4D, 2, 2, 'valid');
  return { y, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
}

function tensor(info: TensorInfo): tf.Tensor {
  return tf.engine().makeTensorFromTensorInfo(info);
}

function inOneKernel(
  m: WasmModule,
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  eps: number,
  tail: Tail,
): BatchNormalised {
  const c = x.shape.at(-1)!;
  const rows = x.size / c;
  // The moments leave on the side, kept for the caller: nothing differentiates through them but this kernel itself.
  let mean!: tf.Tensor;
  let variance!: tf.Tensor;
  const run = tf.customGrad((...args: unknown[]) => {
    const [input, g, b] = args as [tf.Tensor, tf.Tensor, tf.Tensor];
    const save = args[3] as (tensors: tf.Tensor[]) => void;
    mean = tf.keep(tensor(m.output([c])));
    variance = tf.keep(tensor(m.output([c])));
    m.run.moments(m.at(input), rows, c, m.at(mean), m.at(variance), m.scratch(c * 16));
    const affine = m.output([2 * c]);
    m.run.affineOf(c, m.at(g), m.at(b), m.at(mean), m.at(variance), eps, m.at(affine));
    const { y, index } = tail === 'relu+pool' ? pooled(m, input, affine) : { y: m.output(x.shape), index: undefined };
    if (tail !== 'relu+pool') m.run.normalise(m.at(input), rows, c, m.at(affine), ACTIVATIONS[tail], m.at(y));
    m.free(affine);
    const value = tensor(y);
    const which = index ? tensor(index) : value;
    save([input, g, mean, variance, which]);
    return { value, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => gradient(m, dy, saved, eps, tail) };
  });
  const y = run(x, gamma, beta);
  return { y, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
}

function pooled(m: WasmModule, x: tf.Tensor, affine: TensorInfo): { y: TensorInfo; index: TensorInfo } {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const shape = [n, h >> 1, w >> 1, c];
  const y = m.output(shape);
  const index = m.output(shape, 'bool');
  m.run.normalisePool(m.at(x), n, h, w, c, m.at(affine), m.at(y), m.at(index));
  return { y, index };
}

function gradient(m: WasmModule, dy: tf.Tensor, saved: tf.Tensor[], eps: number, tail: Tail): tf.Tensor[] {
  const [x, gamma, mean, variance, which] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const c = x.shape.at(-1)!;
  const [dx, dgamma, dbeta, coefficients] = [x.shape, [c], [c], [3 * c]].map(shape => m.output(shape)) as [
    ...[TensorInfo, TensorInfo, TensorInfo, TensorInfo],
  ];
  const acc = m.scratch(c * 16);
  const shared = [gamma, mean, variance].map(t => m.at(t));
  const outputs = [dgamma, dbeta, dx].map(t => m.at(t));
  if (tail === 'relu+pool') {
    const [n, h, w] = x.shape as [number, number, number];
    m.run.normalisePoolGradient(
      ...[m.at(x), m.at(which), m.at(dy), n, h, w, c, ...shared, eps, ...outputs, acc, m.at(coefficients)],
    );
  } else {
    m.run.normaliseGradient(
      ...[
        m.at(x),
        m.at(which),
        m.at(dy),
        x.size / c,
        c,
        ...shared,
        eps,
        ACTIVATIONS[tail],
        ...outputs,
        acc,
        m.at(coefficients),
      ],
    );
  }
  m.free(coefficients);
  return [tensor(dx), tensor(dgamma), tensor(dbeta)];
}
