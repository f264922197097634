import type { MiningRequest } from '../core/mining/types';
import { Neighbours } from '../core/mining/neighbours';
import { pairRule, type PairRule } from '../core/mining/pair-rule';
import { CandidatePool, compareEntries, type Entry } from '../core/mining/pool';
import { TripletRule, tripletScore, type RuleCounts } from '../core/mining/triplet-rule';
import { writePlan, type Plan } from './plan';
import type { ResumeData } from './resume';
import { CONTROL, roundingOf, type Places } from './space';
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

/** The state of a window's anchors: byte offsets, indexed by row - start. */
export interface Window {
  start: number;
  end: number;
  /** how many positives there is room for */
  positives: number;
  /** i32: where a row's positives begin, and how many there are; their rows (i32) and distances (f64) */
  positiveStarts: number;
  positiveCounts: number;
  positiveRows: number;
  positiveDistances: number;
  /** i32: anchors to sweep again; u8: how much an anchor's nearest rows, and each gap, lost since they were swept */
  list: number;
  nearestLost: number;
  gapLost: number;
}

/** Rows kept beyond the need, so that a run can lose some to changes before it has to sweep an anchor again. */
export const SPARE = { gap: 1, nearest: 8 } as const;

/** A stretch of work that all threads share; its tasks are taken in order. */
export type Phase = { tasks: number; plan: Plan } & (
  | { kind: 'pack' }
  | { kind: 'open'; window: Window; wantsPositives: boolean; resume: ResumeData | undefined }
  | { kind: 'list'; window: Window; block: number; fresh: number; listed: number; locked: boolean }
  | { kind: 'sweep'; window: Window; block: number; locked: boolean }
  | { kind: 'triplets'; window: Window; after: Entry | undefined; limit: number; prefix: number }
  | { kind: 'nearest'; window: Window; count: number; rows: SharedArrayBuffer; distances: SharedArrayBuffer }
  | { kind: 'pairs'; block: number; turn: number; after: Entry | undefined; limit: number }
);

/** What a thread has to say after a phase. Entries are in the kernel's rows. */
export interface PhaseResult {
  pool?: {
    scores: Float64Array;
    a: Int32Array;
    b: Int32Array;
    c: Int32Array;
    offered: number;
    dropped: number;
    floor: Entry | undefined;
  };
  tooNear: number;
  /** of pairs: those in the band, and those in the band that the guards on identity leave out count as well */
  inBand: number;
  counts: RuleCounts;
}

/** Rows of a task of the phases that go by rows; a multiple of 8. */
export const ROWS_OF_TASK = 256;

/** Does the tasks of one thread. */
export class Agent {
  readonly #start: AgentStart;
  readonly #kernel: KernelExports;
  readonly #control: Int32Array;
  readonly #buffer: ArrayBufferLike;
  readonly #positives = new Neighbours();
  readonly #negatives = new Neighbours();
  #ranks: Int32Array = new Int32Array(0);
  #pool: CandidatePool | undefined;
  #result: PhaseResult = nothing();
  #rule: TripletRule | undefined;
  #pairs: PairRule | undefined;
  #after: Entry | undefined;

  constructor(start: AgentStart) {
    this.#start = start;
    this.#buffer = start.memory.buffer;
    this.#kernel = instantiate(start.module, start.memory);
    this.#control = new Int32Array(this.#buffer, start.places.control, 16);
  }

  /** Takes tasks until none are left or the run is cancelled. */
  runAll(phase: Phase): PhaseResult {
    this.begin(phase);
    while (this.runOne(phase));
    return this.end();
  }

  /** Gets ready for a phase; the plan may have changed. */
  begin(phase: Phase): void {
    const { places, memory, thread, request } = this.#start;
    writePlan(memory, places.plan, phase.plan);
    this.#kernel.setup(places.plan, places.scratch[thread]!);
    this.#ranks = new Int32Array(this.#buffer, phase.plan.ranks, phase.plan.n);
    this.#result = nothing();
    if (phase.kind === 'triplets' || phase.kind === 'pairs') {
      this.#pool = new CandidatePool(this.#ranks, phase.limit);
      this.#after = phase.after;
    }
    if (phase.kind === 'triplets' || phase.kind === 'open') this.#rule = new TripletRule(request);
    if (phase.kind === 'pairs') this.#pairs = pairRule(request, phase.turn);
  }

