import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
// Registers the gradients.
import '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { DIFFERENT, SAME, UNKNOWN } from '../../src/model/training/data';
import { distanceMatrix, toSphere } from '../../src/model/training/distances';
import { lossOf, pairLoss, rowDistances, tripletLoss } from '../../src/model/training/losses';
import type { HeadVariables } from '../../src/model/training/losses';
import { minePairs, mineTriplets } from '../../src/model/training/mining';
import { distance } from '../../src/core/distances';
import type { Pairs, Triplets } from '../../src/model/training/mining';
import { normaliseRows } from '../../src/model/load-model';
import type { Metric } from '../../src/core/types';
import { trainable } from './support/training';
import type { Loss } from '../../src/model';
import { Random } from '../../src/model/training/random';
import cases from '../core/cases.json';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const value = (t: tf.Tensor): number => t.dataSync()[0]!;
const random = new Random(1);

function relationsOf(labels: number[]): Int8Array {
  const n = labels.length;
  return Int8Array.from({ length: n * n }, (_, k) => {
    const [i, j] = [Math.floor(k / n), k % n];
    if (i === j) return UNKNOWN;
    return labels[i] === labels[j] ? SAME : DIFFERENT;
  });
}

/** softplus^-1, so that the head's weights are what the case says. */
const head = (weights: number[], bias: number): HeadVariables => ({
  weights: tf.variable(tf.tensor1d(weights.map(w => Math.log(Math.expm1(w))))),
  bias: tf.variable(tf.tensor1d([bias])),
});

describe('losses in closed form', () => {
  it('contrastive: half the square, and half the square of what the margin lacks (Hadsell 2006)', () => {
    const d = tf.tensor1d([0.4, 0.4, 1.2]);
    const expected = [0.08, 0.18, 0];
    for (const [i, v] of pairLoss('contrastive', 1, d, 1).dataSync().entries()) expect(v).toBeCloseTo(expected[i]!, 6);
  });

  it('Hoffer-Ailon: sigmoid(D+ - D-) squared, a quarter where they are equal', () => {
    const each = tripletLoss('hoffer-ailon', 0, tf.tensor1d([1, 3]), tf.tensor1d([2, 3])).dataSync();
    expect(each[0]).toBeCloseTo(0.0723295, 6);
    expect(each[1]).toBeCloseTo(0.25, 6);
  });

  it('cross-entropy on the weighted L1, with the minus and the bias (Koch 2015)', () => {
    const koch = head([1, 2], 0);
    const d = rowDistances('weightedL1', tf.tensor2d([[0.2, 0.8]]), tf.tensor2d([[0.5, 0.1]]), koch);
    expect(value(tf.sigmoid(tf.sub(koch.bias, d)))).toBeCloseTo(0.154465, 5);
    expect(value(pairLoss('cross-entropy', 0, d, 1, koch))).toBeCloseTo(1.867786, 5);
    expect(value(pairLoss('cross-entropy', 0, d, 0, koch))).toBeCloseTo(0.167786, 5);
  });

  it('triplet hinge and soft margin', () => {
    const [p, n] = [tf.tensor1d([0.5, 0.5]), tf.tensor1d([0.6, 0.9])];
    expect([...tripletLoss('triplet', 0.2, p, n).dataSync()].map(v => Number(v.toFixed(6)))).toEqual([0.1, 0]);
    expect(tripletLoss('soft-margin', 0, p, n).dataSync()[0]).toBeCloseTo(Math.log1p(Math.exp(-0.1)), 6);
  });
});

