import { Worker } from 'node:worker_threads';
import type { MiningRequest } from '../core/mining/types';
import { Agent } from './agent';
import type { Control } from './control';
import type { Phase, PhaseResult } from './phases';
import { CONTROL } from './plan';
import type { Space } from './space';
import type { AgentStart } from './thread';
import type { LoadedKernel } from './wasm';

/** How far a run of several phases is. */
export interface Steps {
  /** steps before this phase, and of the whole run */
  before: number;
  total: number;
}

/** The threads of one run: workers, or the caller's own thread in slices. */
export class Team {
  readonly #words: Int32Array;
  readonly #control: Control;
  readonly #agent: Agent | undefined;
  readonly #workers: Worker[] = [];
  readonly #onAbort: () => void;

  constructor(
    space: Space,
    kernel: LoadedKernel,
    request: MiningRequest,
    control: Control,
    workerPath: string | undefined,
  ) {
    const { memory, places, threads } = space;
    this.#control = control;
    this.#words = new Int32Array(memory.buffer, places.control, 16);
    // guards on identity are in the memory; sets of hashes would be copied to every worker for nothing
    const guards = { ...request.guards };
    delete guards.answered;
    delete guards.flagged;
    const start = (thread: number): AgentStart => ({
      thread,
      memory,
      module: kernel.module,
      places,
      request: { ...request, guards },
    });
    if (threads === 1 || workerPath === undefined) this.#agent = new Agent(start(0));
    else {
      for (let thread = 0; thread < threads; thread++) {
        this.#workers.push(new Worker(workerPath, { workerData: start(thread) }));
      }
    }
    this.#onAbort = () => void Atomics.store(this.#words, CONTROL.cancel, 1);
    control.signal?.addEventListener('abort', this.#onAbort);
    if (control.cancelled) this.#onAbort();
  }

  get threads(): number {
    return this.#agent ? 1 : this.#workers.length;
  }

  /**
   * Runs a phase to its end, or until the run is cancelled.
   * @param lastWords milliseconds for a phase after the run was cancelled, to make something of what there is
   */
  async run(phase: Phase, steps?: Steps, lastWords?: number): Promise<PhaseResult[]> {
    Atomics.store(this.#words, CONTROL.next, 0);
    Atomics.store(this.#words, CONTROL.done, 0);
    if (lastWords !== undefined) {
      Atomics.store(this.#words, CONTROL.cancel, 0);
      if (!this.#agent) setTimeout(this.#onAbort, lastWords).unref();
    }
    const tick = () => {
      if (steps) this.#control.progress(steps.before + Atomics.load(this.#words, CONTROL.done), steps.total);
    };
    if (this.#agent) return [await this.#runHere(this.#agent, phase, tick, lastWords)];
    const timer = setInterval(tick, 100);
    try {
      const results = await Promise.all(this.#workers.map(worker => ask(worker, phase)));
      tick();
      return results;
    } finally {
      clearInterval(timer);
    }
  }

  async close(): Promise<void> {
    this.#control.signal?.removeEventListener('abort', this.#onAbort);
    this.#onAbort();
    await Promise.all(this.#workers.map(worker => worker.terminate()));
  }

  async #runHere(agent: Agent, phase: Phase, tick: () => void, lastWords: number | undefined): Promise<PhaseResult> {
    const deadline = lastWords === undefined ? Infinity : performance.now() + lastWords;
    agent.begin(phase);
    while (performance.now() < deadline && agent.runOne(phase)) {
      if (this.#control.due) {
        tick();
        await this.#control.pause();
      }
    }
    tick();
    return agent.end();
  }
}

function ask(worker: Worker, phase: Phase): Promise<PhaseResult> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      act();
    };
    const onMessage = (result: PhaseResult) => settle(() => resolve(result));
    const onError = (error: Error) => settle(() => reject(error));
    const onExit = (code: number) =>
      settle(() =>
        reject(new Error(`a mining thread ended with code ${code}; mine again, with fewer threads if memory is short`)),
      );
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(phase);
  });
}
