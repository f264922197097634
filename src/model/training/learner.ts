import * as tf from '@tensorflow/tfjs-core';
import type { ModelEmbedding, ModelInput } from '../card';
import { normaliseRows } from '../load-model';
import { foldNetwork } from '../network/embed-forward';
import type { NetworkParts } from '../network/parts';
import { planOf } from '../network/plan';
import type { Plan } from '../network/plan';
import { parameters, trainForward, updateMovingMoments } from '../network/train-forward';
import type { SeenMoments } from '../network/train-forward';
import { augmentInto, plainInto } from './augment';
import { DIFFERENT, SAME } from './data';
import type { TrainingData } from './data';
import { distanceMatrix, toSphere } from './distances';
import type { Exchange } from './exchange';
import { lossOf, takesPairs } from './losses';
import type { HeadVariables } from './losses';
import { minePairs, mineTriplets } from './mining';
import { Optimiser } from './optimiser';
import type { Parameter } from './optimiser';
import type { TrainOptions } from './options';
import { Random } from './random';
import type { Sampler } from './sampler';

/** What one step showed. */
export interface StepReport {
  loss: number;
  /** pairs or triplets that the loss was taken over */
  tuples: number;
  pictures: number;
}

/** What turns pictures, scaled as the network is fed them, into vectors. */
export interface RowEmbedder {
  run(x: tf.Tensor): tf.Tensor;
  dimension: number;
  normalise: boolean;
}

/**
 * One replica of the network in training: it runs its part of each batch, all replicas exchange embeddings, each takes the
 * loss over the whole batch with gradients for its own part, gradients are summed, and every replica makes the same step.
 * Both twins, or all three of a triplet, are rows of one batch through one network: there is one set of weights.
 */
export class Learner {
  readonly optimiser: Optimiser;
  readonly head: HeadVariables | undefined;
  /** of the loss, where it has one */
  readonly margin: number;
  private readonly plan: Plan;

  constructor(
    private readonly parts: NetworkParts,
    private readonly data: TrainingData,
    private readonly input: ModelInput,
    private readonly options: TrainOptions,
    private readonly sampler: Sampler,
    private exchange: Exchange,
    from?: ModelEmbedding,
  ) {
    this.plan = planOf(parts.network);
    this.head = options.distance === 'weightedL1' ? newHead(this.dimension, from?.weights) : undefined;
    this.optimiser = new Optimiser(this.parameters(), options);
    this.margin = options.margin === 'auto' ? this.fittedMargin() : options.margin;
    if (this.head && options.loss === 'cross-entropy')
      this.fitHead(this.head, from?.weights?.length === this.dimension);
  }

  private fittedMargin(): number {
    const { loss } = this.options;
    if (loss !== 'contrastive' && loss !== 'triplet') return 0;
    return AUTO_MARGIN[loss] * this.typicalDistance();
  }

  /** Where cross-entropy's sigmoid neither saturates nor tells nothing apart, whatever the scale of the embeddings. */
  private fitHead({ weights, bias }: HeadVariables, learned: boolean): void {
    // Sigmoid units have the same scale whatever is fed, and Koch's network begins as it always did.
    if (this.options.backbone === 'koch') return;
    const typical = this.typicalDistance();
    const factor = learned ? 1 : CROSS_ENTROPY_SCALE / typical;
    weights.assign(tf.tensor1d(beforeSoftplus(this.metricWeights()!.map(w => w * factor))));
    bias.assign(tf.tensor1d([TOSS_UP * factor * typical]));
  }

  /**
   * Mean distance of different pictures in the first batch, as the network begins. Every replica finds the same, and a run that
   * is taken up again as well.
   */
  private typicalDistance(): number {
    const batch = this.sampler.draw(0);
    const n = batch.rows.length;
    const seen: SeenMoments[] = [];
    const vectors = tf.tidy(() => {
      const x = this.trunk(this.pictures(batch.rows, batch.turns, 0, 0));
      return this.embedding(trainForward(this.plan, x, seen)).dataSync<'float32'>();
    });
    for (const { mean, variance } of seen) tf.dispose([mean, variance]);
    const { distance } = this.options;
    const distances = distanceMatrix(distance, vectors, n, this.dimension, this.metricWeights());
    const relations = this.sampler.relationMatrix(batch);
    const of = (relation: number): number => {
      const found = distances.filter((_, at) => relations[at] === relation);
      return found.reduce((sum, d) => sum + d, 0) / found.length;
    };
    // Pairs that were answered the same may be all that a batch has.
    return of(DIFFERENT) || of(SAME) || 1;
  }

  /** This learner as one of those that share `exchange`; before the first step only. */
  joined(exchange: Exchange): this {
    this.exchange = exchange;
    return this;
  }

  get dimension(): number {
    return this.parts.network.outputs[0]!.shape[1]!;
  }

