import { PairTable } from '../core/flat';
import { CERTAIN } from '../core/mining/label-errors';
import { type OrderChange, QuestionOrder, QuestionTable, type Worth, worthOf } from '../core/order';
import { pairKey } from '../core/pairs';
import { calibrate, type RelationGraph } from '../core/relations';
import { isPairSettled, isTripletSettled, isTripletSettledBy } from '../core/settled';
import type { ImageHash, MinedLane, Relation } from '../core/types';
import type { StandingAnswer } from '../dataset/ledger';
import type { Knowledge } from './knowledge';
import { imagesOf } from './lanes';
import type { CandidateQuestion, QuestionLane, StoredCandidate } from './lanes';

const FIRST_LEARNED = 50;
/** Of a question that needs no model's opinion, such as an image under two classes: before whatever distances say. */
const FIRST_OF_ALL: Worth = { violation: 1e6, uncertainty: 1 };

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
  /** what need not be asked of a pair: what is known of it, less what somebody's opinion is wanted of all the same */
  settledAs(a: ImageHash, b: ImageHash, known: Relation | undefined): Relation | undefined;
}

/**
 * A lane as questions: which are open, and in which order they are asked. Kept in step by `update` and `refresh`, so that an
 * answer costs the questions about which something else is known now, and not the whole lane, nor all about the images of a
 * large component.
 */
export class LaneView {
  readonly #order: QuestionOrder;
  readonly #table: QuestionTable;
  /** of each image of the table: its node in the graph, -1 while nobody judged it, and whether a person can look at it */
  #graph: RelationGraph | undefined;
  readonly #nodes: Int32Array;
  readonly #there: Uint8Array;
  readonly #byId = new Map<string, number>();
  /** the pairs that are asked about, by the numbers of their images, and the questions that do */
  readonly #pairs = new PairTable();
  readonly #byPair: number[][] = [];
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
    const { knowledge, groupOf } = context;
    this.#table = new QuestionTable(candidates.map(imagesOf));
    const { hashes } = this.#table;
    this.#nodes = new Int32Array(hashes.length);
    this.#there = new Uint8Array(hashes.length);
    this.#look(hashes);
    for (const [question, candidate] of candidates.entries()) {
      this.#byId.set(candidate.id, question);
      for (const [a, b] of pairsOf(candidate)) (this.#byPair[this.#pairOf(a, b, true)] ??= []).push(question);
      this.#countImplied(question);
    }
    this.#learnedFrom = learnableOf(this.#judged.size);
    this.#order = new QuestionOrder(
      this.#table,
      this.#worth(),
      {
        unknownOf: question => this.#unknownOf(question),
        sizeOf: image => (this.#nodes[image] < 0 ? 1 : knowledge.graph.sizeAt(this.#nodes[image])),
        groupOf: image => groupOf(hashes[image]),
      },
      { seed },
    );
  }

  /** In which order the questions are asked; it learns from the answers where the model is unsure. */
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

