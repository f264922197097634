import { totalmem } from 'node:os';
import type { Problem } from '../core/mining/problem';
import type { Side } from '../core/mining/guards';
import type { MiningRequest } from '../core/mining/types';
import { ROWS_OF_TASK, SPARE, type Phase, type PhaseResult, type Window, type ResumeData } from './phases';
import type { Control, MiningRuntime } from './control';
import { TripletRule } from '../core/mining/triplet-rule';
import { packAll } from './pack-all';
import { Arena, type Plan } from './plan';
import { Resume } from './resume';
import { makeSpace, type Space } from './space';
import { Team } from './team';
import type { BlockIndex } from './tree';
import type { LoadedKernel } from './wasm';

/** What every anchor is to keep. */
export interface Wants {
  side: Side;
  /** nearest rows; 0: none */
  nearest: number;
  /** rows of each gap between its positives' bands; 0: no gaps */
  gapRoom: number;
  /** whether positives are wanted (with gaps always) */
  positives: boolean;
}

/** Share of anchors to sweep again from which a whole sweep, which meets every pair once, is quicker. */
const WHOLE_SWEEP = 0.3;

/** Milliseconds in which a cancelled run makes something of what its anchors have kept. */
const LAST_WORDS = 60;

/**
 * State of the anchors of one window may take this much: an eighth of the machine's memory, and what WebAssembly has room for
 * beside the vectors. With more windows every pair is met up to twice.
 */
function stateBytes(n: number, d: number): number {
  const share = Math.min(2 ** 31, Math.max(768 * 2 ** 20, totalmem() / 8));
  return Math.max(64 * 2 ** 20, Math.min(share, 3.9 * 2 ** 30 - n * (8 * d + 128)));
}

/** What a triplet request needs an anchor to keep, so that the rule comes to the same triplets as with all negatives. */
export function wantsOf({ lane, strategy, perPair, guards }: MiningRequest): Wants & { prefix: number } {
  const [first, last] = guards.rankWindow ?? [0, Infinity];
  const taken = strategy === 'all' ? perPair : 1;
  const wants = (nearest: number, gapRoom: number) => ({
    side: 'different' as const,
    positives: true,
    nearest,
    gapRoom,
    prefix: nearest,
  });
  // ranks that begin at the band are those of the gap
  if (guards.relativeMargin) return wants(0, Math.min(first + taken, last));
  if (strategy === 'hardest') return wants(Math.min(first + 1, last), 0);
  if (lane === 'hard-triplets') return wants(Math.min(first + taken, last), 0);
  if (last < Infinity) return wants(last, 0);
  // the first ranks are known from the list, and a gap holds enough that others remain when they are taken away
  return wants(first, first + taken);
}

/** A pass over all rows in which every row is an anchor, window by window. */
export class AnchorRun {
  readonly space: Space;
  readonly team: Team;
  readonly #wants: Wants;
  readonly #windows: Window[];
  readonly #steps: number;
  readonly #near: BlockIndex['near'];
  readonly #resume: Resume | undefined;
  /** whether gaps begin at the positives, whose distances then need no copy */
  readonly #plain: boolean;
  #stepsDone = 0;
  /** anchors that did not have to be swept again */
  reused = 0;

  private constructor(
    space: Space,
    team: Team,
    wants: Wants,
    windows: Window[],
    resume: Resume | undefined,
    index: BlockIndex | undefined,
    plain: boolean,
  ) {
    this.space = space;
    this.team = team;
    this.#wants = wants;
    this.#windows = windows;
    this.#resume = windows.length === 1 ? resume : undefined;
    this.#plain = plain;
    this.#near = index?.near ?? (() => true);
    this.#steps = windows.reduce((sum, window) => sum + this.#tasksOf(window).length / 2, 0);
  }

