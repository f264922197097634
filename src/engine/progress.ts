import type { Progress, Stage } from '../rpc/engine-protocol';

export type Report = (progress: Progress) => void;

/** What a job may be given beside its parameters. */
export interface JobOptions {
  signal?: AbortSignal;
  report?: Report;
}

/** At most this many reports a second reach the caller: each costs a message to another process. */
const REPORTS_PER_SECOND = 10;
/** An estimate needs this much behind it before it is worth showing. */
const SETTLED_SECONDS = 1;

/**
 * Turns a stage's raw counts into throttled reports with an honest time left: from this stage's own pace, weighted
 * towards the recent past, and silent until there is enough to go by.
 */
export class StageProgress {
  readonly #started: number;
  #lastReport = -Infinity;
  #lastDone = 0;
  #lastTime: number;
  #rate = 0;

  constructor(
    readonly stage: Stage,
    readonly report: Report | undefined,
    readonly now: () => number = () => performance.now() / 1000,
  ) {
    this.#started = this.#lastTime = now();
  }

  update(done: number, total: number): void {
    if (!this.report) return;
    const now = this.now();
    const last = total > 0 && done >= total;
    if (!last && now - this.#lastReport < 1 / REPORTS_PER_SECOND) return;
    const elapsed = now - this.#lastTime;
    if (elapsed > 0 && done > this.#lastDone) {
      const rate = (done - this.#lastDone) / elapsed;
      const weight = this.#rate === 0 ? 1 : Math.min(1, elapsed / 3);
      this.#rate += weight * (rate - this.#rate);
      this.#lastTime = now;
      this.#lastDone = done;
    }
    this.#lastReport = now;
    const settled = now - this.#started >= SETTLED_SECONDS && this.#rate > 0 && total > 0;
    this.report({ stage: this.stage, done, total, ...(settled && { secondsLeft: (total - done) / this.#rate }) });
  }
}
