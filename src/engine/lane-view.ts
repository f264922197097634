import { QuestionOrder, worthOf } from '../core/order';
import { pairKey } from '../core/pairs';
import { calibrate } from '../core/relations';
import { isPairSettled, isTripletSettled } from '../core/settled';
import type { ImageHash, MinedLane, PairKey, Relation } from '../core/types';
import type { StandingAnswer } from '../dataset/ledger';
import type { Knowledge } from './knowledge';
import { imagesOf } from './lanes';
import type { CandidateQuestion, QuestionLane, StoredCandidate } from './lanes';

const FIRST_LEARNED = 50;

/** Which pairs of images a candidate asks about. */
export function pairsOf(candidate: CandidateQuestion): [ImageHash, ImageHash][] {
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
  /** what need not be asked: what is known of a pair, less what somebody's opinion is wanted of all the same */
  settledAs(a: ImageHash, b: ImageHash): Relation | undefined;
}

/**
 * A lane as questions: which are open, and in which order they are asked. Kept in step by `refresh`, so that an
 * answer costs the questions it touches and not the whole lane.
 */
export class LaneView {
  #order: QuestionOrder;
  readonly #byId = new Map<string, number>();
  readonly #byPair = new Map<PairKey, number[]>();
  readonly #byImage = new Map<ImageHash, number[]>();
  readonly #implied = new Set<number>();
  /** pairs that somebody judged */
  readonly #judged = new Set<number>();
  /** how many of them the order has learned from */
  #learnedFrom: number;

