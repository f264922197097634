import { Neighbours } from '../core/mining/neighbours';
import { nextDown } from '../core/triplets';
import { TripletRule, tripletScore } from '../core/mining/triplet-rule';
import {
  ROWS_OF_TASK,
  type ListPhase,
  type NearestPhase,
  type OpenPhase,
  type SweepPhase,
  type TripletsPhase,
  type Window,
} from './phases';
import { farthestOf, type Plan } from './plan';
import { emitFromGaps } from './gap-triplets';
import { takeUp } from './take-up';
import type { Thread } from './thread';

/** One thread's part of a pass in which rows are anchors. */
export class AnchorWork {
  readonly #thread: Thread;
  readonly #rule: TripletRule;
  readonly #positives = new Neighbours();
  readonly #negatives = new Neighbours();

  constructor(thread: Thread) {
    this.#thread = thread;
    this.#rule = new TripletRule(thread.request);
  }

  /** Finds the positives of anchors and opens what they keep. */
  open({ plan, window, wantsPositives, resume }: OpenPhase & { plan: Plan }, task: number): void {
    const { i32, f32 } = this.#thread.views;
    const from = window.start + task * ROWS_OF_TASK;
    const to = Math.min(from + ROWS_OF_TASK, window.end);
    for (let i = from; i < to; i++) {
      const s = i - window.start;
      i32[plan.nearestCounts / 4 + s] = 0;
      if (wantsPositives) this.#findPositives(plan, window, i, s);
      const idle = plan.nearest === 0 || (wantsPositives && this.#positives.count === 0);
      const reach = idle ? -Infinity : Infinity;
      f32[plan.nearestReach / 4 + s] = reach;
      if (plan.gapStarts) this.#openGaps(plan, i, s);
      else f32[plan.reach / 4 + s] = Math.max(plan.leastKey, reach);
      if (plan.intact) takeUp(this.#thread, plan, window, i, resume);
    }
  }

  #findPositives(plan: Plan, window: Window, i: number, s: number): void {
    const { places, kernel, ranks, result } = this.#thread;
    const { i32, u8, f64 } = this.#thread.views;
    const positives = this.#positives;
    positives.clear();
    const copies = plan.copies / 4;
    let answer = i32[plan.answeredStarts / 4 + i]!;
    const answersEnd = i32[plan.answeredStarts / 4 + i + 1]!;
    const members = places.classMembers / 4;
    const classTo = i32[places.classTo / 4 + i]!;
    for (let member = i32[places.classFrom / 4 + i]!; member < classTo; member++) {
      const j = i32[members + member]!;
      // answered rows ascend as j does
      while (answer < answersEnd && i32[plan.answeredOthers / 4 + answer]! < j) answer++;
      const known = answer < answersEnd && i32[plan.answeredOthers / 4 + answer] === j;
      if (j === i || i32[copies + j] === i32[copies + i] || (known && !u8[places.answeredSame + answer])) continue;
      const d = kernel.exact(i, j);
      if (d >= plan.least) positives.push(j, d);
      else if (j > i) result.tooNear += 2;
    }
    positives.sort(ranks);
    const { count, rows, distances } = positives;
    const at = i32[window.positiveStarts / 4 + s]!;
    i32[window.positiveCounts / 4 + s] = count;
    i32.set(rows.subarray(0, count), window.positiveRows / 4 + at);
    f64.set(distances.subarray(0, count), window.positiveDistances / 8 + at);
  }

  #openGaps(plan: Plan, i: number, s: number): void {
    const { views, kernel, request } = this.#thread;
    const { count, distances } = this.#positives;
    const start = views.i32[plan.gapStarts / 4 + s]!;
    const begin = plan.gapFrom / 8 + start;
    let gaps = 0;
    let end = 0;
    let ascending = true;
    if (this.#rule.isPlain) {
      // they begin beyond the positives, whose distances are there already
      gaps = count;
      if (count > 0) end = this.#rule.band(distances[count - 1]!).to;
    } else {
      for (let at = request.strategy === 'hardest' ? Math.max(0, count - 1) : 0; at < count; at++) {
        const band = this.#rule.band(distances[at]!);
        if (band.from >= band.to) continue;
        const before = band.from > 0 ? nextDown(band.from) : -Number.MIN_VALUE;
        ascending &&= gaps === 0 || before >= views.f64[begin + gaps - 1]!;
        views.f64[begin + gaps++] = before;
        end = Math.max(end, band.to);
      }
      if (!ascending) views.f64.subarray(begin, begin + gaps).sort();
    }
    views.i32[plan.gapEnds / 4 + s] = start + gaps;
    kernel.openGaps(i, Math.min(end, farthestOf(plan)));
  }

