import { Random } from '../../core/random';
import type { MiningData } from '../../core/mining/types';
import type { ImageHash } from '../../core/types';

/**
 * Embeddings to measure with: unit vectors over shared memory, in classes of a hundred. `clustered` ones lie around a centre of
 * their class, spread so that a tenth or so of the nearest neighbours is of another class, as after some training; `random`
 * ones know nothing of their classes, which is the hardest case for semi-hard triplets: every band is full of negatives.
 */
export function embeddings(n: number, dimension: number, kind: 'clustered' | 'random', seed = 1): MiningData {
  const random = new Random(seed);
  const classes = Math.max(2, Math.round(n / 100));
  const centres = Float32Array.from({ length: classes * dimension }, () =>
    kind === 'clustered' ? random.normal() : 0,
  );
  const vectors = new Float32Array(new SharedArrayBuffer(n * dimension * 4));
  const labels = new Int32Array(n);
  const ids: ImageHash[] = [];
  for (let i = 0; i < n; i++) {
    const label = random.below(classes);
    labels[i] = label;
    let norm = 0;
    for (let k = 0; k < dimension; k++) {
      const x = centres[label * dimension + k]! + 1.05 * random.normal();
      vectors[i * dimension + k] = x;
      norm += x * x;
    }
    for (let k = 0; k < dimension; k++) vectors[i * dimension + k]! /= Math.sqrt(norm);
    ids.push(`sha256:${Array.from({ length: 8 }, () => random.uint32().toString(16).padStart(8, '0')).join('')}`);
  }
  return { vectors, dimension, ids, labels };
}