  constructor(
    readonly stored: QuestionLane,
    readonly context: ViewContext,
    readonly seed: number,
  ) {
    const { candidates } = stored;
    for (const [question, candidate] of candidates.entries()) {
      this.#byId.set(candidate.id, question);
      for (const [a, b] of pairsOf(candidate)) append(this.#byPair, pairKey(a, b), question);
      for (const image of imagesOf(candidate)) append(this.#byImage, image, question);
      this.#countImplied(question);
    }
    this.#learnedFrom = learnableOf(this.#judged.size);
    this.#order = this.#ordered();
  }

  /** In which order the questions are asked; another one after enough answers taught where the model is unsure. */
  get order(): QuestionOrder {
    return this.#order;
  }

  /** Questions that nobody has to answer, because they follow from answers to others. */
  get implied(): number {
    return this.#implied.size;
  }

  /** Whether the question, by its number, is one of those. */
  isImplied(question: number): boolean {
    return this.#implied.has(question);
  }

  /** Takes in that something else is known of these images, or of all. */
  refresh(images: Iterable<ImageHash> | 'all'): void {
    const touched = images === 'all' ? [...this.#byImage.keys()] : [...images];
    for (const image of touched) for (const question of this.#byImage.get(image) ?? []) this.#countImplied(question);
    const learnable = learnableOf(this.#judged.size);
    if (learnable === this.#learnedFrom) {
      this.order.refresh(touched);
      return;
    }
    this.#learnedFrom = learnable;
    this.#order = this.#ordered();
  }

  find(id: string): CandidateQuestion | undefined {
    const question = this.#byId.get(id);
    return question === undefined ? undefined : this.stored.candidates[question];
  }

  /** The place of a candidate in its lane, best first; -1 for one that is not in it. */
  rankOf(id: string): number {
    return this.#byId.get(id) ?? -1;
  }

  /** The candidates that ask about a pair. */
  asking(a: ImageHash, b: ImageHash): CandidateQuestion[] {
    return (this.#byPair.get(pairKey(a, b)) ?? []).map(question => this.stored.candidates[question]);
  }

  /** The candidate that a set of answers was about: the one that asks about all of their pairs and no other. */
  askedBy(answers: readonly StandingAnswer[]): CandidateQuestion | undefined {
    if (answers.length === 0) return undefined;
    const keys = new Set(answers.map(({ a, b }) => pairKey(a, b)));
    return this.asking(answers[0].a, answers[0].b).find(candidate => {
      const asked = pairsOf(candidate);
      return asked.length === keys.size && asked.every(([a, b]) => keys.has(pairKey(a, b)));
    });
  }

  /**
   * The next candidates to ask; the one with the id `first` before all others, while it is open.
   * @param except ids of candidates to pass over
   */
  next(count: number, first?: string, except: ReadonlySet<string> = new Set()): CandidateQuestion[] {
    const { candidates } = this.stored;
    const limit = Math.min(count, candidates.length);
    const passed = new Set([...except].map(id => this.rankOf(id)));
    if (first === undefined || !this.isOpen(first)) return this.order.next(limit, passed).map(q => candidates[q]);
    const wanted = this.rankOf(first);
    return [wanted, ...this.order.next(limit - 1, passed.add(wanted))].map(question => candidates[question]);
  }

  /** Whether the lane holds this candidate and it still asks something. */
  isOpen(id: string): boolean {
    const candidate = this.find(id);
    return candidate !== undefined && !this.isSettled(candidate);
  }

  /**
   * Says which candidates were judged last, oldest first, so that the next ones differ from them. Told from the ledger
   * before each look, so that an undo or a restart leads back to the very same question.
   */
  recall(ids: readonly string[]): void {
    this.order.recall(ids.map(id => this.#byId.get(id)).filter(question => question !== undefined));
  }

  /** Whether a person can look at it: every image lies in the folder, and none is flagged. */
  isThere(candidate: CandidateQuestion): boolean {
    const { knowledge, isThere } = this.context;
    return imagesOf(candidate).every(image => !knowledge.isFlagged(image) && isThere(image));
  }

  isSettled(candidate: CandidateQuestion): boolean {
    if (!this.isThere(candidate)) return true;
    const { settledAs } = this.context;
    return candidate.kind === 'pair'
      ? isPairSettled(candidate.a, candidate.b, settledAs)
      : isTripletSettled(candidate.anchor, candidate.positive, candidate.negative, settledAs);
  }

  #ordered(): QuestionOrder {
    const { candidates, lane, margin } = this.stored;
    const { knowledge, groupOf } = this.context;
    const threshold = this.#threshold();
    const context = { lane: lane as MinedLane, margin, ...(threshold !== undefined && { threshold }) };
    // Where no model was asked, the score is all there is to go by.
    const worth = (candidate: CandidateQuestion) =>
      isMeasured(candidate) ? worthOf(candidate, context) : { violation: candidate.score, uncertainty: 0 };
    return new QuestionOrder(
      candidates.map(candidate => ({ images: imagesOf(candidate), ...worth(candidate) })),
      {
        isOpen: question => !this.isSettled(candidates[question]),
        sizeOf: image => knowledge.graph.sizeOf(image),
        isKnown: (a, b) => knowledge.known(a, b) !== undefined,
        groupOf,
      },
      { seed: this.seed },
    );
  }

  /** At which distance the answers to this lane turn from `same` to `different`: by the earliest of them, so that a restart finds the same. */
  #threshold(): number | undefined {
    if (this.#learnedFrom === 0) return undefined;
    const { state } = this.context.knowledge.ledger;
    const said: { distance: number; relation: Relation; at: number; question: number }[] = [];
    for (const question of this.#judged) {
      const candidate = this.stored.candidates[question];
      if (candidate.kind !== 'pair' || candidate.distance === undefined) continue;
      const answer = state.answersOf(candidate.a, candidate.b).at(-1);
      if (answer) said.push({ distance: candidate.distance, relation: answer.relation, at: answer.at, question });
    }
    said.sort((x, y) => x.at - y.at || x.question - y.question);
    const threshold = calibrate(said.slice(0, this.#learnedFrom))?.threshold;
    // What lies beyond all distances of the lane would make none of them uncertain.
    return threshold !== undefined && threshold > 0 ? threshold : undefined;
  }

  #countImplied(question: number): void {
    const { knowledge } = this.context;
    const candidate = this.stored.candidates[question];
    if (candidate.kind === 'pair' && knowledge.isJudged(candidate.a, candidate.b)) this.#judged.add(question);
    else this.#judged.delete(question);
    const follows = pairsOf(candidate).some(
      ([a, b]) => knowledge.known(a, b) !== undefined && !knowledge.isJudged(a, b),
    );
    if (follows && this.isSettled(candidate)) this.#implied.add(question);
    else this.#implied.delete(question);
  }
}

function isMeasured(candidate: CandidateQuestion): candidate is StoredCandidate {
  return candidate.kind === 'triplet' || candidate.distance !== undefined;
}

/**
 * From how many of so many answers the order learns: 50, 100, 200, 400 and so on. Learning anew after each would cost the
 * whole lane each time, and change the order under the person's hands.
 */
function learnableOf(judged: number): number {
  return judged < FIRST_LEARNED ? 0 : FIRST_LEARNED * 2 ** Math.floor(Math.log2(judged / FIRST_LEARNED));
}

function append<K>(map: Map<K, number[]>, key: K, value: number): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