describe('reference cases', () => {
  const matrix = (emb: number[][]): Float32Array =>
    distanceMatrix('l2', Float32Array.from(emb.flat()), emb.length, emb[0]!.length);

  it('line: batch-hard choices, and the losses over them and over all triplets', () => {
    const { emb, labels, batch_hard: expected, loss } = cases.line;
    const n = labels.length;
    const found = mineTriplets('batch-hard', matrix(emb), relationsOf(labels), n, 1, random);
    expect([...found.anchor]).toEqual(expected.a);
    expect([...found.positive]).toEqual(expected.p);
    expect(expected.n_any_of).toContainEqual([...found.negative]);
    const z = tf.tensor2d(emb);
    expect(value(lossOf('triplet', 'l2', 1, z, found))).toBeCloseTo(loss.batch_hard_m1_mean8, 5);
    const all = mineTriplets('all', matrix(emb), relationsOf(labels), n, 1, random);
    expect(all.anchor).toHaveLength(116);
    expect(value(lossOf('triplet', 'l2', 1, z, all))).toBeCloseTo(loss.batch_all_m1_mean, 5);
  });

  const line = cases.line;
  /** The triplet hinge of each triplet that is chosen from the line. */
  const hinges = (mining: 'all' | 'batch-hard' | 'semi-hard', margin: number) => {
    const { emb, labels } = line;
    const found = mineTriplets(mining, matrix(emb), relationsOf(labels), labels.length, 1, random);
    const rows = (at: Int32Array) => tf.gather(tf.tensor2d(emb), [...at]) as tf.Tensor2D;
    const [a, p, n] = [rows(found.anchor), rows(found.positive), rows(found.negative)];
    return [...tripletLoss('triplet', margin, rowDistances('l2', a, p), rowDistances('l2', a, n)).dataSync()];
  };
  const sum = (values: readonly number[]) => values.reduce((x, y) => x + y, 0);
  const meanOfNonzero = (values: readonly number[]) => sum(values) / values.filter(v => v > 1e-6).length;

  it('line: the means that other libraries take of the same terms', () => {
    // an image alone in its class is no anchor here; where it counts as one it brings a zero
    const hardest = hinges('batch-hard', 1);
    expect(hardest).toHaveLength(8);
    expect(sum(hardest) / line.labels.length).toBeCloseTo(line.loss.batch_hard_m1_ST_mean9_singleton0, 5);
    expect(meanOfNonzero(hinges('all', 1))).toBeCloseTo(line.loss.batch_all_m1_avg_nonzero, 5);
  });

  it('line: semi-hard with FaceNet’s way out, one negative for each of all positive pairs', () => {
    for (const [margin, expected] of [
      [1, line.loss.TFA_semihard_m1],
      [5, line.loss.TFA_semihard_m5],
    ] as const) {
      const terms = hinges('semi-hard', margin);
      expect(terms).toHaveLength(line.pos_pairs);
      expect(sum(terms) / terms.length).toBeCloseTo(expected, 5);
    }
  });

  it('line: all pairs of a batch, each once where the case counts it from both ends', () => {
    const { emb, labels } = line;
    const { a, same } = minePairs('all', matrix(emb), relationsOf(labels), labels.length, 1, random);
    expect(2 * same).toBe(line.pos_pairs);
    expect(2 * (a.length - same)).toBe(line.neg_pairs);
  });

  it('angles: contrastive to the first power, as a mean of what is not zero of either kind', () => {
    const at = cases.angles_unit_0_20_40_60_80;
    const pairs = minePairs('all', matrix(at.emb), relationsOf(at.labels), 5, 2, random);
    const rows = (which: Int32Array) => tf.gather(tf.tensor2d(at.emb), [...which]) as tf.Tensor2D;
    const terms = pairLoss('contrastive', 1, rowDistances('l2', rows(pairs.a), rows(pairs.b)), pairs.same);
    // ours is half the square of each term
    const first = [...terms.dataSync()].map(v => Math.sqrt(2 * v));
    // negatives at 60° are a rounding nearer than the margin of 1: in 64 bits, as the case counts, they are not zero
    const isNonzero = (_: number, k: number) =>
      k < pairs.same || distance('l2', at.emb[pairs.a[k]!]!, at.emb[pairs.b[k]!]!) < 1;
    const counted = first.map(isNonzero);
    const meanOver = (from: number, to: number) =>
      sum(first.slice(from, to)) / counted.slice(from, to).filter(Boolean).length;
    const mean = meanOver(0, pairs.same) + meanOver(pairs.same, first.length);
    expect(mean).toBeCloseTo(at.contrastive_pos0_neg1_pow1_avgnz, 5);
  });

  it('angles: hinge, Hadsell and Hoffer-Ailon', () => {
    const at = cases.angles_unit_0_20_40_60_80;
    const z = tf.tensor2d(at.emb);
    const relations = relationsOf(at.labels);
    const triplets = mineTriplets('all', matrix(at.emb), relations, 5, 2, random);
    expect(value(lossOf('triplet', 'l2', 0.2, z, triplets))).toBeCloseTo(0.05, 5);
    expect(value(lossOf('hoffer-ailon', 'l2', 0, z, triplets))).toBeCloseTo(at.hoffer_ailon_mean_sigmoid2, 5);
    const pairs = minePairs('all', matrix(at.emb), relations, 5, 2, random);
    const distances = rowDistances(
      'l2',
      tf.gather(z, [...pairs.a]) as tf.Tensor2D,
      tf.gather(z, [...pairs.b]) as tf.Tensor2D,
    );
    expect(value(tf.mean(pairLoss('contrastive', 1, distances, pairs.same)))).toBeCloseTo(
      at.hadsell_m1_mean_10pairs,
      6,
    );
  });
});

