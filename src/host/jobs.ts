import type { Progress } from '../rpc/engine-protocol';
import { isCancelled } from '../rpc/rpc';
import { Listeners } from './listeners';

/** A long piece of work that a person started. */
export interface Job {
  /** in words, such as `Mine Hard Triplets` */
  readonly what: string;
  readonly progress: Progress | undefined;
}

export type Outcome<T> =
  { state: 'done'; value: T } | { state: 'cancelled' } | { state: 'failed'; error: Error } | { state: 'busy'; by: Job };

interface Current extends Job {
  progress: Progress | undefined;
  controller: AbortController;
}

/** Progress reaches listeners at most this often: a page has no use for more. */
const REPORT_EVERY_MS = 100;

/** Runs one job at a time, tells listeners how far it is, and cancels it. */
export class Jobs {
  readonly #changed = new Listeners<Job | undefined>();
  #current: Current | undefined;

  get current(): Job | undefined {
    return this.#current;
  }

  /** A job began, went on or ended. Returns a function that stops listening. */
  onChanged(listener: (job: Job | undefined) => void): () => void {
    return this.#changed.on(listener);
  }

  /** Never rejects: a failure is an outcome. Answers `busy` while another job runs. */
  async run<T>(
    what: string,
    work: (signal: AbortSignal, report: (progress: Progress) => void) => Promise<T>,
  ): Promise<Outcome<T>> {
    if (this.#current) return { state: 'busy', by: this.#current };
    const job: Current = { what, progress: undefined, controller: new AbortController() };
    this.#current = job;
    let timer: NodeJS.Timeout | undefined;
    const tell = () => {
      timer = undefined;
      this.#changed.fire(job);
    };
    tell();
    try {
      const value = await work(job.controller.signal, progress => {
        const newStage = progress.stage !== job.progress?.stage;
        job.progress = progress;
        if (newStage) {
          clearTimeout(timer);
          tell();
        } else timer ??= setTimeout(tell, REPORT_EVERY_MS);
      });
      return { state: 'done', value };
    } catch (error) {
      if (isCancelled(error)) return { state: 'cancelled' };
      return { state: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
    } finally {
      clearTimeout(timer);
      this.#current = undefined;
      this.#changed.fire(undefined);
    }
  }

  cancel(): void {
    this.#current?.controller.abort();
  }
}
