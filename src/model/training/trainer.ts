import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { BackendOptions, LoadedBackend } from '../backend/choice';
import type { ModelCard, ModelInput } from '../card';
import type { ModelSource } from '../source';
import { ModelError } from '../source';
import type { TrainingData } from './data';
import { checkData, checkLeft, DataError, tripletsAmong } from './data';
import { requestStop, share } from './exchange';
import type { Shared } from './exchange';
import type { TrainOptions } from './options';
import { checkOptions, OptionsError } from './options';
import { evenly, MOST_JUDGED } from './limits';
import type { HeldOutSplit } from './split';
import { splitHeldOut } from './split';
import type { EpochReport } from './state';
import { readCheckpoint, writeCheckpoint } from './state';
import type { TrainGo, TrainOutcome, TrainProgress, TrainReply, TrainStart } from './train-protocol';

export interface TrainEnvironment {
  backend: BackendOptions;
  /** the bundled worker, `dist/train-worker.cjs` */
  workerFile: string;
  /** the network to start from, of backbone `own` */
  source?: ModelSource;
  signal?: AbortSignal;
  onProgress?: (progress: TrainProgress) => void;
  /** before the first step: what a checkpoint says, and the epochs of it that this run goes on from */
  onStart?: (start: { resumedFrom: number; otherData?: number }, history: readonly EpochReport[]) => void;
  onEpoch?: (report: EpochReport) => void;
  /** where checkpoints go; a run that was broken off goes on from there */
  checkpointDir?: string;
}

export interface TrainResult extends TrainOutcome {
  backend: LoadedBackend;
  split: HeldOutSplit;
  parameters: number;
  /** mined triplets that were learned from: none with a held-out image; absent where there are none to use */
  triplets?: number;
  /** epochs that a checkpoint had already done */
  resumedFrom: number;
  /** epochs that the same choices had done on other data, and that this run began anew instead of */
  otherData?: number;
  /** card.json of the trained model, without what its evaluation adds */
  card: ModelCard;
}

/**
 * Trains a siamese network. Cancelling (`signal`) keeps the best so far and still resolves, with `ended: 'cancelled'`.
 * @param input what the network is fed; `data.pixels` must have its size
 * @throws OptionsError or DataError before anything starts, where the choices or the data cannot train
 */
export async function train(
  options: TrainOptions,
  input: ModelInput,
  data: TrainingData,
  environment: TrainEnvironment,
): Promise<TrainResult> {
  checkOptions(options);
  checkData(data, input);
  const split = splitHeldOut(data, options.heldOut, options.seed);
  checkLeft(data, split.train);
  const shared = { ...data, pixels: onSharedMemory(data.pixels) };
  const session = new Session(options, input, shared, split, environment);
  try {
    return await session.run();
  } finally {
    await session.end();
  }
}

class Session {
  private workers: Worker[] = [];
  private shared: Shared | undefined;
  private fail!: (error: Error) => void;
  private readonly failure = new Promise<never>((_, reject) => (this.fail = reject));
  private writing: Promise<void> = Promise.resolve();
  private ending = false;
  /** what held-out pictures are found among beside each other, in training */
  private readonly gallery: number[];

  constructor(
    private readonly options: TrainOptions,
    private readonly input: ModelInput,
    private readonly data: TrainingData,
    private readonly split: HeldOutSplit,
    private readonly environment: TrainEnvironment,
  ) {
    const room = MOST_JUDGED - Math.min(split.heldOut.length, MOST_JUDGED);
    this.gallery =
      split.among === 'all'
        ? evenly(
            split.train.filter(i => data.labels[i]! >= 0),
            Math.max(room, 500),
          )
        : [];
    // Whoever waits hears of it; nobody waiting is no reason to end the process.
    this.failure.catch(() => undefined);
  }

