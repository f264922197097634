import * as tf from '@tensorflow/tfjs-core';
import { retrievalSteps, verification } from '../../core/evaluation';
import { rowDistance } from '../../core/distances';
import type { Metric } from '../../core/types';
import type { NetworkParts, OriginalModel } from '../network/parts';
import { answersAmong, Relations } from './data';
import type { Exchange } from './exchange';
import type { Learner } from './learner';
import { evenly, MOST_JUDGED } from './limits';
import type { EpochReport, RunState } from './state';
import { lastDense } from '../network/last-dense';
import { finish } from '../../core/steps';
import type { TrainGo, TrainOutcome, TrainProgress, TrainStart, Whitened } from './train-protocol';
import { scatterWithin, whiteningOf } from './whitening';

const MILLISECONDS_BETWEEN_REPORTS = 250;
/** Pictures that the scatter within classes is measured on; many more than it has rows. */
const MOST_SCATTERED = 8000;

export interface RunHooks {
  progress(progress: TrainProgress): void;
  epoch(report: EpochReport, state: RunState): void;
}

/** What is judged by what is held out. */
interface Judged {
  embed(rows: readonly number[]): Float32Array;
  dimension: number;
  metric: Metric;
  weights: Float32Array | undefined;
}

/** Trains a replica to the end. Every replica runs the same steps; what they decide on is the first one's word. */
export class Run {
  private readonly network: tf.Variable[];
  private readonly relations: Relations;
  private history: EpochReport[] = [];
  private best: RunState['best'] = null;
  private bestValues = new Float32Array(0);
  private started = performance.now();
  private secondsBefore = 0;
  private step = 0;
  private epoch = 0;
  private lastReport = 0;

  constructor(
    private readonly learner: Learner,
    private readonly parts: NetworkParts,
    private readonly start: TrainStart,
    private readonly go: TrainGo,
    private readonly exchange: Exchange,
    private readonly stepsPerEpoch: number,
    private readonly hooks: RunHooks,
  ) {
    const { labels, unknown } = start.data;
    this.relations = new Relations(labels, [], unknown);
    this.network = parts.network.weights.map(weight => weight.read() as tf.Variable);
    // Asked before the first step: at the end its refusal would cost the whole training.
    if (start.options.whiten) lastDense(parts.network);
    if (go.resume) this.restore(go.resume);
  }

  async toEnd(): Promise<TrainOutcome> {
    const { options } = this.start;
    let ended: TrainOutcome['ended'] = 'finished';
    if (this.epoch === 0) this.judgeStart();
    while (this.epoch < options.epochs) {
      const outcome = await this.oneEpoch();
      if (outcome) {
        ended = outcome;
        break;
      }
    }
    return this.outcome(ended);
  }

  /** What a run goes on from is the best so far until an epoch is better: a model is never handed out worse than it came. */
  private judgeStart(): void {
    const { original } = this.parts;
    const { source } = this.start;
    if (!original || !source) return;
    // As it embeds and is compared, and not the head that is new behind it.
    const { metric, normalise, weights } = source.card.embedding;
    const { run, dispose } = original.embedder();
    const { dimension } = original;
    const heldOut = this.judge({
      embed: rows => this.learner.embedRowsBy({ run, dimension, normalise }, rows),
      dimension,
      metric,
      weights: weights && Float32Array.from(weights),
    });
    dispose();
    if (!this.exchange.decide(heldOut !== undefined)) return;
    this.best = { epoch: 0, heldOut: heldOut ?? NaN };
    this.bestValues = this.values(this.bestVariables());
  }

