import type { MiningCache } from './cache';

export interface MiningProgress {
  done: number;
  total: number;
  /** absent while there is too little to go by */
  secondsLeft?: number;
}

/** Where and how a mining run runs. */
export interface MiningRuntime {
  /** a cancelled run gives what it found, marked partial */
  signal?: AbortSignal;
  onProgress?(progress: MiningProgress): void;
  /** worker threads; default: the machine's cores, one for small inputs */
  threads?: number;
  /** the bundled worker; without it the work is done in this thread, in slices */
  workerPath?: string;
  /** folder that holds the .wasm modules; default: `wasm` beside the worker; where neither is given the TypeScript kernel runs */
  wasmDir?: string;
  /** kept by the caller between runs, so that the next one need not start from nothing */
  cache?: MiningCache | undefined;
  /** a kernel by name, for tests and benches; default: the fastest that this Node runs */
  kernel?: KernelName;
  /** bits that rows are rounded to for the bounds, for tests and benches; default: the faster ones, by a sample */
  bits?: 16 | 32;
}

export type KernelName = 'wasm-relaxed-simd' | 'wasm-simd' | 'typescript';

/** Longest stretch of work in the caller's thread, in milliseconds. */
const SLICE = 15;

/** Cancellation and progress for work in slices. */
export class Control {
  readonly #runtime: MiningRuntime;
  readonly #started = performance.now();
  #sliceEnds = this.#started + SLICE;
  #reported = 0;

  constructor(runtime: MiningRuntime) {
    this.#runtime = runtime;
  }

  get signal(): AbortSignal | undefined {
    return this.#runtime.signal;
  }

  get cancelled(): boolean {
    return this.#runtime.signal?.aborted ?? false;
  }

  /** Whether the event loop should have its turn. */
  get due(): boolean {
    return performance.now() >= this.#sliceEnds;
  }

  /** Lets the event loop run once; true when the run was cancelled. */
  async pause(): Promise<boolean> {
    await new Promise<void>(resolve => setImmediate(resolve));
    this.#sliceEnds = performance.now() + SLICE;
    return this.cancelled;
  }

  /** Reports at most ten times a second, and the last step always. The ETA goes by the average speed so far. */
  progress(done: number, total: number): void {
    const now = performance.now();
    if (!this.#runtime.onProgress || (done < total && now - this.#reported < 100)) return;
    this.#reported = now;
    const elapsed = (now - this.#started) / 1000;
    const secondsLeft = done > 0 && elapsed > 0.5 ? (elapsed / done) * (total - done) : undefined;
    this.#runtime.onProgress(secondsLeft === undefined ? { done, total } : { done, total, secondsLeft });
  }
}
