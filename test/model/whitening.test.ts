import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random';
import { finish } from '../../src/core/steps';
import { DataError, judgedWhitening } from '../../src/model';
import { identityMap } from '../../src/model/training/map/fit-map';
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

describe('a whitening judged by what it did not learn from', () => {
  const judge = (vectors: Float32Array, labels: Int32Array) =>
    finish(judgedWhitening({ vectors, dimension: n, normalise: false, labels }, 1));

  it('is handed out where classes left out are found better with it', () => {
    const { vectors, labels } = clouds(40);
    const { map, verdict } = judge(vectors, labels);
    expect(verdict).toMatchObject({ by: 'class', better: true });
    expect(verdict.before.queries).toBe(labels.length);
    expect(verdict.after.mapAtR.value).toBeGreaterThan(verdict.before.mapAtR.value + 0.02);
    expect(map).not.toEqual(identityMap(n));
    // As many queries in strata as in one: the interval is about as wide.
    const width = verdict.before.mapAtR.high - verdict.before.mapAtR.low;
    expect(width).toBeGreaterThan(0);
    expect(width).toBeLessThan(0.1);
    expect(judge(vectors, labels)).toEqual({ map, verdict });
  });

  it('judges no image by those that answers leave open beside it', () => {
    const { vectors, labels } = clouds(4);
    // The first image has nobody left to find: it asks no more.
    const isOpen = (x: number, y: number) => [x, y].includes(0) && labels[x] === labels[y];
    const { verdict } = finish(judgedWhitening({ vectors, dimension: n, normalise: false, labels, isOpen }, 1));
    expect(verdict.before.queries).toBe(judge(vectors, labels).verdict.before.queries - 1);
  });

  it('is the identity where they are not: what varies within classes is what tells others apart', () => {
    const random = new Random(9);
    // Each class is a line: long along the axis on which the other classes differ.
    const labels = Int32Array.from({ length: 120 }, (_, i) => i % 4);
    const vectors = new Float32Array(labels.length * n);
    for (const [row, label] of labels.entries()) {
      vectors.set(
        [label + 0.8 * (random.next() - 0.5), 0.2 * (random.next() - 0.5), 0.2 * (random.next() - 0.5)],
        row * n,
      );
    }
    const { map, verdict } = judge(vectors, labels);
    expect(verdict.better).toBe(false);
    expect(verdict.after.mapAtR.value).toBeLessThanOrEqual(verdict.before.mapAtR.value);
    expect(map).toEqual(identityMap(n));
  });

  it('is judged by images of two classes, and refused with one', () => {
    const { vectors, labels } = clouds(40);
    const two = labels.map(label => (label < 2 ? label : -1));
    expect(judge(vectors, two).verdict.by).toBe('image');
    expect(() =>
      judge(
        vectors,
        labels.map(label => (label < 1 ? label : -1)),
      ),
    ).toThrow(DataError);
    // Two classes of two images: no fifth of them holds two of one class, so that nothing could be asked.
    const rows = [0, 1].flatMap(label => [labels.indexOf(label), labels.lastIndexOf(label)]);
    expect(() =>
      judge(
        vectors,
        labels.map((label, row) => (rows.includes(row) ? label : -1)),
      ),
    ).toThrow(/judge a map by/);
  });
});