  private async oneEpoch(): Promise<TrainOutcome['ended'] | undefined> {
    const { options } = this.start;
    const steps = this.stepsPerEpoch * options.epochs;
    const began = performance.now();
    let sum = 0;
    let pictures = 0;
    for (let i = 0; i < this.stepsPerEpoch; i++) {
      if (this.exchange.decide(this.exchange.stopRequested)) return 'cancelled';
      const report = this.learner.step(this.step, this.progress(steps), this.epoch);
      this.step++;
      sum += report.loss;
      pictures += report.pictures;
      if (!Number.isFinite(report.loss)) {
        throw new Error(`the loss became ${report.loss} in step ${this.step}: a lower learning rate may help`);
      }
      this.report(sum / (i + 1), pictures / ((performance.now() - began) / 1000), steps);
      // Lets messages in: a stop arrives through shared memory, but a worker that never yields cannot be looked into.
      if (i % 16 === 0) await new Promise(setImmediate);
    }
    this.epoch++;
    const heldOut = this.judge();
    // Whoever broke off judging did so because a stop was requested; the first replica has heard of it by now.
    if (this.exchange.decide(this.exchange.stopRequested)) return 'cancelled';
    const seconds = (performance.now() - began) / 1000;
    const report: EpochReport = {
      epoch: this.epoch,
      loss: sum / this.stepsPerEpoch,
      ...(heldOut === undefined ? {} : { heldOut }),
      seconds,
      imagesPerSecond: pictures / seconds,
    };
    this.history.push(report);
    // Only the first replica has the figure; all must keep the same epoch.
    const better = heldOut === undefined || this.best === null || heldOut > this.best.heldOut;
    if (this.exchange.decide(better) || this.best === null) {
      this.best = { epoch: this.epoch, heldOut: heldOut ?? NaN };
      this.bestValues = this.values(this.bestVariables());
    }
    if (this.exchange.replica === 0) this.hooks.epoch(report, this.state());
    const late = options.patience > 0 && heldOut !== undefined && this.epoch - this.best.epoch >= options.patience;
    const timeUp = options.maxMinutes > 0 && this.seconds() > options.maxMinutes * 60;
    if (this.exchange.decide(late)) return 'early';
    return this.exchange.decide(timeUp) ? 'time' : undefined;
  }

  /** The held-out figure, higher is better: MAP@R where there are classes, else the AUC of the answers; the first replica's word. */
  private judge(judged: Judged = this.inTraining()): number | undefined {
    const { heldOut, judge, data } = this.start;
    if (judge.by === 'nothing' || heldOut.length === 0) return undefined;
    const asked = evenly(heldOut, MOST_JUDGED);
    const rows = [...asked, ...judge.gallery];
    const vectors = judged.embed(rows);
    // What the others would find out is what the first one does.
    if (this.exchange.replica !== 0) return undefined;
    const { dimension, metric, weights } = judged;
    if (judge.by === 'classes') {
      const embedded = { vectors, dimension, metric, ...(weights ? { weights } : {}) };
      const labels = Int32Array.from(rows, i => data.labels[i]!);
      const isOpen = (a: number, b: number): boolean => this.relations.isOpen(rows[a]!, rows[b]!);
      const steps = retrievalSteps(embedded, labels, { ks: [1], queries: [...asked.keys()], isOpen });
      let step = steps.next();
      while (!step.done && !this.exchange.stopRequested) step = steps.next();
      if (!step.done || !Number.isFinite(step.value.mapAtR.value)) return undefined;
      return step.value.mapAtR.value;
    }
    const place = new Map(rows.map((row, i) => [row, i]));
    const pairs = answersAmong(data, new Set(rows));
    const between = rowDistance(metric, dimension, weights);
    const distances = pairs.map(({ a, b }) => between(vectors, place.get(a)!, vectors, place.get(b)!));
    const same = pairs.map(({ relation }) => relation === 'same');
    if (!same.includes(true) || !same.includes(false)) return undefined;
    return verification(distances, same).auc.value;
  }

  private inTraining(): Judged {
    const { learner } = this;
    return {
      embed: rows => learner.embedRows(rows),
      dimension: learner.dimension,
      metric: this.start.options.distance,
      weights: learner.metricWeights(),
    };
  }

  /**
   * The share of the run that is over: of its steps, or of its minutes where those will end first, so that the learning rate
   * has come down by then. A run that keeps ahead of its clock is the same whatever the clock said.
   */
  private progress(steps: number): number {
    const { maxMinutes } = this.start.options;
    const done = this.step / steps;
    return maxMinutes > 0 ? this.exchange.agree(Math.max(done, this.seconds() / (maxMinutes * 60))) : done;
  }

  private report(loss: number, imagesPerSecond: number, steps: number): void {
    const now = performance.now();
    if (this.exchange.replica !== 0 || now - this.lastReport < MILLISECONDS_BETWEEN_REPORTS) return;
    this.lastReport = now;
    this.hooks.progress({
      step: this.step,
      steps,
      epoch: this.epoch + 1,
      epochs: this.start.options.epochs,
      loss,
      imagesPerSecond,
      secondsLeft: (this.seconds() / this.step) * (steps - this.step),
    });
  }

