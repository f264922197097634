import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Random } from '../../../src/core/random';
import { tinyInput } from './training';

const PIXELS = 16 * 16;
const FEATURES = 6;
/**
 * A GraphModel as a converter writes it: the picture flattened, times a matrix of constants.
 * @param signature whether it has one, that calls the output by another name than its node
 */
export function writeGraphModel(folder: string, signature = false): void {
  const dims = (...sizes: number[]) => ({ dim: sizes.map(size => ({ size: String(size) })) });
  const constant = (name: string, dtype: string, ...sizes: number[]) => ({
    name,
    op: 'Const',
    attr: { dtype: { type: dtype }, value: { tensor: { dtype, tensorShape: dims(...sizes) } } },
  });
  const float = { type: 'DT_FLOAT' };
  const node = [
    { name: 'picture', op: 'Placeholder', attr: { dtype: float, shape: { shape: dims(-1, 16, 16, 1) } } },
    constant('shape', 'DT_INT32', 2),
    constant('matrix', 'DT_FLOAT', PIXELS, FEATURES),
    { name: 'flat', op: 'Reshape', input: ['picture', 'shape'], attr: { T: float, Tshape: { type: 'DT_INT32' } } },
    {
      name: 'features',
      op: 'MatMul',
      input: ['flat', 'matrix'],
      attr: { T: float, transpose_a: { b: false }, transpose_b: { b: false } },
    },
  ];
  const random = new Random(5);
  const matrix = Float32Array.from({ length: PIXELS * FEATURES }, () => random.next() - 0.5);
  const weights = Buffer.concat([
    Buffer.from(Int32Array.of(-1, PIXELS).buffer),
    Buffer.from(matrix.buffer, matrix.byteOffset, matrix.byteLength),
  ]);
  const specs = [
    { name: 'shape', shape: [2], dtype: 'int32' },
    { name: 'matrix', shape: [PIXELS, FEATURES], dtype: 'float32' },
  ];
  const model = {
    format: 'graph-model',
    ...(signature && {
      signature: { inputs: { image: { name: 'picture:0' } }, outputs: { vector: { name: 'features:0' } } },
    }),
    modelTopology: { node, library: {}, versions: { producer: 1 } },
    weightsManifest: [{ paths: ['weights.bin'], weights: specs }],
  };
  writeFileSync(path.join(folder, 'model.json'), JSON.stringify(model));
  writeFileSync(path.join(folder, 'weights.bin'), weights);
  writeFileSync(path.join(folder, 'card.json'), JSON.stringify({ input: tinyInput }));
}
