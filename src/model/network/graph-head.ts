import type { io } from '@tensorflow/tfjs-core';
import type { ModelSource } from '../source';
import type { ModelArtifacts } from './artifacts';

interface Matrix {
  shape: number[];
  values: Float32Array;
}

const FLOAT = 'DT_FLOAT';
const INT = 'DT_INT32';

/**
 * A GraphModel with a dense layer behind one of its nodes: constants, a mean over places where the node gives a feature
 * map, MatMul and BiasAdd, as TensorFlow would have written them.
 */
export function extendGraph(
  source: ModelSource,
  output: string,
  averages: boolean,
  kernel: Matrix,
  bias: Matrix,
): ModelArtifacts {
  const topology = structuredClone((source.topology as { modelTopology: { node: object[] } }).modelTopology);
  // A graph that was given a head before may be given another.
  const taken = new Set(topology.node.map(node => (node as { name?: string }).name));
  let prefix = 'margin';
  for (let n = 2; taken.has(`${prefix}/kernel`); n++) prefix = `margin_${n}`;
  const constants: [string, 'float32' | 'int32', number[], Float32Array | Int32Array][] = [
    [`${prefix}/kernel`, 'float32', kernel.shape, kernel.values],
    [`${prefix}/bias`, 'float32', bias.shape, bias.values],
  ];
  let features = output;
  if (averages) {
    constants.push([`${prefix}/axes`, 'int32', [2], Int32Array.of(1, 2)]);
    features = `${prefix}/average`;
  }
  for (const [name, dtype, shape] of constants) {
    const type = dtype === 'float32' ? FLOAT : INT;
    const dim = shape.map(size => ({ size: String(size) }));
    topology.node.push({
      name,
      op: 'Const',
      attr: { dtype: { type }, value: { tensor: { dtype: type, tensorShape: { dim } } } },
    });
  }
  if (averages) {
    topology.node.push({
      name: features,
      op: 'Mean',
      input: [output, `${prefix}/axes`],
      attr: { T: { type: FLOAT }, Tidx: { type: INT }, keep_dims: { b: false } },
    });
  }
  topology.node.push(
    {
      name: `${prefix}/product`,
      op: 'MatMul',
      input: [features, `${prefix}/kernel`],
      attr: { T: { type: FLOAT }, transpose_a: { b: false }, transpose_b: { b: false } },
    },
    {
      name: `${prefix}/embedding`,
      op: 'BiasAdd',
      input: [`${prefix}/product`, `${prefix}/bias`],
      attr: { T: { type: FLOAT } },
    },
  );
  const specs: io.WeightsManifestEntry[] = constants.map(([name, dtype, shape]) => ({ name, dtype, shape }));
  const added = constants.map(([, , , values]) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  const weights = new Uint8Array(source.weights.byteLength + added.reduce((sum, part) => sum + part.length, 0));
  weights.set(new Uint8Array(source.weights));
  let at = source.weights.byteLength;
  for (const part of added) {
    weights.set(part, at);
    at += part.length;
  }
  return {
    format: 'graph-model',
    topology,
    specs: [...source.specs, ...specs],
    weights: weights.buffer,
    output: `${prefix}/embedding`,
  };
}
