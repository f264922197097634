import { mix32 } from '../random';
import type { ImageHash } from '../types';
import { PriorityHeap, PriorityQueue } from './heap';
import type { QuestionTable } from './table';
import type { Worth } from './worth';

/** What the order has to know of the world, asked anew at every refresh. */
export interface OrderContext {
  /**
   * Which pairs of the question an answer would settle: bit 0 for its first image and its second, bit 1 for its first and
   * its third; -1 where the question asks nothing any more (answered, implied, its images gone or flagged).
   */
  unknownOf(question: number): number;
  /** how many images are known to be the same as this one, by its number in the table, itself included */
  sizeOf(image: number): number;
  /** equal for images that look alike to a person (near duplicates); the image itself where absent */
  groupOf?(image: number): string | number;
}

/** What an answer changed; see `RelationChange`. */
export interface OrderChange {
  images: Iterable<ImageHash>;
  resized: readonly { image: ImageHash; from: number }[];
}

export interface OrderOptions {
  seed: number;
  /** how much an answer that settles many pairs is preferred; 0: not at all */
  settleWeight?: number;
  /** what each of a question's images keeps of its worth when it was shown just before; 1: no variety wanted */
  variety?: number;
}

const POOL = 64;
const MEMORY = 8;

/**
 * In which order to ask. A question's priority is
 *
 *     (violation + 0.05) x (uncertainty + 0.05) x (1 + settleWeight x log2(pairs an answer would settle))
 *
 * where one answer on a pair settles |A| x |B| pairs, of the two images' components, whichever way it falls. Where the
 * order is read, variety is laid over it: an image or a look-alike shown in the last eight questions costs worth, the less
 * the longer ago, and a third question in a row about one of them waits while there is any other.
 *
 * Everything is repeatable: one seed, one order. What questions are worth is not worked out when components grow, but when
 * the order is read, and only of those that may come next: kept is a bound, the priority with the components' sizes rounded
 * up to a few steps an octave, which holds until a size goes over a step.
 */
export class QuestionOrder {
  private readonly heap: PriorityHeap;
  /** of each question: violation, uncertainty and chance, as one factor before and one after what it would settle */
  private readonly base: Float64Array;
  private readonly jitter: Float64Array;
  private readonly unknown: Int8Array;
  /** of each open question, what settling many pairs adds, with sizes rounded up */
  private readonly gains: Float64Array;
  /** priorities as last read */
  private readonly exact: Float64Array;
  private readonly settleWeight: number;
  private readonly variety: number;
  private recent: number[] = [];

  constructor(
    readonly table: QuestionTable,
    worthOf: (question: number) => Worth,
    private readonly context: OrderContext,
    { seed, settleWeight = 0.5, variety = 0.5 }: OrderOptions,
  ) {
    const { count } = table;
    this.settleWeight = settleWeight;
    this.variety = variety;
    this.heap = new PriorityHeap(count);
    this.base = new Float64Array(count);
    this.jitter = new Float64Array(count);
    this.unknown = new Int8Array(count);
    this.gains = new Float64Array(count);
    this.exact = new Float64Array(count);
    const mixed = mix32(seed);
    for (let question = 0; question < count; question++) {
      // Breaks ties only: equal questions come in a random but repeatable order.
      this.jitter[question] = 1 + (mix32(mixed ^ question) / 2 ** 32) * 1e-6;
      this.unknown[question] = context.unknownOf(question);
      this.gains[question] = this.gainOf(question, roundedUp);
    }
    this.learn(worthOf);
  }

  /** Questions that are still open. */
  get open(): number {
    return this.heap.size;
  }

  /** What the question is worth now, variety aside; 0 for one that is settled. */
  priority(question: number): number {
    return this.heap.has(question) ? this.weigh(question, this.gainOf(question, asItIs)) : 0;
  }

  /** Takes other worths for all questions; what an answer would settle stays as it is. */
  learn(worthOf: (question: number) => Worth): void {
    const { base, gains, unknown } = this;
    for (let question = 0; question < this.table.count; question++) {
      const { violation, uncertainty } = worthOf(question);
      base[question] = (violation + 0.05) * (uncertainty + 0.05);
    }
    this.heap.fill(
      question => unknown[question] >= 0,
      question => this.weigh(question, gains[question]),
    );
  }

  /**
   * Takes in that something else is known of these images, an answer's `RelationChange.images`: or they were flagged, or
   * their files moved. Costs the questions about them.
   */
  refresh(images: Iterable<ImageHash>): void {
    for (const question of this.table.aboutAny(images)) {
      this.unknown[question] = this.context.unknownOf(question);
      if (this.unknown[question] < 0) this.heap.delete(question);
      else this.bound(question);
    }
  }

  /**
   * Takes in what an answer changed. Of a component that grew or shrank, its images are looked at only where the bounds of
   * their questions hold no more, which they do for a quarter of its size.
   */
  update({ images, resized }: OrderChange, membersOf: (image: ImageHash) => readonly ImageHash[]): void {
    this.refresh(images);
    for (const { image, from } of resized) {
      const members = membersOf(image);
      if (roundedUp(from) === roundedUp(members.length)) continue;
      for (const question of this.table.aboutAny(members)) if (this.unknown[question] >= 0) this.bound(question);
    }
  }

