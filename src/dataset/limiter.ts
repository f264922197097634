interface Waiting {
  weight: number;
  urgent: boolean;
  start: () => void;
}

/**
 * Lets jobs run while their number and the sum of their weights stay bounded, first come, first served, urgent ones first. A job heavier
 * than everything allowed runs alone.
 */
export class Limiter {
  #running = 0;
  #weight = 0;
  readonly #waiting: Waiting[] = [];

  constructor(
    readonly maxJobs: number,
    readonly maxWeight: number,
  ) {}

  /** Runs `job` when there is room. If `signal` has aborted by then, throws its reason instead. */
  async run<T>(weight: number, signal: AbortSignal | undefined, job: () => Promise<T>, urgent = false): Promise<T> {
    signal?.throwIfAborted();
    if (!this.#fits(weight) || this.#waiting.length > 0) await this.#wait(weight, urgent);
    else this.#take(weight);
    try {
      signal?.throwIfAborted();
      return await job();
    } finally {
      this.#running--;
      this.#weight -= weight;
      this.#startNext();
    }
  }

  #fits(weight: number): boolean {
    return this.#running < this.maxJobs && (this.#running === 0 || this.#weight + weight <= this.maxWeight);
  }

  #take(weight: number): void {
    this.#running++;
    this.#weight += weight;
  }

  async #wait(weight: number, urgent: boolean): Promise<void> {
    await new Promise<void>(resolve => {
      const start = (): void => {
        this.#take(weight);
        resolve();
      };
      const before = urgent ? this.#waiting.findIndex(waiting => !waiting.urgent) : -1;
      this.#waiting.splice(before === -1 ? this.#waiting.length : before, 0, { weight, urgent, start });
    });
  }

  #startNext(): void {
    while (this.#waiting.length > 0 && this.#fits(this.#waiting[0]!.weight)) this.#waiting.shift()!.start();
  }
}