  /** Shows the anchors of block I the rows of block J, and the other way round where both are anchors. */
  sweep({ plan, window, block, locked }: SweepPhase & { plan: Plan }, task: number): void {
    const { places, kernel, views } = this.#thread;
    const pair = places.tasks / 4 + 2 * task;
    const first = views.i32[pair]!;
    const second = views.i32[pair + 1]!;
    const from = first * block;
    const to = Math.min(from + block, plan.n);
    const lastPanel = Math.ceil(Math.min((second + 1) * block, plan.n) / 8);
    const both = first !== second && second * block >= window.start && second * block < window.end;
    this.#locked(locked, both ? [Math.min(first, second), Math.max(first, second)] : [first], () =>
      kernel.sweepAnchors(from, to, (second * block) / 8, lastPanel, both),
    );
  }

  /** Shows listed anchors the rows of a block, and fresh ones to the intact anchors there. */
  list({ plan, window, block, fresh, listed, locked }: ListPhase & { plan: Plan }, task: number): void {
    const blocks = Math.ceil(plan.n / block);
    const freshChunks = Math.ceil(fresh / plan.blockRows);
    const chunks = freshChunks + Math.ceil((listed - fresh) / plan.blockRows);
    const chunk = task % chunks;
    const second = (Math.floor(task / chunks) + chunk) % blocks;
    const isFresh = chunk < freshChunks;
    const from = isFresh ? chunk * plan.blockRows : fresh + (chunk - freshChunks) * plan.blockRows;
    const to = Math.min(from + plan.blockRows, isFresh ? fresh : listed);
    const lastPanel = Math.ceil(Math.min((second + 1) * block, plan.n) / 8);
    this.#locked(locked, [second, blocks + chunk], () =>
      this.#thread.kernel.sweepList(window.list + 4 * from, to - from, (second * block) / 8, lastPanel, isFresh),
    );
  }

  /** Holds locks, taken in ascending order, around some work. */
  #locked(locked: boolean, locks: number[], work: () => void): void {
    if (locked) for (const lock of locks) this.#thread.lock(lock);
    work();
    if (locked) for (const lock of locks) this.#thread.unlock(lock);
  }

  /** Makes the triplets of anchors from what they kept. */
  triplets({ plan, window, prefix }: TripletsPhase & { plan: Plan }, task: number): void {
    const { request, result, views } = this.#thread;
    const { i32, f64 } = views;
    const from = window.start + task * ROWS_OF_TASK;
    const to = Math.min(from + ROWS_OF_TASK, window.end);
    const positives = this.#positives;
    const emit = (a: number, p: number, n: number, dp: number, dn: number) =>
      this.#thread.offer(tripletScore(request.margin, dp, dn), a, p, n);
    this.#countNear(plan, window, from, to);
    for (let i = from; i < to; i++) {
      const s = i - window.start;
      const at = i32[window.positiveStarts / 4 + s]!;
      const count = i32[window.positiveCounts / 4 + s]!;
      if (count === 0) continue;
      if (this.#rule.isPlain && plan.gapStarts) {
        emitFromGaps(this.#thread, plan, window, i);
        continue;
      }
      positives.clear();
      const rows = window.positiveRows / 4 + at;
      const distances = window.positiveDistances / 8 + at;
      for (let p = 0; p < count; p++) positives.push(i32[rows + p]!, f64[distances + p]!);
      this.#readNegatives(plan, i, s, prefix);
      this.#rule.emit(i, positives, this.#negatives, emit, result.counts);
    }
  }

  /** Writes out the nearest rows of anchors. */
  nearest({ plan, window, count, rows, distances }: NearestPhase & { plan: Plan }, task: number): void {
    const from = window.start + task * ROWS_OF_TASK;
    const to = Math.min(from + ROWS_OF_TASK, window.end);
    const outRows = new Int32Array(rows);
    const outDistances = new Float64Array(distances);
    const negatives = this.#negatives;
    this.#countNear(plan, window, from, to);
    for (let i = from; i < to; i++) {
      negatives.clear();
      this.#readNearest(plan, i, i - window.start, count);
      outRows.set(negatives.rows.subarray(0, negatives.count), i * count);
      outDistances.set(negatives.distances.subarray(0, negatives.count), i * count);
    }
  }

  #countNear(plan: Plan, { start }: Window, from: number, to: number): void {
    const { views, result } = this.#thread;
    for (let i = from; i < to; i++) result.tooNear += views.i32[plan.nearCounts / 4 + i - start]!;
  }

  /** Reads an anchor's nearest rows, up to `prefix` of them, and the rows of its gaps, with their exact distances. */
  #readNegatives(plan: Plan, i: number, s: number, prefix: number): void {
    const { views, kernel, ranks } = this.#thread;
    const { i32 } = views;
    const negatives = this.#negatives;
    negatives.clear();
    if (plan.nearest > 0) this.#readNearest(plan, i, s, prefix);
    if (!plan.gapStarts) return;
    const first = plan.gapRows / 4 + i32[plan.gapStarts / 4 + s]! * plan.gapRoom;
    const last = plan.gapRows / 4 + i32[plan.gapEnds / 4 + s]! * plan.gapRoom;
    for (let at = first; at < last; at++) {
      const row = i32[at]!;
      if (row >= 0) negatives.push(row, kernel.exact(i, row));
    }
    negatives.sort(ranks);
    negatives.dropRepeats();
  }

  #readNearest(plan: Plan, i: number, s: number, count: number): void {
    const { views, kernel, ranks, scratch } = this.#thread;
    const negatives = this.#negatives;
    const kept = kernel.nearestOf(i, scratch);
    const rows = plan.nearestRows / 4 + s * plan.nearestRoom;
    for (let q = 0; q < kept; q++) negatives.push(views.i32[rows + q]!, views.f64[scratch / 8 + q]!);
    negatives.sort(ranks);
    negatives.count = Math.min(negatives.count, count);
  }
}
