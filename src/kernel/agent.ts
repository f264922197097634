import { AnchorWork } from './anchor-work';
import { packRows } from './pack';
import { PairWork } from './pair-work';
import { lastPoolLimit, type Phase, type PhaseResult, type PoolPart } from './phases';
import { CONTROL, writePlan } from './plan';
import { Thread, type AgentStart } from './thread';

/** Does the tasks of one thread, phase by phase. */
export class Agent {
  readonly #thread: Thread;
  readonly #anchors: AnchorWork;
  readonly #pairs: PairWork;
  readonly #control: number;

  constructor(start: AgentStart) {
    this.#thread = new Thread(start);
    this.#anchors = new AnchorWork(this.#thread);
    this.#pairs = new PairWork(this.#thread);
    this.#control = start.places.control / 4;
  }

  /** Takes tasks until none are left or the run is cancelled. */
  runAll(phase: Phase): PhaseResult {
    this.begin(phase);
    while (this.runOne(phase));
    return this.end();
  }

  /** Gets ready for a phase; the plan may have changed. */
  begin(phase: Phase): void {
    // all threads write the same
    writePlan(this.#thread.views.memory, this.#thread.places.plan, phase.plan);
    this.#thread.begin(phase.plan);
    if (phase.kind === 'triplets' || phase.kind === 'pairs') this.#thread.openPool(phase.limit, phase.after);
    if (phase.kind === 'pairs') this.#pairs.begin(phase);
  }

  /** Does the next task; false when there is none. */
  runOne(phase: Phase): boolean {
    const { i32 } = this.#thread.views;
    if (Atomics.load(i32, this.#control + CONTROL.cancel)) return false;
    const task = Atomics.add(i32, this.#control + CONTROL.next, 1);
    if (task >= phase.tasks) return false;
    this.#do(phase, task);
    Atomics.add(i32, this.#control + CONTROL.done, 1);
    return true;
  }

  /** What the phase gave. */
  end(): PhaseResult {
    const { pool, result, request, views } = this.#thread;
    if (!pool) return result;
    if (Atomics.load(views.i32, this.#control + CONTROL.cancel)) pool.trim(lastPoolLimit(request));
    const { count, offered, dropped, floor } = pool;
    const part: PoolPart = {
      scores: pool.scores.slice(0, count),
      a: pool.a.slice(0, count),
      b: pool.b.slice(0, count),
      c: pool.c.slice(0, count),
      offered,
      dropped,
      floor,
    };
    return { ...result, pool: part };
  }

  /** Buffers of a result that need no copy on their way to another thread. */
  transfers({ pool }: PhaseResult): ArrayBuffer[] {
    return pool ? [pool.scores, pool.a, pool.b, pool.c].map(array => array.buffer as ArrayBuffer) : [];
  }

  #do(phase: Phase, task: number): void {
    switch (phase.kind) {
      case 'pack':
        return packRows(this.#thread, phase.plan, task);
      case 'open':
        return this.#anchors.open(phase, task);
      case 'sweep':
        return this.#anchors.sweep(phase, task);
      case 'list':
        return this.#anchors.list(phase, task);
      case 'triplets':
        return this.#anchors.triplets(phase, task);
      case 'nearest':
        return this.#anchors.nearest(phase, task);
      case 'pairs':
        return this.#pairs.pairs(phase, task);
    }
  }
}