  /** Notes that a question was put to the person, so that the next ones differ from it. */
  shown(question: number): void {
    if (this.recent.at(-1) === question) return;
    this.recent = [...this.recent.slice(1 - MEMORY), question];
  }

  /** Sets what was put to the person last, oldest first, in place of what `shown` noted: so that a restart asks the same. */
  recall(questions: readonly number[]): void {
    this.recent = questions.slice(-MEMORY);
  }

  /**
   * The next questions in the order in which they would be asked if none were answered, without using them up.
   * @param count at most so many
   * @param except questions to pass over: on screen now, or leased by somebody else
   */
  next(count: number, except: ReadonlySet<number> = new Set()): number[] {
    const found: number[] = [];
    const source = this.ranked();
    const pool: number[] = [];
    const fill = (size: number) => {
      while (pool.length < size) {
        const { value, done } = source.next();
        if (done) return;
        if (!except.has(value)) pool.push(value);
      }
    };
    const recent = [...this.recent];
    while (found.length < count) {
      fill(POOL);
      if (pool.length === 0) break;
      let best = this.choose(pool, recent);
      for (let size = POOL * 4; best.repetitive && pool.length >= size / 4; size *= 4) {
        fill(size);
        best = this.choose(pool, recent);
      }
      found.push(pool[best.place]);
      recent.push(pool[best.place]);
      pool.splice(best.place, 1);
    }
    return found;
  }

  /** The open questions, what is worth most first. Each costs the few whose bounds lie above it. */
  *ranked(): Generator<number> {
    const { heap, exact } = this;
    const source = heap.best();
    let next = source.next();
    const ready = new PriorityQueue((x: number, y: number) => exact[x] > exact[y] || (exact[x] === exact[y] && x < y));
    for (;;) {
      while (!next.done && (ready.size === 0 || heap.priority(next.value) >= exact[ready.first!])) {
        exact[next.value] = this.weigh(next.value, this.gainOf(next.value, asItIs));
        ready.push(next.value);
        next = source.next();
      }
      if (ready.size === 0) return;
      yield ready.pop()!;
    }
  }

  private bound(question: number): void {
    this.gains[question] = this.gainOf(question, roundedUp);
    this.heap.set(question, this.weigh(question, this.gains[question]));
  }

  /** The priority: never less for a greater gain. */
  private weigh(question: number, gain: number): number {
    return this.base[question] * gain * this.jitter[question];
  }

  /** What settling many pairs adds, with the sizes of components as they are or rounded: never less for greater sizes. */
  private gainOf(question: number, rounded: (size: number) => number): number {
    const { images } = this.table;
    const unknown = this.unknown[question];
    let settles = 0;
    if (unknown > 0) {
      const at = question * 3;
      const anchor = rounded(this.context.sizeOf(images[at]));
      if (unknown & 1) settles += anchor * rounded(this.context.sizeOf(images[at + 1]));
      if (unknown & 2) settles += anchor * rounded(this.context.sizeOf(images[at + 2]));
    }
    return 1 + this.settleWeight * Math.log2(Math.max(1, settles));
  }

  /** The pool's best question after the recent ones; repetitive where none is without being the third of its kind. */
  private choose(pool: readonly number[], recent: readonly number[]): { place: number; repetitive: boolean } {
    const age = new Map<string | number, number>();
    const last = recent.slice(-MEMORY);
    for (const [i, question] of last.entries()) for (const key of this.keys(question)) age.set(key, last.length - i);
    const two = last.slice(-2).map(question => new Set(this.keys(question)));
    let best = -1;
    let bestWorth = -1;
    let fresh = -1;
    let freshWorth = -1;
    for (const [place, question] of pool.entries()) {
      const priority = this.exact[question];
      // The pool is in order, so nothing further on can be worth more than its own priority.
      if (fresh >= 0 && priority <= freshWorth) break;
      const keys = this.keys(question);
      let worth = priority;
      for (const key of keys) {
        const ago = age.get(key);
        if (ago !== undefined) worth *= 1 - (1 - this.variety) * (1 - (ago - 1) / MEMORY);
      }
      if (worth > bestWorth) [best, bestWorth] = [place, worth];
      const third = two.length === 2 && two.every(before => keys.some(key => before.has(key)));
      if (!third && worth > freshWorth) [fresh, freshWorth] = [place, worth];
    }
    return fresh >= 0 ? { place: fresh, repetitive: false } : { place: best, repetitive: true };
  }

  private keys(question: number): (string | number)[] {
    const keys: (string | number)[] = [];
    for (let at = question * 3; at < question * 3 + 3; at++) {
      const image = this.table.images[at];
      if (image >= 0) keys.push(this.context.groupOf === undefined ? image : this.context.groupOf(image));
    }
    return keys;
  }
}

const asItIs = (size: number) => size;

/** At least the size, at most a quarter more: as it is up to 8, above that in four steps an octave. */
function roundedUp(size: number): number {
  if (size <= 8) return size;
  const step = 2 ** (29 - Math.clz32(size));
  return Math.ceil(size / step) * step;
}