  /** Does the next task; false when there is none. */
  runOne(phase: Phase): boolean {
    if (Atomics.load(this.#control, CONTROL.cancel)) return false;
    const task = Atomics.add(this.#control, CONTROL.next, 1);
    if (task >= phase.tasks) return false;
    switch (phase.kind) {
      case 'pack':
        this.#pack(phase, task);
        break;
      case 'open':
        this.#open(phase, task);
        break;
      case 'sweep':
        this.#sweep(phase, task);
        break;
      case 'list':
        this.#list(phase, task);
        break;
      case 'triplets':
        this.#triplets(phase, task);
        break;
      case 'nearest':
        this.#nearest(phase, task);
        break;
      case 'pairs':
        this.#pairsOf(phase, task);
        break;
    }
    Atomics.add(this.#control, CONTROL.done, 1);
    return true;
  }

  /** What the phase gave. */
  end(): PhaseResult {
    const result = this.#result;
    const pool = this.#pool;
    if (pool) {
      const { count, offered, dropped, floor } = pool;
      result.pool = {
        scores: pool.scores.slice(0, count),
        a: pool.a.slice(0, count),
        b: pool.b.slice(0, count),
        c: pool.c.slice(0, count),
        offered,
        dropped,
        floor,
      };
      this.#pool = undefined;
    }
    return result;
  }

  transfers({ pool }: PhaseResult): ArrayBuffer[] {
    return pool ? [pool.scores, pool.a, pool.b, pool.c].map(array => array.buffer as ArrayBuffer) : [];
  }

  /** Moves, scales and rounds rows into panels of eight, and bounds the error of what comes of them. */
  #pack({ plan }: Phase, task: number): void {
    const { n, d } = plan;
    const { places, request } = this.#start;
    const from = task * ROWS_OF_TASK;
    const to = Math.min(from + ROWS_OF_TASK, Math.ceil(n / 8) * 8);
    const exact = new Float32Array(this.#buffer, plan.exactRows, n * d);
    const panels = new Float32Array(this.#buffer, plan.panels, Math.ceil(n / 8) * 8 * d);
    const terms = new Float32Array(this.#buffer, plan.lowerTerms, Math.ceil(n / 8) * 8 + 8);
    const widths = new Float32Array(this.#buffer, plan.widths, terms.length);
    const norms = new Float64Array(this.#buffer, plan.norms, n);
    const centre = new Float64Array(this.#buffer, places.centre, d);
    const weights = new Float32Array(this.#buffer, plan.weights, d);
    const { metric } = request;
    const absolute = metric === 'l1' || metric === 'weightedL1';
    const weighted = metric === 'weightedL1';
    const error = roundingOf(d + 24) * 1.02;
    const scale = metric === 'cosine' ? 1 : metric === 'sql2' ? Math.sqrt(plan.scale) : plan.scale;
    for (let i = from; i < to; i++) {
      const out = (i >> 3) * 8 * d + (i & 7);
      if (i >= n) {
        for (let k = 0; k < d; k++) panels[out + 8 * k] = 0;
        terms[i] = NaN;
        widths[i] = 0;
        continue;
      }
      let factor = scale;
      if (metric === 'cosine') {
        norms[i] = this.#kernel.squaredNorm(i);
        factor = norms[i]! > 0 ? 1 / Math.sqrt(norms[i]!) : 0;
      }
      let size = 0;
      for (let k = 0; k < d; k++) {
        const moved = (exact[i * d + k]! - centre[k]!) * factor;
        const x = Math.fround(weighted ? moved * weights[k]! : moved);
        panels[out + 8 * k] = x;
        size += absolute ? Math.abs(x) : x * x;
      }
      if (absolute) {
        const off = weighted ? 2.2 * 2 ** -24 * size : 0;
        terms[i] = -off - 1e-36;
        widths[i] = 4 * off + 4e-36;
      } else {
        // a zero vector is at cosine distance 1 from everything: its missing length is made up for
        if (factor === 0) size = 1;
        terms[i] = (1 - error) * size - 1e-36;
        widths[i] = 2.002 * error * size + 4e-36;
      }
    }
  }

  /** Finds the positives of anchors and opens what they keep. */
  #open({ plan, window, wantsPositives, resume }: Phase & { kind: 'open' }, task: number): void {
    const from = window.start + task * ROWS_OF_TASK;
    const to = Math.min(from + ROWS_OF_TASK, window.end);
    const length = window.end - window.start;
    const reach = new Float32Array(this.#buffer, plan.reach, length);
    const nearestReach = new Float32Array(this.#buffer, plan.nearestReach, length);
    const nearestCounts = new Int32Array(this.#buffer, plan.nearestCounts, length);
    for (let i = from; i < to; i++) {
      const s = i - window.start;
      nearestCounts[s] = 0;
      if (wantsPositives) this.#positivesOf(plan, window, i);
      const idle = plan.nearest === 0 || (wantsPositives && this.#positives.count === 0);
      nearestReach[s] = idle ? -Infinity : Infinity;
      if (plan.gapStarts) this.#openGaps(plan, i, s);
      else reach[s] = Math.max(plan.leastKey, nearestReach[s]);
      if (plan.intact) this.#takeUp(plan, window, i, s, resume);
    }
  }

  /** Gives an anchor back what it kept in an earlier run, if that still tells all it has to. */
  #takeUp(plan: Plan, window: Window, i: number, s: number, resume: ResumeData | undefined): void {
    const first = plan.gapStarts ? new Int32Array(this.#buffer, plan.gapStarts + 4 * s, 1)[0]! : 0;
    const last = plan.gapStarts ? new Int32Array(this.#buffer, plan.gapEnds + 4 * s, 1)[0]! : 0;
    const intact = new Uint8Array(this.#buffer, plan.intact + s, 1);
    const nearestLost = new Uint8Array(this.#buffer, window.nearestLost + s, 1);
    const gapLost = new Uint8Array(this.#buffer, window.gapLost + first, last - first);
    intact[0] = 0;
    nearestLost[0] = 0;
    gapLost.fill(0);
    const old = resume?.oldPlaces[i] ?? -1;
    if (!resume || old < 0) return;
    const { saved, newPlaces } = resume;
    const kept: number[] = [];
    if (plan.nearest > 0) {
      nearestLost[0] = saved.nearestLost[old]!;
      const from = old * plan.nearestRoom;
      for (let at = from; at < from + saved.nearestCounts[old]!; at++) {
        const row = newPlaces[saved.nearestRows[at]!]!;
        if (row >= 0) kept.push(row);
        else nearestLost[0]!++;
      }
      if (nearestLost[0]! > SPARE.nearest) return;
    }
    if (plan.gapStarts) {
      const from = saved.gapStarts[old]!;
      if (saved.gapEnds[old]! - from !== last - first) return;
      for (let gap = 0; gap < last - first; gap++) {
        let lost = saved.gapLost[from + gap]!;
        for (let at = (from + gap) * plan.gapRoom; at < (from + gap + 1) * plan.gapRoom; at++) {
          const row = saved.gapRows[at]!;
          if (row < 0) continue;
          if (newPlaces[row]! >= 0) kept.push(newPlaces[row]!);
          else lost++;
        }
        if (lost > SPARE.gap) return;
        gapLost[gap] = lost;
      }
    }
    for (const row of new Set(kept)) this.#kernel.showAgain(i, row);
    intact[0] = 1;
  }

  /** Shows listed anchors the rows of a block, and fresh ones to the intact anchors there. */
  #list({ plan, window, block, fresh, listed, locked }: Phase & { kind: 'list' }, task: number): void {
    const blocks = Math.ceil(plan.n / block);
    const freshChunks = Math.ceil(fresh / plan.blockRows);
    const chunks = freshChunks + Math.ceil((listed - fresh) / plan.blockRows);
    const chunk = task % chunks;
    const second = (Math.floor(task / chunks) + chunk) % blocks;
    const isFresh = chunk < freshChunks;
    const from = isFresh ? chunk * plan.blockRows : fresh + (chunk - freshChunks) * plan.blockRows;
    const to = Math.min(from + plan.blockRows, isFresh ? fresh : listed);
    const lastPanel = Math.ceil(Math.min((second + 1) * block, plan.n) / 8);
    if (locked) {
      this.#lock(blocks + chunk);
      this.#lock(second);
    }
    this.#kernel.sweepList(window.list + 4 * from, to - from, (second * block) / 8, lastPanel, isFresh);
    if (locked) {
      this.#unlock(second);
      this.#unlock(blocks + chunk);
    }
  }

  #positivesOf(plan: Plan, window: Window, i: number): void {
    const { places } = this.#start;
    const s = i - window.start;
    const positives = this.#positives;
    positives.clear();
    const copies = new Int32Array(this.#buffer, plan.copies, plan.n);
    const starts = new Int32Array(this.#buffer, plan.answeredStarts, plan.n + 1);
    const others = new Int32Array(this.#buffer, plan.answeredOthers, starts[plan.n]!);
    const same = new Uint8Array(this.#buffer, places.answeredSame, starts[plan.n]!);
    const classFrom = new Int32Array(this.#buffer, places.classFrom, plan.n)[i]!;
    const classTo = new Int32Array(this.#buffer, places.classTo, plan.n)[i]!;
    const excluded = new Set<number>();
    for (let at = starts[i]!; at < starts[i + 1]!; at++) if (!same[at]) excluded.add(others[at]!);
    for (let j = classFrom; j < classTo; j++) {
      if (j === i || copies[j] === copies[i] || (excluded.size > 0 && excluded.has(j))) continue;
      const d = this.#kernel.exact(i, j);
      if (d >= plan.least) positives.push(j, d);
      else if (j > i) this.#result.tooNear += 2;
    }
    positives.sort(this.#ranks);
    const length = window.end - window.start;
    const at = new Int32Array(this.#buffer, window.positiveStarts, length)[s]!;
    new Int32Array(this.#buffer, window.positiveCounts, length)[s] = positives.count;
    new Int32Array(this.#buffer, window.positiveRows + 4 * at, positives.count).set(
      positives.rows.subarray(0, positives.count),
    );
    new Float64Array(this.#buffer, window.positiveDistances + 8 * at, positives.count).set(
      positives.distances.subarray(0, positives.count),
    );
  }

  #openGaps(plan: Plan, i: number, s: number): void {
    const start = new Int32Array(this.#buffer, plan.gapStarts + 4 * s, 1)[0]!;
    const { count, distances } = this.#positives;
    const beginnings = new Float64Array(this.#buffer, plan.gapFrom + 8 * start, count);
    const last = this.#start.request.strategy === 'hardest' ? count - 1 : 0;
    let gaps = 0;
    let end = 0;
    let ascending = true;
    for (let at = last; at < count; at++) {
      if (at < 0) break;
      const band = this.#rule!.band(distances[at]!);
      if (band.from >= band.to) continue;
      ascending &&= gaps === 0 || band.from >= beginnings[gaps - 1]!;
      beginnings[gaps++] = band.from;
      end = Math.max(end, band.to);
    }
    if (!ascending) beginnings.subarray(0, gaps).sort();
    new Int32Array(this.#buffer, plan.gapEnds + 4 * s, 1)[0] = start + gaps;
    this.#kernel.openGaps(i, Math.min(end, farthestOf(plan)));
  }

  /** Shows the anchors of block I the rows of block J, and the other way round where both are anchors. */
  #sweep({ plan, window, block, locked }: Phase & { kind: 'sweep' }, task: number): void {
    const { places } = this.#start;
    const pair = new Int32Array(this.#buffer, places.tasks + 8 * task, 2);
    const [first, second] = [pair[0]!, pair[1]!];
    const from = first * block;
    const to = Math.min(from + block, plan.n);
    const panel = (second * block) / 8;
    const lastPanel = Math.ceil(Math.min((second + 1) * block, plan.n) / 8);
    const inWindow = second * block >= window.start && second * block < window.end;
    const both = inWindow && first !== second;
    if (locked) {
      const [low, high] = first < second ? [first, second] : [second, first];
      this.#lock(low);
      if (both) this.#lock(high);
      this.#kernel.sweepAnchors(from, to, panel, lastPanel, both);
      if (both) this.#unlock(high);
      this.#unlock(low);
    } else {
      this.#kernel.sweepAnchors(from, to, panel, lastPanel, both);
    }
  }

  #lock(block: number): void {
    const locks = new Int32Array(this.#buffer, this.#start.places.locks + 4 * block, 1);
    while (Atomics.compareExchange(locks, 0, 0, 1) !== 0) Atomics.wait(locks, 0, 1);
  }

  #unlock(block: number): void {
    const locks = new Int32Array(this.#buffer, this.#start.places.locks + 4 * block, 1);
    Atomics.store(locks, 0, 0);
    Atomics.notify(locks, 0);
  }

  /** Makes the triplets of anchors from what they kept. */
  #triplets(phase: Phase & { kind: 'triplets' }, task: number): void {
    const { plan, window, prefix } = phase;
    const { request } = this.#start;
    const from = window.start + task * ROWS_OF_TASK;
    const to = Math.min(from + ROWS_OF_TASK, window.end);
    const positives = this.#positives;
    const emit = (a: number, p: number, n: number, dp: number, dn: number) =>
      this.#offer(tripletScore(request.margin, dp, dn), a, p, n);
    const starts = new Int32Array(this.#buffer, window.positiveStarts, window.end - window.start);
    const counts = new Int32Array(this.#buffer, window.positiveCounts, window.end - window.start);
    this.#countNear(plan, window, from, to);
    for (let i = from; i < to; i++) {
      const s = i - window.start;
      const count = counts[s]!;
      if (count === 0) continue;
      const at = starts[s]!;
      positives.clear();
      const rows = new Int32Array(this.#buffer, window.positiveRows + 4 * at, count);
      const distances = new Float64Array(this.#buffer, window.positiveDistances + 8 * at, count);
      for (let p = 0; p < count; p++) positives.push(rows[p]!, distances[p]!);
      this.#negativesOf(plan, i, s, prefix);
      this.#rule!.emit(i, positives, this.#negatives, emit, this.#result.counts);
    }
  }

  #countNear(plan: Plan, { start }: Window, from: number, to: number): void {
    const counts = new Int32Array(this.#buffer, plan.nearCounts + 4 * (from - start), to - from);
    for (const count of counts) this.#result.tooNear += count;
  }

  /** Reads an anchor's nearest rows, up to `prefix` of them, and the rows of its gaps, with their exact distances. */
  #negativesOf(plan: Plan, i: number, s: number, prefix: number): void {
    const negatives = this.#negatives;
    negatives.clear();
    if (plan.nearest > 0) this.#nearestOf(plan, i, s, prefix);
    if (plan.gapStarts) {
      const first = new Int32Array(this.#buffer, plan.gapStarts + 4 * s, 1)[0]!;
      const last = new Int32Array(this.#buffer, plan.gapEnds + 4 * s, 1)[0]!;
      const rows = new Int32Array(this.#buffer, plan.gapRows + 4 * first * plan.gapRoom, (last - first) * plan.gapRoom);
      for (const row of rows) if (row >= 0) negatives.push(row, this.#kernel.exact(i, row));
      negatives.sort(this.#ranks);
      negatives.dropRepeats();
    }
  }

  #nearestOf(plan: Plan, i: number, s: number, count: number): void {
    const negatives = this.#negatives;
    const out = this.#start.places.scratch[this.#start.thread]!;
    const kept = this.#kernel.nearestOf(i, out);
    const distances = new Float64Array(this.#buffer, out, kept);
    const rows = new Int32Array(this.#buffer, plan.nearestRows + 4 * s * plan.nearestRoom, kept);
    for (let q = 0; q < kept; q++) negatives.push(rows[q]!, distances[q]!);
    negatives.sort(this.#ranks);
    negatives.count = Math.min(negatives.count, count);
  }

  /** Writes out the nearest rows of anchors. */
  #nearest({ plan, window, count, rows, distances }: Phase & { kind: 'nearest' }, task: number): void {
    const from = window.start + task * ROWS_OF_TASK;
    const to = Math.min(from + ROWS_OF_TASK, window.end);
    const negatives = this.#negatives;
    this.#countNear(plan, window, from, to);
    for (let i = from; i < to; i++) {
      negatives.clear();
      this.#nearestOf(plan, i, i - window.start, count);
      const outRows = new Int32Array(rows, 4 * i * count, count);
      const outDistances = new Float64Array(distances, 8 * i * count, count);
      outRows.fill(-1, negatives.count);
      outDistances.fill(Infinity, negatives.count);
      outRows.set(negatives.rows.subarray(0, negatives.count));
      outDistances.set(negatives.distances.subarray(0, negatives.count));
    }
  }

  /** Goes through the pairs of rows of block I with later rows of block J. */
  #pairsOf({ plan, block }: Phase & { kind: 'pairs' }, task: number): void {
    const { places } = this.#start;
    const rule = this.#pairs!;
    const pool = this.#pool!;
    const kernel = this.#kernel;
    const pair = new Int32Array(this.#buffer, places.tasks + 8 * task, 2);
    const [first, second] = [pair[0]!, pair[1]!];
    const end = Math.min((first + 1) * block, plan.n);
    const panel = (second * block) / 8;
    const lastPanel = Math.ceil(Math.min((second + 1) * block, plan.n) / 8);
    const most = farthestOf(plan);
    const highest = this.#after?.score ?? Infinity;
    for (let from = first * block; from < end; from += plan.blockRows) {
      const wanted = rule.distancesOf(pool.cutoff, highest);
      // in the scale of the bounds nothing lies beyond `most`, and larger numbers would not fit it
      const within = (distance: number) => Math.min(Math.max(distance, 0), most);
      kernel.setBand(
        within(rule.from),
        within(rule.to),
        within(Math.max(rule.from, wanted.from)),
        within(Math.min(rule.to, wanted.to)),
      );
      kernel.sweepPairs(from, Math.min(from + plan.blockRows, end), panel, lastPanel, rule.countNearer);
      this.#result.inBand += kernel.pairsInside();
      const handed = new Int32Array(this.#buffer, kernel.foundPairs(), 2 * kernel.handedPairs());
      for (let at = 0; at < handed.length; at += 2) {
        const i = handed[at]!;
        const j = handed[at + 1]!;
        const d = kernel.exact(i, j);
        if (d < rule.from) this.#result.tooNear += 2;
        else if (d < rule.to) {
          this.#result.inBand++;
          if (this.#ranks[i]! < this.#ranks[j]!) this.#offer(rule.score(d), i, j, -1);
          else this.#offer(rule.score(d), j, i, -1);
        }
      }
    }
  }

  /** Offers a candidate, unless an earlier round looked at it or one of its images is spent. */
  #offer(score: number, a: number, b: number, c: number): void {
    if (this.#after) {
      if (compareEntries(this.#ranks, { score, a, b, c }, this.#after) <= 0) return;
      const spent = new Uint8Array(this.#buffer, this.#start.places.spent, this.#ranks.length);
      if (spent[a] || spent[b] || (c >= 0 && spent[c])) return;
    }
    this.#pool!.offer(score, a, b, c);
  }
}

/** A distance beyond all others of the run: lengths in the bounds' scale are at most 1, so distances at most 2. */
export function farthestOf(plan: Plan): number {
  const { metric, scale } = plan;
  return metric === 0 ? 3 / scale : 9 / scale;
}

function nothing(): PhaseResult {
  return { tooNear: 0, inBand: 0, counts: { relativeMargin: 0, rankWindow: 0 } };
}