  /** All that is trained, network first. */
  parameters(): Parameter[] {
    const own = this.parts.network.trainableWeights.map(weight => {
      const variable = weight.read() as tf.Variable;
      return { variable, decays: variable.rank > 1 ? 'weight' : 'nothing', head: false } as const;
    });
    if (!this.head) return own;
    const weights = { variable: this.head.weights, head: true } as const;
    // Koch's penalty is of all weights, those of the distance too. Of other losses it would only take the scale away that
    // they give the distance.
    if (this.options.loss !== 'cross-entropy') return [...own, { ...weights, decays: 'nothing' }];
    return [...own, { ...weights, decays: 'softplus' }, { variable: this.head.bias, decays: 'nothing', head: true }];
  }

  /** Numbers that a replica has to say after a step: every gradient. */
  static gradientSize(parameters: readonly Parameter[]): number {
    return parameters.reduce((sum, { variable }) => sum + variable.size, 0);
  }

  /** One step of training. */
  step(step: number, progress: number, epoch: number): StepReport {
    const batch = this.sampler.draw(step);
    const { replica, replicas } = this.exchange;
    const n = batch.rows.length;
    const [from, to] = [Math.floor((n * replica) / replicas), Math.floor((n * (replica + 1)) / replicas)];
    const x = this.trunk(this.pictures(batch.rows.subarray(from, to), batch.turns.subarray(from, to), step, from));
    const seen: SeenMoments[] = [];
    const learned = this.optimiser.parameters.map(({ variable }) => variable);
    let tuples = 0;
    const { value, grads } = tf.variableGrads(() => {
      const own = this.embedding(trainForward(this.plan, x, seen));
      const all = this.gather(own, from, n);
      const chosen = this.choose(all, batch, n, step);
      tuples = chosen.kind === 'pairs' ? chosen.a.length : chosen.anchor.length;
      if (tuples === 0) return tf.sum(tf.mul(own, 0)) as tf.Scalar;
      const z = this.whole(own, all, from, to, n);
      return lossOf(this.options.loss, this.options.distance, this.margin, z, chosen, this.head);
    }, learned);
    const loss = value.dataSync()[0]!;
    const gradients = this.summed(learned.map(variable => grads[variable.name]!));
    if (tuples > 0) this.optimiser.apply(gradients, step, progress, epoch);
    updateMovingMoments(seen, 0.9);
    tf.dispose([value, grads, gradients, x]);
    return { loss, tuples, pictures: n };
  }

  /**
   * Embeddings of rows as they are, in inference mode; each replica does its part and all come back with the whole. The
   * moving moments are averaged over the replicas first. When a stop is requested meanwhile, the rest is left as it was.
   */
  embedRows(rows: readonly number[]): Float32Array {
    this.averageMoments();
    const folded = foldNetwork(this.plan);
    const { trunk } = this.parts;
    const run = (x: tf.Tensor): tf.Tensor => folded.run(trunk ? trunk.run(x) : x);
    const all = this.embedRowsBy({ run, dimension: this.dimension, normalise: this.options.normalise }, rows);
    folded.dispose();
    return all;
  }

  /** The same by another network than the one in training. */
  embedRowsBy({ run, dimension: d, normalise }: RowEmbedder, rows: readonly number[]): Float32Array {
    const { replica, replicas } = this.exchange;
    const [from, to] = [
      Math.floor((rows.length * replica) / replicas),
      Math.floor((rows.length * (replica + 1)) / replicas),
    ];
    const step = 64;
    for (let at = from; at < to && !this.exchange.stopRequested; at += step) {
      const part = rows.slice(at, Math.min(at + step, to));
      const vectors = tf.tidy(() => {
        const { width, height, channels } = this.input;
        const values = new Float32Array(part.length * width * height * channels);
        for (const [i, row] of part.entries()) this.plain(values, i, row);
        const pictures = tf.tensor4d(values, [part.length, height, width, channels]);
        const vectors = run(pictures) as tf.Tensor2D;
        return (normalise ? normaliseRows(vectors) : vectors).dataSync<'float32'>();
      });
      this.exchange.embeddings.set(vectors, at * d);
    }
    this.exchange.meet();
    const all = this.exchange.embeddings.slice(0, rows.length * d);
    this.exchange.meet();
    return all;
  }

  /** The weights of the weighted L1 as the miner uses them. */
  metricWeights(): Float32Array | undefined {
    return this.head && tf.tidy(() => tf.softplus(this.head!.weights).dataSync<'float32'>());
  }

  private pictures(rows: Int32Array, turns: Uint8Array, step: number, from: number): tf.Tensor4D {
    const { width, height, channels } = this.input;
    const size = width * height * channels;
    const values = new Float32Array(rows.length * size);
    for (const [i, row] of rows.entries()) {
      const random = new Random(this.options.seed, 0xa06, step, from + i);
      augmentInto(
        values,
        i * size,
        this.data.pixels,
        row * size,
        this.input,
        this.options.augmentation,
        turns[i]!,
        random,
      );
    }
    return tf.tensor4d(values, [rows.length, height, width, channels]);
  }