  /** Takes in what answers changed. */
  update({ images, resized }: OrderChange): void {
    const known = [...images];
    this.#look(known);
    for (const question of this.#table.aboutAny(known)) this.#countImplied(question);
    const { graph } = this.context.knowledge;
    this.#order.update({ images: known, resized }, image => graph.membersOf(image));
    this.#learn();
  }

  /** Takes in that something else holds of these images, or of all. */
  refresh(images: readonly ImageHash[] | 'all'): void {
    this.update({ images: images === 'all' ? this.#table.hashes : images, resized: [] });
  }

  find(id: string): CandidateQuestion | undefined {
    const question = this.#byId.get(id);
    return question === undefined ? undefined : this.stored.candidates[question];
  }

  /** The place of a candidate in its lane, best first; -1 for one that is not in it. */
  rankOf(id: string): number {
    return this.#byId.get(id) ?? -1;
  }

  /** Whether any candidate asks about a pair. */
  asks(a: ImageHash, b: ImageHash): boolean {
    return this.#pairOf(a, b) >= 0;
  }

  /** The candidates that ask about a pair. */
  asking(a: ImageHash, b: ImageHash): CandidateQuestion[] {
    return (this.#byPair[this.#pairOf(a, b)] ?? []).map(question => this.stored.candidates[question]);
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
    const { settledAs, knowledge } = this.context;
    const settled = (a: ImageHash, b: ImageHash) => settledAs(a, b, knowledge.known(a, b));
    return candidate.kind === 'pair'
      ? isPairSettled(candidate.a, candidate.b, settled)
      : isTripletSettled(candidate.anchor, candidate.positive, candidate.negative, settled);
  }

  /** Learns where the model is unsure, once there are enough more answers. */
  #learn(): void {
    const learnable = learnableOf(this.#judged.size);
    if (learnable === this.#learnedFrom) return;
    this.#learnedFrom = learnable;
    this.#order.learn(this.#worth());
  }

  /** The number of a pair that is asked about, or (`isNew`) will be; -1 for any other. */
  #pairOf(a: ImageHash, b: ImageHash, isNew = false): number {
    const [x, y] = [this.#table.numberOf(a), this.#table.numberOf(b)];
    if (x === undefined || y === undefined) return -1;
    return isNew
      ? this.#pairs.intern(Math.min(x, y), Math.max(x, y))
      : this.#pairs.find(Math.min(x, y), Math.max(x, y));
  }

  /** What makes each question worth asking. */
  #worth(): (question: number) => Worth {
    const { candidates, lane, margin } = this.stored;
    const threshold = this.#threshold();
    const context = { lane: lane as MinedLane, margin, ...(threshold !== undefined && { threshold }) };
    return question => {
      const candidate = candidates[question];
      if (lane === 'label-errors' && candidate.score >= CERTAIN) return FIRST_OF_ALL;
      // Where no model was asked, the score is all there is to go by.
      return isMeasured(candidate) ? worthOf(candidate, context) : { violation: candidate.score, uncertainty: 0 };
    };
  }

  /** At which distance the answers to this lane turn from `same` to `different`: by the earliest of them, so that a restart finds the same. */
  #threshold(): number | undefined {
    if (this.#learnedFrom === 0) return undefined;
    const { graph } = this.context.knowledge;
    const said: { distance: number; relation: Relation; at: number; question: number }[] = [];
    for (const question of this.#judged) {
      const candidate = this.stored.candidates[question];
      if (candidate.kind !== 'pair' || candidate.distance === undefined) continue;
      const answer = graph.judgements(candidate.a, candidate.b).at(-1);
      if (answer) said.push({ distance: candidate.distance, relation: answer.relation, at: answer.at ?? 0, question });
    }
    said.sort((x, y) => x.at - y.at || x.question - y.question);
    const threshold = calibrate(said.slice(0, this.#learnedFrom))?.threshold;
    // What lies beyond all distances of the lane would make none of them uncertain.
    return threshold !== undefined && threshold > 0 ? threshold : undefined;
  }

  /** Notes of images whether a person can look at them, and where they are in the graph. */
  #look(images: Iterable<ImageHash>): void {
    const { knowledge, isThere } = this.context;
    const { graph } = knowledge;
    if (this.#graph !== graph) {
      // Read anew, its nodes are other ones.
      this.#graph = graph;
      for (const [image, hash] of this.#table.hashes.entries()) this.#nodes[image] = graph.nodeOf(hash) ?? -1;
    }
    for (const hash of images) {
      const image = this.#table.numberOf(hash);
      if (image === undefined) continue;
      this.#there[image] = Number(!knowledge.isFlagged(hash) && isThere(hash));
      if (this.#nodes[image] < 0) this.#nodes[image] = graph.nodeOf(hash) ?? -1;
    }
  }

  /** The pairs of a question, each with what is known of it: relation, whether somebody judged it, and as what it is settled. */
  #pairsAt(question: number): PairNow[] {
    const { images, hashes } = this.#table;
    const { knowledge, settledAs } = this.context;
    const anchor = images[question * 3];
    const x = this.#nodes[anchor];
    const pairs: PairNow[] = [];
    for (let at = question * 3 + 1; at < question * 3 + 3; at++) {
      const other = images[at];
      if (other < 0) break;
      const y = this.#nodes[other];
      const known = x < 0 || y < 0 ? undefined : knowledge.knownAt(x, y);
      const isJudged = known !== undefined && knowledge.graph.edgeOf(x, y) !== undefined;
      pairs.push({ known, isJudged, settled: settledAs(hashes[anchor], hashes[other], known) });
    }
    return pairs;
  }

  #isSettledAt(question: number, [first, second]: readonly PairNow[]): boolean {
    const { images } = this.#table;
    for (let at = question * 3; at < question * 3 + 3; at++)
      if (images[at] >= 0 && !this.#there[images[at]]) return true;
    return second === undefined ? first.settled !== undefined : isTripletSettledBy(first.settled, second.settled);
  }

  #unknownOf(question: number): number {
    const pairs = this.#pairsAt(question);
    if (this.#isSettledAt(question, pairs)) return -1;
    return pairs.reduce((bits, { known }, i) => bits | (known === undefined ? 1 << i : 0), 0);
  }

  #countImplied(question: number): void {
    const pairs = this.#pairsAt(question);
    if (pairs.length === 1 && pairs[0].isJudged) this.#judged.add(question);
    else this.#judged.delete(question);
    const follows = pairs.some(({ known, isJudged }) => known !== undefined && !isJudged);
    if (follows && this.#isSettledAt(question, pairs)) this.#implied.add(question);
    else this.#implied.delete(question);
  }
}

/** What is known of one pair of a question. */
interface PairNow {
  known: Relation | undefined;
  isJudged: boolean;
  /** undefined where it is asked all the same */
  settled: Relation | undefined;
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
