import type { EpochPoint, FolderRef, Progress, TrainResult } from '../../rpc/engine-protocol';
import type {
  TrainCommand,
  TrainHostProtocol,
  TrainPageProtocol,
  TrainRun,
  TrainState,
} from '../../rpc/train-protocol';
import { TRAIN_COMMANDS } from '../../rpc/train-protocol';
import type { Transport } from '../../rpc/rpc';
import { Rpc } from '../../rpc/rpc';
import type { Engine } from '../engineClient';
import { explain } from '../explain';
import type { Jobs, Outcome } from '../jobs';
import { bad, record } from '../webview/checks';

/** A training as it is remembered from one window to the next. */
export interface TrainRecord {
  run: TrainRun;
  /** once it is finished */
  result?: TrainResult;
}

/** Where a training would run; undefined while that folder is not open here, `untrusted` while it is not trusted. */
export type TrainPlace = { ref: FolderRef } | 'untrusted' | undefined;

export interface TrainControllerOptions {
  engine: Engine;
  jobs: Jobs;
  place(folder: string): TrainPlace;
  /** the job's title, for a person */
  title(run: TrainRun): string;
  /** one line for a person */
  describe(progress: Progress): string;
  memory: { get(): TrainRecord | undefined; set(record: TrainRecord): void };
  /** what the page's buttons do, beside `cancel` */
  run(command: Exclude<TrainCommand, 'cancel'>, run: TrainRun | undefined): void;
}

/** The best so far is saved, and old answers are asked, before a cancelled training ends. */
const GRACE_MS = 10 * 60_000;

/** Runs trainings, one at a time, and tells the page how the last one stands. */
export class TrainController {
  readonly #options: TrainControllerOptions;
  #page: Rpc<TrainHostProtocol, TrainPageProtocol> | undefined;
  #state: TrainState | undefined;

  constructor(options: TrainControllerOptions) {
    this.#options = options;
  }

  /** A page was loaded: from now on it is the one that is told. Returns what disconnects it. */
  connect(transport: Transport): () => void {
    this.#page?.dispose('the page was loaded again');
    const page: Rpc<TrainHostProtocol, TrainPageProtocol> = new Rpc<TrainHostProtocol, TrainPageProtocol>(transport, {
      ready: () => this.state,
      command: raw => {
        const { id } = record(raw);
        if (!TRAIN_COMMANDS.includes(id as TrainCommand)) throw bad('id');
        if (id === 'cancel') this.cancel();
        else this.#options.run(id as Exclude<TrainCommand, 'cancel'>, this.last?.run);
        return null;
      },
    });
    this.#page = page;
    return () => {
      page.dispose('the page is gone');
      if (this.#page === page) this.#page = undefined;
    };
  }

  /** The last training, of this window or an earlier one. */
  get last(): TrainRecord | undefined {
    return this.#options.memory.get();
  }

  get state(): TrainState {
    return this.#withUse(this.#state ?? this.#remembered());
  }

  /** Trains. Resolves when that is over, however it ended; the page shows each step. */
  async start(run: TrainRun, ref: FolderRef): Promise<Outcome<TrainResult>> {
    const { engine, jobs, memory, describe, title } = this.#options;
    if (jobs.current) return { state: 'busy', by: jobs.current };
    memory.set({ run });
    this.#tell({ kind: 'running', run, stopping: false });
    const params = { ...ref, ...run.choice };
    const outcome = await jobs.run(title(run), (signal, report) => {
      signal.addEventListener('abort', () => {
        if (this.#state?.kind === 'running') this.#tell({ ...this.#state, stopping: true });
      });
      return engine.call('train', params, {
        signal,
        graceMs: GRACE_MS,
        onProgress: progress => {
          report(progress);
          if (this.#state?.kind !== 'running') return;
          this.#follow(run, progress);
          this.#tell({ ...this.#state, run, detail: describe(progress), progress });
        },
      });
    });
    switch (outcome.state) {
      case 'done':
        run.history = outcome.value.history;
        run.measure = outcome.value.measure;
        memory.set({ run, result: outcome.value });
        this.#tell({ kind: 'done', run, result: outcome.value, inUse: false });
        break;
      case 'cancelled':
        this.#tell({ kind: 'cancelled', run });
        break;
      case 'failed':
        this.#tell({ kind: 'failed', run, ...explain(outcome.error) });
        break;
      case 'busy':
        break;
    }
    return outcome;
  }

  cancel(): void {
    if (this.#state?.kind === 'running') this.#options.jobs.cancel();
  }

  /** The folder's model, or the trust in it, may have changed. */
  refresh(): void {
    if (this.#page) this.#page.notify('state', this.state);
  }

  /** The curve, an epoch at a time: one taken up again begins where it broke off, and what came before is kept. */
  #follow(run: TrainRun, { training }: Progress): void {
    const points = training?.history;
    if (!points || points.length === 0) return;
    const known = run.history.length;
    run.measure = training.measure;
    const merged = new Map<number, EpochPoint>([...run.history, ...points].map(point => [point.epoch, point]));
    run.history = [...merged.values()].sort((a, b) => a.epoch - b.epoch);
    if (run.history.length > known) this.#options.memory.set({ run });
  }

  #remembered(): TrainState {
    const last = this.last;
    if (!last) return { kind: 'nothing' };
    return last.result
      ? { kind: 'done', run: last.run, result: last.result, inUse: false }
      : { kind: 'interrupted', run: last.run };
  }

  #withUse(state: TrainState): TrainState {
    if (state.kind === 'nothing' || state.kind === 'untrusted') return state;
    const place = this.#options.place(state.run.folder);
    if (place === 'untrusted') return { kind: 'untrusted' };
    if (state.kind !== 'done') return state;
    return { ...state, inUse: place?.ref.settings.model === state.result.name };
  }

  #tell(state: TrainState): void {
    this.#state = state;
    this.refresh();
  }
}