  /** Whether the network began with the very distances of the model that it goes on from. */
  private beginsAs({ alike }: OriginalModel): boolean {
    const { options, source } = this.start;
    const { metric, normalise } = source!.card.embedding;
    return alike && metric === options.distance && normalise === options.normalise;
  }

  private async outcome(ended: TrainOutcome['ended']): Promise<TrainOutcome> {
    // Nothing judged yet (cancelled in the first epoch): what there is, is the best so far.
    if (this.bestValues.length > 0) this.set(this.bestVariables(), this.bestValues);
    const { original } = this.parts;
    const asItCame = this.best?.epoch === 0 && original;
    // What never got better than another network is not in what is given back: there is nothing of it to whiten.
    const ofNothing = asItCame && !this.beginsAs(original);
    const whitened = this.start.options.whiten && ended !== 'cancelled' && !ofNothing ? this.whiten() : undefined;
    const weights = this.learner.metricWeights();
    const network = {
      artifacts: await this.parts.artifacts(),
      dimension: this.learner.dimension,
      ...(weights ? { weights } : {}),
    };
    return {
      ...(asItCame && !whitened?.kept
        ? { artifacts: original.artifacts, dimension: original.dimension, unchanged: true }
        : network),
      margin: this.learner.margin,
      history: this.history,
      best: this.best,
      ...(whitened ? { whitened } : {}),
      ended,
      seconds: this.seconds(),
      steps: this.step,
    };
  }

  /** Folds a whitening into the last layer, and takes it back where the held-out figure is no better for it. */
  private whiten(): Whitened {
    const { train, data, heldOut } = this.start;
    const every = Math.ceil(train.length / MOST_SCATTERED);
    const rows = train.filter((_, i) => i % every === 0);
    const d = this.learner.dimension;
    const vectors = new Float32Array(rows.length * d);
    const room = Math.floor(this.exchange.embeddings.length / d);
    for (let at = 0; at < rows.length; at += room)
      vectors.set(this.learner.embedRows(rows.slice(at, at + room)), at * d);
    const before = this.judge();
    const scatter = finish(
      scatterWithin(
        vectors,
        d,
        Int32Array.from(rows, row => data.labels[row]!),
      ),
    );
    // A stop breaks embedding off, so that the vectors say nothing.
    if (this.exchange.decide(scatter === undefined || this.exchange.stopRequested)) return { kept: false };
    const last = lastDense(this.parts.network);
    const old = last.read();
    last.map(whiteningOf(scatter!, d));
    const after = this.judge();
    const kept = !this.exchange.decide(
      this.exchange.stopRequested || (heldOut.length > 0 && !((after ?? -1) > (before ?? Infinity))),
    );
    if (!kept) last.write(old);
    return { kept, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
  }

  private seconds(): number {
    return this.secondsBefore + (performance.now() - this.started) / 1000;
  }

  private bestVariables(): tf.Variable[] {
    const { head } = this.learner;
    return [...this.network, ...(head ? [head.weights, head.bias] : [])];
  }

  private allVariables(): tf.Variable[] {
    return [...this.bestVariables(), ...this.learner.optimiser.moments.flat()];
  }

  private state(): RunState {
    return {
      fingerprint: this.go.fingerprint,
      choices: this.go.choices,
      epoch: this.epoch,
      step: this.step,
      seconds: this.seconds(),
      history: this.history,
      best: this.best,
      values: { current: this.values(this.allVariables()), best: this.bestValues },
    };
  }

  private restore(state: RunState): void {
    this.set(this.allVariables(), state.values.current);
    this.bestValues = new Float32Array(state.values.best);
    this.history = [...state.history];
    this.best = state.best;
    this.epoch = state.epoch;
    this.step = state.step;
    this.secondsBefore = state.seconds;
  }

  private values(variables: tf.Variable[]): Float32Array<ArrayBuffer> {
    const out = new Float32Array(variables.reduce((sum, v) => sum + v.size, 0));
    let at = 0;
    for (const variable of variables) {
      out.set(variable.dataSync<'float32'>(), at);
      at += variable.size;
    }
    return out;
  }

  private set(variables: tf.Variable[], values: Float32Array): void {
    let at = 0;
    for (const variable of variables) {
      const part = values.slice(at, at + variable.size);
      tf.tidy(() => variable.assign(tf.tensor(part, variable.shape)));
      at += variable.size;
    }
  }
}