/** Distances and losses once more, in double precision: what finite differences need. */
const softplus = (v: number): number => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));
const sum = (values: number[]): number => values.reduce((total, v) => total + v, 0);
const DISTANCES: Record<Metric, (x: number[], y: number[], weights: number[]) => number> = {
  l2: (x, y) => Math.sqrt(sum(x.map((v, i) => (v - y[i]!) ** 2)) + 1e-12),
  sql2: (x, y) => sum(x.map((v, i) => (v - y[i]!) ** 2)),
  l1: (x, y) => sum(x.map((v, i) => Math.abs(v - y[i]!))),
  weightedL1: (x, y, weights) => sum(x.map((v, i) => softplus(weights[i]!) * Math.abs(v - y[i]!))),
  cosine: (x, y) => 1 - sum(x.map((v, i) => v * y[i]!)) / (Math.hypot(...x) * Math.hypot(...y)),
};
const TRIPLET_LOSSES: Partial<Record<Loss, (difference: number, margin: number) => number>> = {
  triplet: (difference, margin) => Math.max(0, difference + margin),
  'soft-margin': difference => softplus(difference),
  'hoffer-ailon': difference => (1 / (1 + Math.exp(-difference))) ** 2,
};

function doubleLoss(loss: Loss, metric: Metric, margin: number, tuples: Pairs | Triplets, z: number[][], v: number[]) {
  const between = (i: number, j: number): number => DISTANCES[metric](z[i]!, z[j]!, v);
  if (tuples.kind === 'triplets') {
    const each = [...tuples.anchor].map((a, t) => between(a, tuples.positive[t]!) - between(a, tuples.negative[t]!));
    return sum(each.map(difference => TRIPLET_LOSSES[loss]!(difference, margin))) / each.length;
  }
  const each = [...tuples.a].map((a, t) => {
    const [d, same] = [between(a, tuples.b[t]!), t < tuples.same];
    if (loss === 'contrastive') return (same ? d : Math.max(0, margin - d)) ** 2 / 2;
    // The last of what is learned is cross-entropy's bias.
    const logit = v.at(-1)! - d;
    return softplus(logit) - (same ? logit : 0);
  });
  return sum(each.slice(0, tuples.same)) / tuples.same + sum(each.slice(tuples.same)) / (each.length - tuples.same);
}

