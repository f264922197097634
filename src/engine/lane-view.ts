import { QuestionOrder, worthOf } from '../core/order';
import { pairKey } from '../core/pairs';
import { isPairSettled, isTripletSettled } from '../core/settled';
import type { ImageHash, PairKey } from '../core/types';
import type { Knowledge } from './knowledge';
import { imagesOf } from './lanes';
import type { StoredCandidate, StoredLane } from './lanes';

/** Which pairs of images a candidate asks about. */
export function pairsOf(candidate: StoredCandidate): [ImageHash, ImageHash][] {
  return candidate.kind === 'pair'
    ? [[candidate.a, candidate.b]]
    : [
        [candidate.anchor, candidate.positive],
        [candidate.anchor, candidate.negative],
      ];
}

export interface ViewContext {
  knowledge: Knowledge;
  /** whether the image still lies in the folder */
  isThere(image: ImageHash): boolean;
  /** equal for images that look alike */
  groupOf(image: ImageHash): ImageHash | number;
}

/**
 * A mined lane as questions: which are open, and in which order they are asked. Kept in step by `refresh`, so that an
 * answer costs the questions it touches and not the whole lane.
 */
export class LaneView {
  readonly order: QuestionOrder;
  readonly #byId = new Map<string, number>();
  readonly #byPair = new Map<PairKey, number[]>();
  readonly #byImage = new Map<ImageHash, number[]>();
  readonly #implied = new Set<number>();

  constructor(
    readonly stored: StoredLane,
    readonly context: ViewContext,
    seed: number,
  ) {
    const { candidates, lane, margin } = stored;
    for (const [question, candidate] of candidates.entries()) {
      this.#byId.set(candidate.id, question);
      for (const [a, b] of pairsOf(candidate)) append(this.#byPair, pairKey(a, b), question);
      for (const image of imagesOf(candidate)) append(this.#byImage, image, question);
      this.#countImplied(question);
    }
    const { knowledge } = context;
    this.order = new QuestionOrder(
      candidates.map(candidate => ({ images: imagesOf(candidate), ...worthOf(candidate, { lane, margin }) })),
      {
        isOpen: question => !this.isSettled(candidates[question]),
        sizeOf: image => knowledge.graph.sizeOf(image),
        isKnown: (a, b) => knowledge.known(a, b) !== undefined,
        groupOf: context.groupOf,
      },
      { seed },
    );
  }

  /** Questions that nobody has to answer, because they follow from answers to others. */
  get implied(): number {
    return this.#implied.size;
  }

  /** Takes in that something else is known of these images, or of all. */
  refresh(images: Iterable<ImageHash> | 'all'): void {
    const touched = images === 'all' ? [...this.#byImage.keys()] : [...images];
    for (const image of touched) for (const question of this.#byImage.get(image) ?? []) this.#countImplied(question);
    this.order.refresh(touched);
  }

  find(id: string): StoredCandidate | undefined {
    const question = this.#byId.get(id);
    return question === undefined ? undefined : this.stored.candidates[question];
  }

  /** The place of a candidate in its lane, best first; -1 for one that is not in it. */
  rankOf(id: string): number {
    return this.#byId.get(id) ?? -1;
  }

  /** The candidates that ask about a pair. */
  asking(a: ImageHash, b: ImageHash): StoredCandidate[] {
    return (this.#byPair.get(pairKey(a, b)) ?? []).map(question => this.stored.candidates[question]);
  }

  /** The next candidates to ask; the one with the id `first` before all others, while it is open. */
  next(count: number, first?: string): StoredCandidate[] {
    const { candidates } = this.stored;
    const wanted = first === undefined ? undefined : this.#byId.get(first);
    const limit = Math.min(count, candidates.length);
    if (wanted === undefined || this.isSettled(candidates[wanted]))
      return this.order.next(limit).map(q => candidates[q]);
    return [wanted, ...this.order.next(limit - 1, new Set([wanted]))].map(question => candidates[question]);
  }

  /**
   * Says which candidates were judged last, oldest first, so that the next ones differ from them. Told from the ledger
   * before each look, so that an undo or a restart leads back to the very same question.
   */
  recall(ids: readonly string[]): void {
    this.order.recall(ids.map(id => this.#byId.get(id)).filter(question => question !== undefined));
  }

  isSettled(candidate: StoredCandidate): boolean {
    const { knowledge, isThere } = this.context;
    if (imagesOf(candidate).some(image => knowledge.isFlagged(image) || !isThere(image))) return true;
    return candidate.kind === 'pair'
      ? isPairSettled(candidate.a, candidate.b, knowledge.known)
      : isTripletSettled(candidate.anchor, candidate.positive, candidate.negative, knowledge.known);
  }

  #countImplied(question: number): void {
    const { knowledge } = this.context;
    const candidate = this.stored.candidates[question];
    const follows = pairsOf(candidate).some(
      ([a, b]) => knowledge.known(a, b) !== undefined && !knowledge.isJudged(a, b),
    );
    if (follows && this.isSettled(candidate)) this.#implied.add(question);
    else this.#implied.delete(question);
  }
}

function append<K>(map: Map<K, number[]>, key: K, value: number): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
