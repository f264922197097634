import * as tf from '@tensorflow/tfjs-core';
import type { Metric } from '../../core/types';
import type { Pairs, Triplets } from './mining';
import type { Loss } from './options';

/** Under every root: without it two equal embeddings give a gradient that is not a number. */
export const ROOT_EPSILON = 1e-12;

/** What is learned beside the network: the weights of the weighted L1 before softplus, and cross-entropy's bias. */
export interface HeadVariables {
  weights: tf.Variable<tf.Rank.R1>;
  bias: tf.Variable<tf.Rank.R1>;
}

/**
 * Distances between rows of x and of y, one a row.
 * l2 sqrt(sum (x-y)^2), sql2 its square, l1 sum |x-y|, weightedL1 sum softplus(v_j) |x_j-y_j|, cosine 1 - cos(x, y).
 */
export function rowDistances(metric: Metric, x: tf.Tensor2D, y: tf.Tensor2D, head?: HeadVariables): tf.Tensor1D {
  switch (metric) {
    case 'sql2':
      return tf.sum(tf.square(tf.sub(x, y)), 1);
    case 'l2':
      return tf.sqrt(tf.add(tf.sum(tf.square(tf.sub(x, y)), 1), ROOT_EPSILON));
    case 'l1':
      return tf.sum(tf.abs(tf.sub(x, y)), 1);
    case 'weightedL1':
      return tf.sum(tf.mul(tf.abs(tf.sub(x, y)), tf.softplus(head!.weights)), 1);
    case 'cosine': {
      const length = (v: tf.Tensor2D): tf.Tensor => tf.sqrt(tf.add(tf.sum(tf.square(v), 1), ROOT_EPSILON));
      return tf.sub(1, tf.div(tf.sum(tf.mul(x, y), 1), tf.mul(length(x), length(y))));
    }
  }
}

/**
 * The loss of chosen pairs or triplets of a batch of embeddings z [n, d]; a mean.
 * Pairs: each kind is averaged by itself and the two means are added, so that many negatives do not drown few positives.
 */
export function lossOf(
  loss: Loss,
  metric: Metric,
  margin: number,
  z: tf.Tensor2D,
  tuples: Pairs | Triplets,
  head?: HeadVariables,
): tf.Scalar {
  if (tuples.kind === 'pairs') {
    const d = rowDistances(metric, rows(z, tuples.a), rows(z, tuples.b), head);
    const n = tuples.a.length - tuples.same;
    const each = pairLoss(loss, margin, d, tuples.same, head);
    return tf.add(partMean(each, 0, tuples.same), partMean(each, tuples.same, n)) as tf.Scalar;
  }
  const positive: tf.Tensor1D = rowDistances(metric, rows(z, tuples.anchor), rows(z, tuples.positive), head);
  const negative = rowDistances(metric, rows(z, tuples.anchor), rows(z, tuples.negative), head);
  return tf.mean(tripletLoss(loss, margin, positive, negative)) as tf.Scalar;
}

/** Loss of each pair; the first `same` of them are of the same class. */
export function pairLoss(loss: Loss, margin: number, d: tf.Tensor1D, same: number, head?: HeadVariables): tf.Tensor1D {
  const y = tf.tensor1d(Float32Array.from({ length: d.shape[0] }, (_, i) => (i < same ? 1 : 0)));
  if (loss === 'contrastive') {
    // Hadsell, Chopra & LeCun 2006: 1/2 D^2 where same, 1/2 max(0, m - D)^2 where different.
    const apart = tf.square(tf.relu(tf.sub(margin, d)));
    return tf.mul<tf.Tensor1D>(0.5, tf.add(tf.mul(y, tf.square(d)), tf.mul(tf.sub(1, y), apart)));
  }
  if (loss === 'cross-entropy') {
    // Koch 2015, with the minus and the bias that the printed formula lacks: p = sigmoid(b - sum w_j |x_j - y_j|).
    const logit: tf.Tensor1D = tf.sub(head!.bias, d);
    return tf.sub(tf.softplus(logit), tf.mul(logit, y));
  }
  throw new Error(`${loss} is no loss of pairs`);
}

/** Loss of each triplet, from its two distances. */
export function tripletLoss(loss: Loss, margin: number, positive: tf.Tensor1D, negative: tf.Tensor1D): tf.Tensor1D {
  const difference: tf.Tensor1D = tf.sub(positive, negative);
  if (loss === 'triplet') return tf.relu<tf.Tensor1D>(tf.add(difference, margin));
  if (loss === 'soft-margin') return tf.softplus<tf.Tensor1D>(difference);
  if (loss === 'hoffer-ailon') return tf.square<tf.Tensor1D>(tf.sigmoid(difference));
  throw new Error(`${loss} is no loss of triplets`);
}

export function takesPairs(loss: Loss): boolean {
  return loss === 'contrastive' || loss === 'cross-entropy';
}

function rows(z: tf.Tensor2D, indices: Int32Array): tf.Tensor2D {
  return tf.gather(z, tf.tensor1d(indices, 'int32'));
}

function partMean(x: tf.Tensor1D, from: number, count: number): tf.Tensor {
  return count === 0 ? tf.scalar(0) : tf.mean(tf.slice(x, from, count));
}