  /** Through the frozen part, where there is one. */
  private trunk(x: tf.Tensor): tf.Tensor {
    const { trunk } = this.parts;
    if (!trunk) return x;
    const features = tf.tidy(() => trunk.run(x));
    x.dispose();
    return features;
  }

  private plain(values: Float32Array, place: number, row: number): void {
    const size = this.input.width * this.input.height * this.input.channels;
    plainInto(values, place * size, this.data.pixels, row * size, this.input);
  }

  private embedding(output: tf.Tensor): tf.Tensor2D {
    const rows = output as tf.Tensor2D;
    return this.options.normalise ? normaliseRows(rows) : rows;
  }

  private gather(own: tf.Tensor2D, from: number, n: number): Float32Array {
    const d = this.dimension;
    if (this.exchange.replicas === 1) return own.dataSync<'float32'>();
    this.exchange.embeddings.set(own.dataSync<'float32'>(), from * d);
    this.exchange.meet();
    return this.exchange.embeddings.slice(0, n * d);
  }

  private choose(all: Float32Array, batch: ReturnType<Sampler['draw']>, n: number, step: number) {
    const { mining, distance, loss } = this.options;
    const relations = this.sampler.relationMatrix(batch);
    const needed = mining !== 'all';
    const distances = needed
      ? distanceMatrix(distance, all, n, this.dimension, this.metricWeights())
      : new Float32Array(0);
    if (mining === 'distance-weighted') toSphere(distance, distances);
    const random = new Random(this.options.seed, 0x313e, step);
    return (takesPairs(loss) ? minePairs : mineTriplets)(mining, distances, relations, n, this.dimension, random);
  }

  /** The batch's embeddings: this replica's on the tape, the others' as numbers. */
  private whole(own: tf.Tensor2D, all: Float32Array, from: number, to: number, n: number): tf.Tensor2D {
    if (this.exchange.replicas === 1) return own;
    const d = this.dimension;
    const part = (a: number, b: number): tf.Tensor2D[] =>
      b > a ? [tf.tensor2d(all.slice(a * d, b * d), [b - a, d])] : [];
    return tf.concat([...part(0, from), own, ...part(to, n)]);
  }

  /**
   * Sums gradients over replicas. What the head learns is computed whole by each of them, so the first alone counts there.
   */
  private summed(gradients: tf.Tensor[]): tf.Tensor[] {
    if (this.exchange.replicas === 1) return gradients;
    const own = this.exchange.own();
    let at = 0;
    for (const [i, gradient] of gradients.entries()) {
      const silent = this.optimiser.parameters[i]!.head && this.exchange.replica !== 0;
      if (silent) own.fill(0, at, at + gradient.size);
      else own.set(gradient.dataSync<'float32'>(), at);
      at += gradient.size;
    }
    this.exchange.meet();
    at = 0;
    const sums = gradients.map(gradient => {
      const sum = new Float32Array(gradient.size);
      this.exchange.sum(sum, at);
      at += gradient.size;
      return tf.tensor(sum, gradient.shape);
    });
    tf.dispose(gradients);
    this.exchange.meet();
    return sums;
  }

  private averageMoments(): void {
    if (this.exchange.replicas === 1) return;
    const moving = this.plan.steps
      .filter(step => step.kind === 'BatchNormalization')
      .flatMap(step => {
        const { movingMean, movingVariance } = parameters(step);
        return [movingMean, movingVariance];
      });
    const own = this.exchange.own();
    let at = 0;
    for (const variable of moving) {
      own.set(variable.dataSync<'float32'>(), at);
      at += variable.size;
    }
    this.exchange.meet();
    at = 0;
    for (const variable of moving) {
      const sum = new Float32Array(variable.size);
      this.exchange.sum(sum, at);
      at += variable.size;
      for (let i = 0; i < sum.length; i++) sum[i]! /= this.exchange.replicas;
      tf.tidy(() => variable.assign(tf.tensor(sum, variable.shape)));
    }
    this.exchange.meet();
  }
}

/** A margin in units of the distance that is usual between different pictures at first. */
const AUTO_MARGIN = { contrastive: 1.2, triplet: 0.2 };
/** The usual distance that cross-entropy begins with, and the share of it at which same and different are a toss-up. */
const CROSS_ENTROPY_SCALE = 8;
const TOSS_UP = 0.75;

/** Weights that add up to 4 at first, or those that a model had learned before; and a bias that is a distance of 1. */
function newHead(dimension: number, learned?: readonly number[]): HeadVariables {
  const start = learned?.length === dimension ? learned : new Array<number>(dimension).fill(4 / dimension);
  return {
    weights: tf.variable(tf.tensor1d(beforeSoftplus(start)), true),
    bias: tf.variable(tf.tensor1d([1]), true) as tf.Variable<tf.Rank.R1>,
  };
}

/** softplus^-1; a weight of 0 has none, and one so small weighs as little. */
function beforeSoftplus(weights: ArrayLike<number>): Float32Array {
  return Float32Array.from(weights, w => Math.max(w, 1e-8) + Math.log(-Math.expm1(-Math.max(w, 1e-8))));
}