  static async start(
    problem: Problem,
    kernel: LoadedKernel,
    needs: Wants,
    control: Control,
    runtime: MiningRuntime,
    index?: BlockIndex,
  ): Promise<AnchorRun | 'too large' | 'cancelled'> {
    const resume = runtime.cache && needs.positives && !index ? new Resume(problem, runtime.cache) : undefined;
    const wants = resume ? withSpare(needs) : needs;
    const nearestRoom = wants.nearest > 0 ? 2 * wants.nearest + 16 : 0;
    const windowsOf = (block: number) => cutWindows(problem, index?.rows ?? problem.rows, wants, nearestRoom, block);
    const space = await makeSpace(
      problem,
      {
        side: wants.side,
        threads: runtime.workerPath === undefined ? 1 : runtime.threads,
        bits: runtime.bits,
        stateBytes: block => Math.max(0, ...windowsOf(block).map(({ bytes }) => bytes)),
        nearestRoom,
        index,
        gaps: wants.gapRoom > 0,
        pairs: false,
      },
      control,
    );
    if (typeof space === 'string') return space;
    const { plan } = space;
    plan.nearest = wants.nearest;
    plan.nearestRoom = nearestRoom;
    plan.gapRoom = wants.gapRoom;
    plan.tableBytes = tableBytes(problem);
    setLeast(plan, problem);
    const team = new Team(space, kernel, problem.request, control, runtime.workerPath);
    const run = new AnchorRun(
      space,
      team,
      wants,
      windowsOf(space.block).map(({ start, end }) => emptyWindow(start, end)),
      resume,
      index,
      isPlain(problem, wants),
    );
    await packAll(team, space);
    return run;
  }

