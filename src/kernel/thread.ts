import { CandidatePool, compareEntries, type Entry } from '../core/mining/pool';
import type { MiningRequest } from '../core/mining/types';
import { Views } from './memory';
import type { PhaseResult } from './phases';
import type { Places, Plan } from './plan';
import { instantiate, type KernelExports } from './wasm';

/** What a thread starts with. */
export interface AgentStart {
  thread: number;
  memory: WebAssembly.Memory;
  module: WebAssembly.Module;
  places: Places;
  /** guards on identity are in the shared memory already */
  request: MiningRequest;
}

/** What all the work of one thread has in common. */
export class Thread {
  readonly places: Places;
  readonly request: MiningRequest;
  readonly kernel: KernelExports;
  readonly views: Views;
  /** byte offset of memory that is this thread's alone */
  readonly scratch: number;
  ranks: Int32Array;
  result: PhaseResult = nothing();
  pool: CandidatePool | undefined;
  after: Entry | undefined;

  constructor({ thread, memory, module, places, request }: AgentStart) {
    this.places = places;
    this.request = request;
    this.kernel = instantiate(module, memory);
    this.views = new Views(memory);
    this.scratch = places.scratch[thread]!;
    this.ranks = this.views.i32;
  }

  begin({ ranks, n }: Plan): void {
    this.kernel.setup(this.places.plan, this.scratch);
    this.ranks = this.views.i32.subarray(ranks / 4, ranks / 4 + n);
    this.result = nothing();
    this.pool = undefined;
    this.after = undefined;
  }

  openPool(limit: number, after: Entry | undefined): void {
    this.pool = new CandidatePool(this.ranks, limit);
    this.after = after;
  }

  /** Offers a candidate, unless an earlier round looked at it or one of its images is spent. */
  offer(score: number, a: number, b: number, c: number): void {
    if (this.after) {
      if (score > this.after.score || compareEntries(this.ranks, { score, a, b, c }, this.after) <= 0) return;
      const { u8 } = this.views;
      const { spent } = this.places;
      if (u8[spent + a] || u8[spent + b] || (c >= 0 && u8[spent + c])) return;
    }
    this.pool!.offer(score, a, b, c);
  }

  lock(which: number): void {
    const at = this.places.locks / 4 + which;
    while (Atomics.compareExchange(this.views.i32, at, 0, 1) !== 0) Atomics.wait(this.views.i32, at, 1);
  }

  unlock(which: number): void {
    const at = this.places.locks / 4 + which;
    Atomics.store(this.views.i32, at, 0);
    Atomics.notify(this.views.i32, at);
  }
}

function nothing(): PhaseResult {
  return { tooNear: 0, inBand: 0, counts: { relativeMargin: 0, rankWindow: 0 } };
}
