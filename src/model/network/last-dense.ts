import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

/** The dense layer that a network ends in, whose outputs can be mapped by changing its weights alone. */
export interface LastDense {
  read(): Float32Array[];
  write(values: Float32Array[]): void;
  /** @param map row by row: its outputs become y_i = sum_j map[i * n + j] x_j */
  map(map: Float64Array): void;
}

/** @throws RangeError where the network ends in anything else */
export function lastDense(network: LayersModel): LastDense {
  const layer = network.layers.find(({ output }) => output === network.outputs[0]);
  if (layer?.getClassName() !== 'Dense' || layer.getConfig()['activation'] !== 'linear') {
    throw new RangeError('Whitening changes the dense layer that a network ends in; this one ends in something else.');
  }
  const weights = layer.weights.map(weight => weight.read() as tf.Variable);
  const assign = (make: (weight: tf.Tensor, i: number) => tf.Tensor): void =>
    weights.forEach((weight, i) => tf.tidy(() => weight.assign(make(weight, i))));
  return {
    read: () => weights.map(weight => weight.dataSync<'float32'>().slice()),
    write: values => assign((weight, i) => tf.tensor(values[i]!, weight.shape)),
    map: map => {
      const n = weights[0]!.shape[1]!;
      assign(weight => {
        const from = weight.dataSync<'float32'>();
        const to = new Float32Array(from.length);
        for (let at = 0; at < from.length; at += n) {
          for (let i = 0; i < n; i++) {
            let sum = 0;
            for (let j = 0; j < n; j++) sum += map[i * n + j]! * from[at + j]!;
            to[at + i] = sum;
          }
        }
        return tf.tensor(to, weight.shape);
      });
    },
  };
}