  async run(): Promise<TrainResult> {
    const { signal, checkpointDir } = this.environment;
    signal?.throwIfAborted();
    const first = await this.start(0);
    const replicas = first.backend.name === 'wasm' ? this.options.threads : 1;
    await Promise.all(Array.from({ length: replicas - 1 }, (_, i) => this.start(i + 1)));
    const judged = Math.min(this.split.heldOut.length, MOST_JUDGED) + this.gallery.length;
    const batch = this.options.classesPerBatch * this.options.imagesPerClass;
    this.shared = share(replicas, Math.max(judged, batch) * first.dimension, first.gradientSize);
    const names = { fingerprint: this.fingerprint(replicas), choices: this.choices(replicas) };
    const { state: resume, otherData } = checkpointDir === undefined ? {} : await readCheckpoint(checkpointDir, names);
    const began = { resumedFrom: resume?.epoch ?? 0, ...(otherData === undefined ? {} : { otherData }) };
    this.environment.onStart?.(began, resume?.history ?? []);
    const stop = (): void => requestStop(this.shared!);
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted) stop();
    try {
      const done = this.next('done');
      const go: TrainGo = { shared: this.shared, ...names, ...(resume ? { resume } : {}) };
      for (const worker of this.workers) worker.postMessage(go);
      const { outcome } = await done;
      await this.writing;
      return {
        ...outcome,
        backend: first.backend,
        split: this.split,
        parameters: first.parameters,
        ...this.triplets,
        ...began,
        card: this.card(outcome, first.backend),
      };
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  async end(): Promise<void> {
    this.ending = true;
    await Promise.all(this.workers.map(worker => worker.terminate()));
  }

  private async start(replica: number): Promise<Extract<TrainReply, { kind: 'ready' }>> {
    const { backend, source, workerFile } = this.environment;
    const start: TrainStart = {
      replica,
      options: this.options,
      input: this.input,
      data: this.data,
      train: this.split.train,
      heldOut: this.split.heldOut,
      judge: { by: this.split.judgedBy, gallery: this.gallery },
      backend,
      ...(source ? { source } : {}),
    };
    const worker = new Worker(workerFile, { workerData: start });
    this.workers[replica] = worker;
    worker.on('error', error => this.fail(error));
    worker.on('exit', code => {
      // The others would wait for it for ever; `end` terminates them.
      if (!this.ending && code !== 0) this.fail(new Error(`a training worker ended unexpectedly (exit code ${code})`));
    });
    worker.on('message', (message: TrainReply) => this.hear(message));
    return this.next('ready', worker);
  }

  private next<K extends TrainReply['kind']>(
    kind: K,
    from = this.workers[0]!,
  ): Promise<Extract<TrainReply, { kind: K }>> {
    const arrived = new Promise<Extract<TrainReply, { kind: K }>>(resolve => {
      const listen = (message: TrainReply): void => {
        if (message.kind !== kind) return;
        from.off('message', listen);
        resolve(message as Extract<TrainReply, { kind: K }>);
      };
      from.on('message', listen);
    });
    return Promise.race([arrived, this.failure]);
  }

  private hear(message: TrainReply): void {
    const { onProgress, onEpoch, checkpointDir } = this.environment;
    if (message.kind === 'progress') onProgress?.(message.progress);
    if (message.kind === 'failed') this.fail(revive(message.name, message.message));
    if (message.kind !== 'epoch') return;
    onEpoch?.(message.report);
    if (checkpointDir === undefined) return;
    // A full disk must not end a training that is otherwise well: the next epoch tries again.
    this.writing = this.writing.then(() => writeCheckpoint(checkpointDir, message.state)).catch(() => undefined);
  }

  /** What bounds a run or follows it leaves its steps as they are, and is no part of what was chosen of them. */
  private get stepOptions(): Omit<TrainOptions, 'whiten'> {
    const { whiten: _whiten, ...options } = { ...this.options, maxMinutes: 0 };
    void _whiten;
    return options;
  }

  /** What makes a run that is no data: only where all of it is alike have the data changed. */
  private choices(replicas: number): string {
    const { source } = this.environment;
    const { classNames, answers, triplets, drawClasses = true } = this.data;
    // What is not learned from is not there at all; what is may be empty yet.
    const use = [classNames !== undefined, answers !== undefined, triplets !== undefined, drawClasses];
    return createHash('sha256')
      .update(JSON.stringify([2, this.stepOptions, this.input, replicas, use, source?.key, source?.card.embedding]))
      .digest('hex');
  }

  /** A checkpoint of other options, data or replicas is another run's. */
  private fingerprint(replicas: number): string {
    const { labels, answers, unknown, excluded, triplets, drawClasses, count } = this.data;
    const options = this.stepOptions;
    return createHash('sha256')
      .update(
        JSON.stringify([
          4,
          options,
          this.input,
          replicas,
          count,
          answers ?? [],
          excluded ?? [],
          unknown ?? [],
          drawClasses ?? true,
          this.split.heldOut,
          this.environment.source?.key,
          this.environment.source?.card.embedding,
        ]),
      )
      .update(labels)
      .update(triplets ?? new Int32Array(0))
      .update(this.data.pixels)
      .digest('hex');
  }

  /** How what was trained is compared. */
  private compared({ weights, margin }: TrainOutcome): ModelCard['embedding'] {
    const { normalise, distance: metric, loss } = this.options;
    return {
      normalise,
      metric,
      ...(weights ? { weights: [...weights] } : {}),
      ...(loss === 'contrastive' || loss === 'triplet' ? { margin } : {}),
    };
  }

  private get triplets(): { triplets?: number } {
    return this.data.triplets ? { triplets: tripletsAmong(this.data, new Set(this.split.train)).length } : {};
  }

  private card(outcome: TrainOutcome, backend: LoadedBackend): ModelCard {
    const { options, split } = this;
    const { source } = this.environment;
    const classes = new Set(split.train.map(i => this.data.labels[i]!).filter(label => label >= 0));
    const named = [...classes].map(label => this.data.classNames?.[label]).filter(name => name !== undefined);
    return {
      version: 1,
      name: 'trained',
      input: this.input,
      ...(outcome.artifacts.output === undefined ? {} : { output: outcome.artifacts.output }),
      embedding: {
        dimension: outcome.dimension,
        ...(outcome.unchanged && this.environment.source
          ? this.environment.source.card.embedding
          : this.compared(outcome)),
      },
      training: {
        options,
        backend: backend.name,
        images: split.train.length,
        classes: classes.size,
        classNames: named.slice(0, 100),
        answers: this.data.answers?.length ?? 0,
        ...this.triplets,
        heldOut: {
          images: split.heldOut.length,
          by: split.by,
          judgedBy: split.judgedBy,
          ...(split.among === 'all' ? { among: split.among } : {}),
          ...(split.why === undefined ? {} : { why: split.why }),
        },
        ...(source ? { from: source.id, fromKey: source.key } : {}),
        seconds: Math.round(outcome.seconds),
        steps: outcome.steps,
        ended: outcome.ended,
        best: outcome.best,
        ...(outcome.whitened && { whitened: outcome.whitened }),
        history: outcome.history.map(({ epoch, loss, heldOut }) => ({ epoch, loss, heldOut })),
      },
    };
  }
}

function onSharedMemory(pixels: Uint8Array): Uint8Array {
  if (pixels.buffer instanceof SharedArrayBuffer) return pixels;
  const shared = new Uint8Array(new SharedArrayBuffer(pixels.length));
  shared.set(pixels);
  return shared;
}

function revive(name: string, message: string): Error {
  if (name === 'OptionsError' || name === 'RangeError') return new OptionsError(message);
  if (name === 'DataError') return new DataError(message);
  if (name === 'ModelError') return new ModelError(message);
  return new Error(message);
}
