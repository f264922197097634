/**
 * Lets jobs run while their number and the sum of their weights stay bounded, first come, first served. A job heavier
 * than everything allowed runs alone.
 */
export class Limiter {
  #running = 0;
  #weight = 0;
  readonly #waiting: { weight: number; start: () => void }[] = [];

  constructor(
    readonly maxJobs: number,
    readonly maxWeight: number,
  ) {}

  /** Runs `job` when there is room. A signal that aborts while it waits takes it out of the queue. */
  async run<T>(weight: number, signal: AbortSignal | undefined, job: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    if (!this.#fits(weight) || this.#waiting.length > 0) await this.#wait(weight, signal);
    else this.#take(weight);
    try {
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

  async #wait(weight: number, signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        reject(signal!.reason as Error);
        this.#startNext();
      };
      const entry = {
        weight,
        start: () => {
          signal?.removeEventListener('abort', abort);
          this.#take(weight);
          resolve();
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.push(entry);
    });
  }

  #startNext(): void {
    while (this.#waiting.length > 0 && this.#fits(this.#waiting[0]!.weight)) this.#waiting.shift()!.start();
  }
}
