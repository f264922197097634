import { mix32 } from '../random';
import type { ImageHash } from '../types';
import { PriorityHeap } from './heap';
import type { Worth } from './worth';

/** Something to ask: two images, or anchor, positive and negative. */
export interface Question extends Worth {
  images: readonly ImageHash[];
}

/** What the order has to know of the world, asked anew at every refresh. */
export interface OrderContext {
  /** whether the question still asks something: not answered, not implied, its images there and not flagged */
  isOpen(question: number): boolean;
  /** how many images are known to be the same as this one, itself included */
  sizeOf(image: ImageHash): number;
  /** whether the relation of the two is known */
  isKnown(a: ImageHash, b: ImageHash): boolean;
  /** equal for images that look alike to a person (near duplicates); the image itself where absent */
  groupOf?(image: ImageHash): string | number;
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
 * Everything is repeatable: one seed, one order. A refresh costs the questions that hold the images in question.
 */
export class QuestionOrder {
  private readonly heap: PriorityHeap;
  private readonly touching = new Map<ImageHash, number[]>();
  private readonly jitter: Float64Array;
  private readonly settleWeight: number;
  private readonly variety: number;
  private recent: number[] = [];

  constructor(
    readonly questions: readonly Question[],
    private readonly context: OrderContext,
    { seed, settleWeight = 0.5, variety = 0.5 }: OrderOptions,
  ) {
    this.settleWeight = settleWeight;
    this.variety = variety;
    this.heap = new PriorityHeap(questions.length);
    this.jitter = new Float64Array(questions.length);
    for (const [question, { images }] of questions.entries()) {
      // Breaks ties only: equal questions come in a random but repeatable order.
      this.jitter[question] = 1 + (mix32(mix32(seed) ^ question) / 2 ** 32) * 1e-6;
      for (const image of images) {
        const list = this.touching.get(image);
        if (list === undefined) this.touching.set(image, [question]);
        else list.push(question);
      }
      this.evaluate(question);
    }
  }

  /** Questions that are still open. */
  get open(): number {
    return this.heap.size;
  }

  /** What the question is worth now, variety aside; 0 for one that is settled. */
  priority(question: number): number {
    return this.heap.has(question) ? this.heap.priority(question) : 0;
  }

  /** Takes in that something is different about these images: an answer's `RelationChange.images`, a flag, a moved file. */
  refresh(images: Iterable<ImageHash>): void {
    const affected = new Set<number>();
    for (const image of images) for (const question of this.touching.get(image) ?? []) affected.add(question);
    for (const question of affected) this.evaluate(question);
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
    const source = this.heap.best();
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

  private evaluate(question: number): void {
    if (!this.context.isOpen(question)) {
      this.heap.delete(question);
      return;
    }
    const { images, violation, uncertainty } = this.questions[question];
    let settles = 0;
    for (let i = 1; i < images.length; i++) {
      if (this.context.isKnown(images[0], images[i])) continue;
      settles += this.context.sizeOf(images[0]) * this.context.sizeOf(images[i]);
    }
    const gain = 1 + this.settleWeight * Math.log2(Math.max(1, settles));
    this.heap.set(question, (violation + 0.05) * (uncertainty + 0.05) * gain * this.jitter[question]);
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
      const priority = this.heap.priority(question);
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
    const { images } = this.questions[question];
    return this.context.groupOf === undefined ? [...images] : images.map(image => this.context.groupOf!(image));
  }
}