describe('gradients', () => {
  it.each(trainable())(
    'of %s on %s, normalised: %s, agree with finite differences within 1e-3',
    (loss, metric, normalise) => {
      const [n, d, margin] = [6, 4, 0.9];
      const labels = [0, 0, 1, 1, 2, 2];
      const start = Float32Array.from({ length: n * d }, () => random.between(-1, 1));
      const h = metric === 'weightedL1' ? head([0.5, 1, 2, 0.1], 0.7) : undefined;
      const learned = h ? [...h.weights.dataSync(), ...h.bias.dataSync()] : [];
      const relations = relationsOf(labels);
      const mine = loss === 'contrastive' || loss === 'cross-entropy' ? minePairs : mineTriplets;
      const tuples = mine('all', new Float32Array(n * n), relations, n, d, random);
      const z = tf.variable(tf.tensor2d(start, [n, d]));
      const variables = [z, ...(h ? [h.weights, ...(loss === 'cross-entropy' ? [h.bias] : [])] : [])];
      const { value: single, grads } = tf.variableGrads(() => {
        const rows = normalise ? normaliseRows(z as tf.Tensor2D) : (z as tf.Tensor2D);
        return lossOf(loss, metric, margin, rows, tuples, h);
      }, variables);
      const gradient = variables.flatMap(variable => [...grads[variable.name]!.dataSync()]);

      const all = [...start, ...learned];
      const at = (k: number, by: number): number => {
        const moved = all.map((v, i) => (i === k ? v + by : v));
        const rows = Array.from({ length: n }, (_, row) => moved.slice(row * d, (row + 1) * d)).map(row => {
          const length = normalise ? Math.sqrt(sum(row.map(v => v * v)) + 1e-12) : 1;
          return row.map(v => v / length);
        });
        return doubleLoss(loss, metric, margin, tuples, rows, moved.slice(n * d));
      };
      expect(value(single)).toBeCloseTo(at(0, 0), 4);
      const longest = Math.max(...gradient.map(Math.abs));
      expect(longest).toBeGreaterThan(1e-3);
      for (const [k, said] of gradient.entries()) {
        const slope = (at(k, 1e-6) - at(k, -1e-6)) / 2e-6;
        expect(Math.abs(slope - said) / longest, `number ${k}`).toBeLessThan(1e-3);
      }
    },
  );

  it('are numbers where two embeddings are equal', () => {
    for (const metric of ['l2', 'sql2', 'l1', 'cosine'] as const) {
      const z = tf.tensor2d([
        [1, 2],
        [1, 2],
        [0, 0],
        [0, 0],
      ]);
      const f = (x: tf.Tensor): tf.Tensor =>
        tf.sum(
          rowDistances(
            metric,
            tf.slice2d(x as tf.Tensor2D, [0, 0], [2, 2]),
            tf.slice2d(x as tf.Tensor2D, [2, 0], [2, 2]),
          ),
        );
      expect([...tf.grad(f)(z).dataSync()].every(Number.isFinite), metric).toBe(true);
      const same = (x: tf.Tensor): tf.Tensor => tf.sum(rowDistances(metric, x as tf.Tensor2D, x as tf.Tensor2D));
      expect([...tf.grad(same)(z).dataSync()].every(Number.isFinite), metric).toBe(true);
    }
  });
});

describe('online mining', () => {
  const labels = [0, 0, 0, 1, 1, 2, 2, 2];
  const z = Float32Array.from({ length: 8 * 4 }, () => random.between(-1, 1));
  for (let i = 0; i < 8; i++) {
    const row = z.subarray(i * 4, i * 4 + 4);
    const length = Math.hypot(...row);
    for (let k = 0; k < 4; k++) row[k]! /= length;
  }
  const distances = distanceMatrix('l2', z, 8, 4);
  const relations = relationsOf(labels);

  it('semi-hard takes the nearest negative beyond the positive', () => {
    const { anchor, positive, negative } = mineTriplets('semi-hard', distances, relations, 8, 4, random);
    expect(anchor.length).toBe(6 + 2 + 6);
    for (const [i, a] of anchor.entries()) {
      const dp = distances[a * 8 + positive[i]!]!;
      const dn = distances[a * 8 + negative[i]!]!;
      const beyond = labels.flatMap((label, j) =>
        label !== labels[a] && distances[a * 8 + j]! > dp ? [distances[a * 8 + j]!] : [],
      );
      if (beyond.length > 0) expect(dn).toBe(Math.min(...beyond));
      expect(labels[negative[i]!]).not.toBe(labels[a]);
      expect(labels[positive[i]!]).toBe(labels[a]);
    }
  });

  it('distance-weighted draws every kind of negative, near ones not only', () => {
    const drawn = new Set<string>();
    for (let k = 0; k < 300; k++) {
      const { anchor, negative } = mineTriplets('distance-weighted', distances, relations, 8, 4, random);
      for (const [i, a] of anchor.entries()) drawn.add(`${a} ${negative[i]}`);
    }
    expect(drawn.size).toBeGreaterThan(30);
  });

  it('draws by distance on the sphere whichever of its distances is chosen', () => {
    for (const metric of ['sql2', 'cosine', 'l2'] as const) {
      const converted = distanceMatrix(metric, z, 8, 4);
      toSphere(metric, converted);
      for (const [i, d] of distances.entries()) expect(converted[i], metric).toBeCloseTo(d, 5);
    }
  });

  it('leaves out what is not known', () => {
    const known = new Int8Array(16).fill(UNKNOWN);
    known[0 * 4 + 1] = known[1 * 4 + 0] = SAME;
    known[2 * 4 + 3] = known[3 * 4 + 2] = DIFFERENT;
    const pairs = minePairs('batch-hard', new Float32Array(16), known, 4, 2, random);
    expect([[...pairs.a], [...pairs.b], pairs.same]).toEqual([[0, 2], [1, 3], 1]);
    expect(mineTriplets('all', new Float32Array(16), known, 4, 2, random).anchor).toHaveLength(0);
  });
});
