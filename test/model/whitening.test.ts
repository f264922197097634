import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random';
import { finish } from '../../src/core/steps';
import { scatterWithin, whiteningOf } from '../../src/model/training/whitening';

const n = 3;
const CLASSES = 8;

/** Classes near one another along the second axis; pictures of one class differ most along the first. */
function clouds(each: number) {
  const random = new Random(3);
  const labels = Int32Array.from({ length: CLASSES * each }, (_, i) => i % CLASSES);
  const vectors = new Float32Array(labels.length * n);
  for (const [row, label] of labels.entries()) {
    const spread = () => random.next() - 0.5;
    vectors.set([8 * spread(), 0.06 * label + 0.03 * spread(), 5 + 0.01 * spread()], row * n);
  }
  return { vectors, labels };
}

function mapped(vectors: Float32Array, w: Float64Array): Float32Array {
  return vectors.map((_, at) => {
    const [row, i] = [Math.floor(at / n), at % n];
    return Array.from({ length: n }, (__, j) => w[i * n + j]! * vectors[row * n + j]!).reduce((a, b) => a + b);
  });
}

function nearestAgree(vectors: Float32Array, labels: Int32Array): number {
  let right = 0;
  for (let a = 0; a < labels.length; a++) {
    let [best, least] = [-1, Infinity];
    for (let b = 0; b < labels.length; b++) {
      const squares = Array.from({ length: n }, (_, k) => (vectors[a * n + k]! - vectors[b * n + k]!) ** 2);
      const d = squares.reduce((x, y) => x + y);
      if (b !== a && d < least) [best, least] = [b, d];
    }
    if (labels[best] === labels[a]) right++;
  }
  return right / labels.length;
}

describe('whitening within classes', () => {
  it('makes pictures of one class differ alike in every direction', () => {
    const { vectors, labels } = clouds(40);
    const scatter = finish(scatterWithin(vectors, n, labels))!;
    const after = finish(scatterWithin(mapped(vectors, whiteningOf(scatter, n, 0)), n, labels))!;
    for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) expect(after[i * n + j]).toBeCloseTo(i === j ? 1 : 0, 4);
  });

  it('learned from some classes, tells others apart that it never met', () => {
    const { vectors, labels } = clouds(40);
    const known = labels.map(label => (label < 4 ? label : -1));
    const w = whiteningOf(finish(scatterWithin(vectors, n, known))!, n);
    const rows = [...labels.keys()].filter(row => labels[row]! >= 4);
    const others = Float32Array.from(rows.flatMap(row => [...vectors.subarray(row * n, row * n + n)]));
    const of = Int32Array.from(rows, row => labels[row]!);
    const before = nearestAgree(others, of);
    expect(before).toBeLessThan(0.9);
    expect(nearestAgree(mapped(others, w), of)).toBeGreaterThan(before + 0.05);
  });

  it('leaves vectors as they are where the identity is all there is, and has nothing to say of single pictures', () => {
    const { vectors, labels } = clouds(4);
    const scatter = finish(scatterWithin(vectors, n, labels))!;
    expect([...whiteningOf(scatter, n, 1)]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    const single = labels.map((_, row) => row);
    expect(finish(scatterWithin(vectors, n, single))).toBeUndefined();
  });
});
