import { compareEntries, type CandidatePool, type Entry } from './pool';
import type { Problem } from './problem';

/**
 * Takes candidates best first, as long as the caps allow, until `topK` are there. Greedy and in total order, so that the
 * same inputs give the same candidates. A pool holds only so many; when it ran dry before `topK` were taken, the kernel
 * fills another one with what comes `after` the last candidate seen.
 */
export class Selection {
  readonly taken: Entry[] = [];
  /** the last candidate that was looked at: what is not after it needs no second look */
  last: Entry | undefined;
  readonly #problem: Problem;
  readonly #groups: Int32Array | undefined;
  readonly #perImage: number;
  readonly #perClassPair: number;
  readonly #perGroup: number;
  readonly #images: Int32Array;
  readonly #classPairs = new Map<string, number>();
  readonly #perGroupCounts = new Map<number, number>();

  /** @param groups of near duplicates: a number by row, -1 outside every group */
  constructor(problem: Problem, groups?: Int32Array) {
    const { guards } = problem.request;
    this.#problem = problem;
    this.#groups = groups;
    this.#perImage = guards.perImage ?? Infinity;
    this.#perClassPair = guards.perClassPair ?? Infinity;
    this.#perGroup = groups ? (guards.perDuplicateGroup ?? Infinity) : Infinity;
    this.#images = new Int32Array(problem.data.ids.length);
    for (const name of ['perImage', 'perClassPair', 'perDuplicateGroup'] as const) {
      if (guards[name] !== undefined) problem.leftOut[name] = 0;
    }
  }

  /** a lane's own say over a candidate, asked once for each in order; those it turns down count for no cap */
  accepts: (entry: Entry) => boolean = () => true;
  /** how many of them it turned down */
  turnedDown = 0;
  /** hears of each candidate that the caps allow, when it is counted for them */
  onAllowed: (entry: Entry) => void = () => undefined;
  /**
   * whether all candidates are looked at, though enough are taken: those beyond go by the caps too, as if there were room, so
   * that what is left out for each reason is what it is with more room
   */
  readsOn = false;

  /** Whether no more candidates are wanted. */
  get done(): boolean {
    return this.full && !this.readsOn;
  }

  get full(): boolean {
    return this.taken.length >= this.#problem.request.topK;
  }

  /** Whether an image has all the candidates that its cap allows, so that no more of it need be offered. */
  isSpent(row: number): boolean {
    return !this.readsOn && this.#isOver(row);
  }

  /** Whether a candidate comes after all that was looked at. */
  isAfter(entry: Entry): boolean {
    return this.last === undefined || compareEntries(this.#problem.ranks, entry, this.last) > 0;
  }

  /** Takes what the caps allow from a pool, as far down as the pool is complete. */
  takeFrom(pool: CandidatePool): void {
    const { ranks } = this.#problem;
    for (const at of pool.inOrder()) {
      if (this.done) return;
      const entry = pool.entry(at);
      if (pool.floor && compareEntries(ranks, entry, pool.floor) > 0) break;
      this.last = entry;
      if (this.accepts(entry)) this.take(entry);
      else this.turnedDown++;
    }
  }

  /** Takes a candidate if the caps allow it and there is room. */
  take(entry: Entry): boolean {
    if (this.done) return false;
    const over = this.#capOver(entry);
    if (over) {
      this.#problem.leftOut[over]!++;
      return false;
    }
    this.#count(entry);
    this.onAllowed(entry);
    if (this.full) return false;
    this.taken.push(entry);
    return true;
  }

  #isOver(row: number): boolean {
    return this.#images[row]! >= this.#perImage;
  }

  #capOver({ a, b, c }: Entry): string | undefined {
    if (this.#isOver(a) || this.#isOver(b) || (c >= 0 && this.#isOver(c))) return 'perImage';
    if (this.#perClassPair < Infinity && (this.#classPairs.get(this.#classPair(a, b, c)) ?? 0) >= this.#perClassPair) {
      return 'perClassPair';
    }
    if (this.#groupsOf(a, b, c).some(group => (this.#perGroupCounts.get(group) ?? 0) >= this.#perGroup)) {
      return 'perDuplicateGroup';
    }
    return undefined;
  }

  #count({ a, b, c }: Entry): void {
    this.#images[a]!++;
    this.#images[b]!++;
    if (c >= 0) this.#images[c]!++;
    if (this.#perClassPair < Infinity) {
      const pair = this.#classPair(a, b, c);
      this.#classPairs.set(pair, (this.#classPairs.get(pair) ?? 0) + 1);
    }
    for (const group of this.#groupsOf(a, b, c)) {
      this.#perGroupCounts.set(group, (this.#perGroupCounts.get(group) ?? 0) + 1);
    }
  }

  #classPair(a: number, b: number, c: number): string {
    const { labels } = this.#problem.data;
    const x = labels[a]!;
    const y = labels[c < 0 ? b : c]!;
    return x < y ? `${x} ${y}` : `${y} ${x}`;
  }

  #groupsOf(a: number, b: number, c: number): number[] {
    const groups = this.#groups;
    if (!groups || this.#perGroup === Infinity) return [];
    const touched = [groups[a]!, groups[b]!];
    if (c >= 0) touched.push(groups[c]!);
    return touched.filter((group, at) => group >= 0 && touched.indexOf(group) === at);
  }
}