  /**
   * Sweeps all windows; after each one `finish` is run on what its anchors have kept.
   * @returns the results of all phases, and whether everything was swept
   */
  async sweep(
    finish: (window: Window, plan: Plan) => Phase,
    control: Control,
  ): Promise<{ results: PhaseResult[]; whole: boolean }> {
    const { space, team } = this;
    const results: PhaseResult[] = [];
    for (const window of this.#windows) {
      this.#place(window);
      const { plan } = space;
      results.push(...(await this.#open(window)));
      if (control.cancelled) return { results, whole: false };
      if (this.reused > 0) await this.#sweepChanged(window);
      else {
        const tasks = this.#writeTasks(window);
        const steps = { before: this.#stepsDone, total: this.#steps };
        await team.run({ kind: 'sweep', tasks, plan, window, block: space.block, locked: team.threads > 1 }, steps);
        this.#stepsDone += tasks;
      }
      const cancelled = control.cancelled;
      results.push(...(await team.run(finish(window, plan), undefined, cancelled ? LAST_WORDS : undefined)));
      if (cancelled || control.cancelled) return { results, whole: false };
      this.#resume?.keep(space, window, plan);
    }
    return { results, whole: true };
  }

  /** Opens the anchors of a window, with what still holds of an earlier run where that is worth it. */
  async #open(window: Window): Promise<PhaseResult[]> {
    const { plan, memory } = this.space;
    const rows = window.end - window.start;
    const phase = (resume: ResumeData | undefined): Phase => ({
      kind: 'open',
      tasks: tasksFor(rows),
      plan,
      window,
      wantsPositives: this.#wants.positives,
      resume,
    });
    if (this.#resume?.data) {
      const results = await this.team.run(phase(this.#resume.data));
      const intact = new Uint8Array(memory.buffer, plan.intact, rows);
      const reused = intact.reduce((sum, flag) => sum + flag, 0);
      if (reused >= (1 - WHOLE_SWEEP) * rows) {
        this.reused = reused;
        return results;
      }
    }
    return this.team.run(phase(undefined));
  }

  /** Shows all rows to the anchors that are not intact, and the fresh rows to those that are. */
  async #sweepChanged(window: Window): Promise<void> {
    const { plan, memory, block } = this.space;
    const rows = window.end - window.start;
    const intact = new Uint8Array(memory.buffer, plan.intact, rows);
    const list = new Int32Array(memory.buffer, window.list, rows);
    let at = 0;
    const add = (fresh: number) => {
      for (let i = 0; i < rows; i++) if (!intact[i] && this.#resume!.fresh[i] === fresh) list[at++] = i;
    };
    add(1);
    const fresh = at;
    add(0);
    const chunks = Math.ceil(fresh / plan.blockRows) + Math.ceil((at - fresh) / plan.blockRows);
    const tasks = chunks * Math.ceil(plan.n / block);
    new Int32Array(memory.buffer, this.space.places.locks, Math.ceil(plan.n / block) + chunks).fill(0);
    await this.team.run(
      { kind: 'list', tasks, plan, window, block, fresh, listed: at, locked: this.team.threads > 1 },
      { before: 0, total: tasks },
    );
  }

  /** More from the same sweep, where one window held everything; undefined where it has to be swept again. */
  async again(finish: (window: Window, plan: Plan) => Phase): Promise<PhaseResult[] | undefined> {
    return this.#windows.length === 1 ? this.team.run(finish(this.#windows[0]!, this.space.plan)) : undefined;
  }

  /** Lays out a window's state behind everything else. */
  #place(window: Window): void {
    const { plan, places, memory } = this.space;
    const { nearest, gapRoom, positives } = this.#wants;
    const arena = new Arena(places.state);
    const rows = window.end - window.start;
    const classFrom = new Int32Array(memory.buffer, places.classFrom, plan.n);
    const classTo = new Int32Array(memory.buffer, places.classTo, plan.n);
    plan.windowStart = window.start;
    plan.reach = arena.take((rows + 8) * 4);
    plan.nearestCounts = arena.take(rows * 4);
    plan.nearestReach = arena.take((rows + 8) * 4);
    if (nearest > 0) {
      plan.nearestBounds = arena.take(rows * plan.nearestRoom * 4);
      plan.nearestRows = arena.take(rows * plan.nearestRoom * 4);
    }
    plan.nearCounts = arena.take(rows * 4);
    new Int32Array(memory.buffer, plan.nearCounts, rows).fill(0);
    if (this.#resume) {
      plan.intact = arena.take(rows);
      window.nearestLost = arena.take(rows);
      window.list = arena.take(rows * 4);
    }
    // padding is no anchor
    new Float32Array(memory.buffer, plan.reach, rows + 8).fill(-Infinity);
    if (!positives && gapRoom === 0) return;
    window.positiveStarts = arena.take(rows * 4);
    window.positiveCounts = arena.take(rows * 4);
    const starts = new Int32Array(memory.buffer, window.positiveStarts, rows);
    let total = 0;
    for (let s = 0; s < rows; s++) {
      starts[s] = total;
      total += classTo[window.start + s]! - classFrom[window.start + s]! - 1;
    }
    window.positives = total;
    window.positiveRows = arena.take(total * 4);
    window.positiveDistances = arena.take(total * 8);
    if (gapRoom === 0) return;
    plan.gapStarts = window.positiveStarts;
    plan.gapEnds = arena.take(rows * 4);
    plan.gapFrom = this.#plain ? window.positiveDistances : arena.take(total * 8);
    plan.gapKeys = arena.take(total * 4);
    plan.gapLimits = arena.take(total * 4);
    plan.gapRows = arena.take(total * gapRoom * 4);
    plan.gapDistances = arena.take(total * gapRoom * 8);
    plan.gapReach = arena.take((rows + 8) * 4);
    if (this.#resume) window.gapLost = arena.take(total);
    plan.tables = arena.take((rows + 8) * plan.tableBytes);
    plan.tableOffsets = arena.take((rows + 8) * 4);
    plan.tableSlopes = arena.take((rows + 8) * 4);
    plan.tableHints = arena.take(rows * Math.max(2, plan.tableBytes / 32));
  }

  /** Every block of the window with every block: rounds in which no block stands in two tasks, so that threads need not wait. */
  #tasksOf(window: Window): number[] {
    const { block, plan } = this.space;
    const blocks = Math.ceil(plan.n / block);
    const first = window.start / block;
    const count = Math.ceil((window.end - window.start) / block);
    const tasks: number[] = [];
    const add = (i: number, j: number) => {
      if (this.#near(i, j)) tasks.push(i, j);
    };
    for (let round = 0; round < count; round++) {
      for (let i = 0; i < count; i++) {
        const j = (((round - i) % count) + count) % count;
        if (i <= j) add(first + i, first + j);
      }
    }
    for (let j = 0; j < blocks; j++) {
      if (j >= first && j < first + count) continue;
      for (let i = 0; i < count; i++) add(first + i, j);
    }
    return tasks;
  }

  #writeTasks(window: Window): number {
    const { memory, places, block, plan } = this.space;
    const tasks = this.#tasksOf(window);
    new Int32Array(memory.buffer, places.tasks, tasks.length).set(tasks);
    new Int32Array(memory.buffer, places.locks, Math.ceil(plan.n / block)).fill(0);
    return tasks.length / 2;
  }
}

/** Whether an anchor's gaps begin at its positives, one at each. */
function isPlain({ request }: Problem, { gapRoom }: Wants): boolean {
  return gapRoom > 0 && new TripletRule(request).isPlain;
}

/** Sets the least distance, and the bounds below which a pair may be nearer. */
export function setLeast(plan: Plan, { request }: Problem): void {
  plan.least = request.guards.minDistance ?? 0;
  const scaled = plan.metric === 0 ? (plan.least * plan.scale) ** 2 : plan.least * plan.scale;
  plan.leastKey = plan.least > 0 ? scaled * (1 + 1e-6) + 1e-9 : -Infinity;
}

function withSpare(wants: Wants): Wants {
  const { nearest, gapRoom } = wants;
  return {
    ...wants,
    nearest: nearest > 0 ? nearest + SPARE.nearest : 0,
    gapRoom: gapRoom > 0 ? gapRoom + SPARE.gap : 0,
  };
}

export function tasksFor(rows: number): number {
  return Math.ceil(rows / ROWS_OF_TASK);
}

/** Bytes of sixteen buckets for about 128 times as many buckets as an anchor has gaps on average, within reason. */
function tableBytes({ rows, classes }: Problem): number {
  const pairs = classes.reduce((sum, { start, end }) => sum + (end - start) * (end - start - 1), 0);
  const gaps = pairs / Math.max(1, rows.length);
  return Math.min(4096, Math.max(32, 2 ** Math.round(Math.log2(gaps * 8 + 1))));
}

function emptyWindow(start: number, end: number): Window {
  const nothing = { positives: 0, positiveStarts: 0, positiveCounts: 0, positiveRows: 0, positiveDistances: 0 };
  return { start, end, ...nothing, list: 0, nearestLost: 0, gapLost: 0 };
}

/** Cuts the rows into windows of whole blocks whose state fits. */
function cutWindows(
  problem: Problem,
  rows: Int32Array,
  wants: Wants,
  nearestRoom: number,
  block: number,
): { start: number; end: number; bytes: number }[] {
  const n = rows.length;
  const { labels } = problem.data;
  const sizes = new Map(problem.classes.map(({ label, start, end }) => [label, end - start]));
  const gaps = wants.gapRoom > 0;
  const perGap = (isPlain(problem, wants) ? 9 : 17) + 12 * wants.gapRoom;
  const perPositive = 12 + (gaps ? perGap : 0);
  const perRow = 80 + 8 * nearestRoom + (gaps ? 1.04 * tableBytes(problem) : 0);
  const windows: { start: number; end: number; bytes: number }[] = [];
  const most = stateBytes(n, problem.data.dimension);
  for (let start = 0; start < n; start += block) {
    const end = Math.min(n, start + block);
    let bytes = (end - start) * perRow;
    if (wants.positives || gaps) {
      for (let i = start; i < end; i++) bytes += (sizes.get(labels[rows[i]!]!)! - 1) * perPositive;
    }
    const last = windows.at(-1);
    if (last && last.bytes + bytes <= most) {
      last.bytes += bytes;
      last.end = end;
    } else windows.push({ start, end, bytes: bytes + 8192 });
  }
  return windows;
}
