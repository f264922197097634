import type { OrderChange } from '../core/order';
import { relationsOfVerdict } from '../core/pairs';
import { verdictOf } from '../core/settled';
import type { ImageHash, Lane, Relation, TripletVerdict } from '../core/types';
import { tripletAnswers } from '../dataset/ledger';
import type { AnswerDraft, Ledger, StandingAnswer } from '../dataset/ledger';
import type {
  AnswerParams,
  ClassProposalInfo,
  ImageRef,
  Item,
  LabelWindow,
  LaneState,
  MinedLaneState,
  RankedItem,
  SaidBy,
} from '../rpc/engine-protocol';
import type { ClassOffers } from './class-offers';
import type { Contradictions } from './contradictions';
import { EngineError } from './errors';
import type { Knowledge } from './knowledge';
import { LaneView, pairsOf } from './lane-view';
import { settledBy, type Disagreements } from './disagreements';
import { isMined, type CandidateQuestion, type LaneStore, type QuestionLane, type StoredLane } from './lanes';
import { outlookOf, type Outlook } from './outlook';
import { repeatsAmong } from './repeats';
import { settledFor } from './second-opinion';
import type { Turns } from './turns';

const RELATIONS: readonly string[] = ['same', 'different', 'incomparable'] satisfies Relation[];
const VERDICTS: readonly string[] = [
  'good',
  'positive-wrong',
  'negative-same',
  'both-wrong',
  'incomparable',
] satisfies TripletVerdict[];

/** The next question differs from so many judged before it. */
const VARIETY = 8;
/** Answers among which those of this lane are looked for: whoever goes further back uses the Answers view. */
const LOOKED_BACK = 2000;

export interface LabellingParts {
  ledger: Ledger;
  lanes: LaneStore;
  knowledge: Knowledge;
  /** where an image was last seen, or nothing once it is gone from the folder */
  find(hash: ImageHash): ImageRef | undefined;
  /** when this engine opened the folder, milliseconds since 1970 */
  openedAt: number;
  contradictions: Contradictions;
  disagreements: Disagreements;
  offers: ClassOffers;
  turns: Turns;
  /** shares of questions that need not be asked, 0 to 1 */
  shares(): { repeats: number; overlap: number };
  /** classes or flags changed: what hangs on them is worked out anew */
  forget(): void;
}

/** The judging of mined candidates: what to show, and what an answer means. It keeps nothing that the ledger does not. */
export class Labelling {
  readonly #views = new Map<Lane, LaneView>();

  constructor(readonly parts: LabellingParts) {}

  /** Every lane with what is left in it: the mined ones, and the disagreements where there were any. */
  states(): LaneState[] {
    return this.#lanes().map(lane => this.#state(this.#view(lane)!));
  }

  /** A lane as it was ranked, whatever was judged since. */
  ranked(lane: Lane): (RankedItem & { isOpen?: boolean })[] {
    const view = this.#view(lane);
    if (!view) return [];
    return this.#ranking(view.stored).map((item, rank) => ({
      ...item,
      ...(lane === 'disagreements' && { isOpen: view.isOpen(view.stored.candidates[rank].id) }),
    }));
  }

  /** How a lane stands that a search found, stored or not, and its best `count` candidates. */
  mined(stored: StoredLane, count: number): { state: MinedLaneState; items: RankedItem[] } {
    const isStored = this.parts.lanes.get(stored.lane) === stored;
    const view = (isStored && this.#view(stored.lane)) || this.#viewOf(stored);
    return { state: this.#minedState(stored, view), items: this.#ranking(stored, count) };
  }

  #ranking(stored: QuestionLane, count?: number): RankedItem[] {
    return stored.candidates
      .slice(0, count)
      .map((candidate, rank) => ({ ...this.#item(candidate, stored), rank, score: candidate.score }));
  }

  /** Takes in what answers changed. */
  update(change: OrderChange): void {
    for (const view of this.#views.values()) view.update(change);
  }

  /** Takes in that something else holds of these images: flags, classes, files that came or went. */
  refresh(images: readonly ImageHash[] | 'all'): void {
    for (const view of this.#views.values()) view.refresh(images);
  }

  /** The panel's snapshot: `count` open items of the lane (the one mined last where none is named), from the item `from` on. */
  async window(lane: Lane | undefined, count: number, from?: string): Promise<LabelWindow> {
    const { lanes, ledger, openedAt, contradictions, offers } = this.parts;
    // Disagreements may be gone, as by an undo in another window: then what was mined is there to go on with.
    const view = this.#view(lane ?? lanes.latest()?.lane) ?? this.#view(lane && lanes.latest()?.lane);
    const contradiction = view && (await contradictions.current());
    const offer = view && !contradiction ? offers.current() : undefined;
    const common = {
      answers: ledger.state.answers,
      session: ledger.state.givenSince(ledger.by, openedAt),
      implied: view?.implied ?? 0,
      canUndo: ledger.state.lastOf(ledger.by) !== undefined,
      ...(ledger.unsaved && { unsaved: { count: ledger.unsaved.count, reason: ledger.unsaved.reason } }),
      ...(contradiction && { contradiction }),
      ...(offer && { offer }),
    };
    if (!view) return { ...common, items: [] };
    const history = this.#history(view, Math.max(count, VARIETY));
    view.recall(history.map(({ id }) => id).reverse());
    const { items, elsewhere } = await this.#next(view, count, from);
    return {
      ...common,
      lane: this.#state(view),
      items,
      history: history.slice(0, count),
      ...this.#outlook(view),
      ...(elsewhere !== undefined && { elsewhere }),
    };
  }

  /**
   * Writes what one verdict means: one answer for a pair, two for a triplet, in one act; in the lane of disagreements, one
   * that names the answers that it settles. Resolves when the ledger has
   * them on disk, or has said that it cannot (see `unsaved` in the window).
   * An answer to a repeat is marked as one, and stands like any other: both what was said before and what is said now stay
   * in the ledger, and the latest counts.
   * @throws EngineError `unknown-item` when the lane holds no such item, `bad-verdict` when the verdict is of another kind
   */
  async answer({
    lane,
    itemId,
    verdict,
    ms,
    token,
    repeat = false,
  }: Omit<AnswerParams, 'folder' | 'settings'>): Promise<void> {
    const { ledger, find } = this.parts;
    // A key may meet an item that was shown just before its lane was left: it is the same question in any lane.
    const lanes = [lane, ...this.parts.lanes.all().map(stored => stored.lane)];
    const view = lanes.map(each => this.#view(each)).find(each => each?.find(itemId) !== undefined);
    const candidate = view?.find(itemId);
    if (!view || !candidate) {
      throw new EngineError(
        'unknown-item',
        'This candidate is no longer in its lane.',
        'It was mined again since; go on with the next one.',
      );
    }
    const path = (hash: ImageHash) => find(hash)?.path ?? '';
    const { stored } = view;
    const by = isMined(stored) ? { model: stored.model, metric: stored.metric, margin: stored.margin } : {};
    const why = { lane: stored.lane, ...by, rank: view.rankOf(itemId) };
    const looked = Math.max(0, Math.round(ms));
    if (candidate.kind === 'pair') {
      if (!RELATIONS.includes(verdict)) throw badVerdict(verdict);
      const { a, b, distance } = candidate;
      const details = {
        paths: [path(a), path(b)] as [string, string],
        why: { ...why, ...(distance !== undefined && { distance }) },
        ms: looked,
      };
      if (stored.lane === 'disagreements') {
        const settles = settledBy(ledger.state, a, b, ledger.by);
        const draft = { kind: 'answer', a, b, relation: verdict as Relation, ...details } as const;
        await ledger.append([{ ...draft, ...(settles.length > 0 && { settles }) }], { token });
        return;
      }
      const [draft] = this.#marked([{ kind: 'answer', a, b, relation: verdict as Relation, ...details }], repeat);
      await ledger.append([draft], { token });
      return;
    }
    if (!VERDICTS.includes(verdict)) throw badVerdict(verdict);
    const { anchor, positive, negative, positiveDistance, negativeDistance } = candidate;
    const drafts = tripletAnswers(
      candidate,
      relationsOfVerdict(verdict as TripletVerdict),
      { ms: looked },
      {
        anchor: path(anchor),
        positive: path(positive),
        negative: path(negative),
      },
    );
    const [toPositive, toNegative] = drafts;
    toPositive.why = { ...why, distance: positiveDistance };
    toNegative.why = { ...why, distance: negativeDistance };
    await ledger.append(this.#marked(drafts, repeat), { token });
  }

  /** Says what a pair of a contradiction really is. Another person's answer stays: then people differ, and their lane asks who is right. */
  async settle(a: ImageHash, b: ImageHash, relation: Relation, token: string): Promise<void> {
    const { ledger, find, contradictions } = this.parts;
    const paths: [string, string] = [find(a)?.path ?? '', find(b)?.path ?? ''];
    await ledger.append([{ kind: 'answer', a, b, relation, paths, why: { lane: 'correction' } }], { token });
    if (ledger.state.answersOf(a, b).some(answer => answer.by !== ledger.by && answer.relation !== relation))
      contradictions.leave(a);
  }

  /** Makes a change of classes that is offered, in one act. Asking again with the token of an act that was made does nothing. */
  async acceptOffer(kind: ClassProposalInfo['kind'], token: string): Promise<void> {
    const { ledger, offers, forget } = this.parts;
    const change = offers.change(kind);
    if (!change) {
      if (ledger.state.has(token)) return;
      throw new EngineError('no-offer', 'This is no longer offered: something else was answered since.');
    }
    await ledger.reclass(change.images, change.to, { token });
    forget();
  }

  /** Leaves what is shown beside the questions. */
  later(what: 'contradiction' | 'offer'): void {
    if (what === 'contradiction') this.parts.contradictions.later();
    else this.parts.offers.dismiss();
  }

  /** Takes back the person's latest act. Resolves to the item it was about, where a mined lane still holds it. */
  async undo(lane: Lane | undefined, token: string): Promise<Item | undefined> {
    const { ledger, lanes } = this.parts;
    const undone = await ledger.undo(undefined, { token });
    if (!undone) return undefined;
    // A flag or a class was taken back: no pair's answer says which images that touches.
    if (undone.answers.length === 0) this.parts.forget();
    const settled = undone.answers.some(({ settles }) => settles);
    const preferred = settled ? 'disagreements' : (lane ?? lanes.latest()?.lane);
    const others = this.#lanes().filter(other => other !== preferred);
    for (const each of preferred ? [preferred, ...others] : others) {
      const view = this.#view(each);
      const candidate = view?.askedBy(undone.answers);
      if (view && candidate) return this.#item(candidate, view.stored);
    }
    return undefined;
  }

  /** The lanes that there are. */
  #lanes(): Lane[] {
    const { lanes, disagreements } = this.parts;
    const last: Lane[] = disagreements.lane() ? ['disagreements'] : [];
    return [...lanes.all().map(({ lane }): Lane => lane), ...last];
  }

  /** The lane's questions; made anew when it was mined again, or when people came to differ about more pairs. */
  #view(lane: Lane | undefined): LaneView | undefined {
    if (!lane) return undefined;
    const { lanes: mined, disagreements } = this.parts;
    const stored = lane === 'disagreements' ? disagreements.lane() : mined.get(lane);
    if (!stored) return undefined;
    let view = this.#views.get(lane);
    if (view?.stored !== stored) {
      view = this.#viewOf(stored);
      this.#views.set(lane, view);
    }
    return view;
  }

  #viewOf(stored: QuestionLane): LaneView {
    const { knowledge, find, lanes, ledger, shares } = this.parts;
    const groups = groupNumbers(lanes.duplicates());
    const groupOf = (image: ImageHash) => groups.get(image) ?? image;
    const differs = (a: ImageHash, b: ImageHash) => (ledger.state.differs(a, b) ? undefined : 'incomparable');
    const settledAs =
      stored.lane === 'disagreements' ? differs : settledFor({ knowledge, by: ledger.by }, () => shares().overlap);
    const isThere = (image: ImageHash) => find(image) !== undefined;
    return new LaneView(stored, { knowledge, groupOf, isThere, settledAs }, stored.seed);
  }

  #state(view: LaneView): LaneState {
    const { stored } = view;
    return isMined(stored) ? this.#minedState(stored, view) : { lane: 'disagreements', ...countsOf(view) };
  }

  #minedState({ lane, model, metric, margin, minedAt }: StoredLane, view: LaneView): MinedLaneState {
    return { lane, model, metric, margin, minedAt, ...countsOf(view) };
  }

  /** How the work on a lane goes on; of disagreements, where no class says what is expected, only for how long. */
  #outlook(view: LaneView): Outlook {
    const { ledger, find } = this.parts;
    const outlook = outlookOf(view, ledger.state, ledger.by, image => find(image)?.class);
    if (view.stored.lane === 'disagreements') delete outlook.chanceOfChange;
    return outlook;
  }

  /** The next questions, those that nobody has on their screen, and repeats among them. */
  async #next(view: LaneView, count: number, from?: string): Promise<{ items: Item[]; elsewhere?: string }> {
    const { ledger, shares, turns } = this.parts;
    const { candidates, elsewhere } = await turns.next(view, count, from);
    const plan = { state: ledger.state, by: ledger.by, share: shares().repeats };
    const wanted = from !== undefined && candidates[0]?.id === from;
    const isWhole = wanted || candidates.length === 0 || view.stored.lane === 'disagreements';
    const repeats = isWhole ? undefined : repeatsAmong(view, count, plan);
    const items: Item[] = [];
    for (const candidate of candidates) {
      for (let again = repeats?.get(items.length); again; again = repeats?.get(items.length))
        items.push({ ...this.#item(again, view.stored), repeat: true });
      items.push(this.#item(candidate, view.stored));
    }
    return { items: items.slice(0, count), ...(elsewhere !== undefined && { elsewhere }) };
  }

  /** Of a repeat, the answers about pairs that this person judged before say so; what only followed is answered for the first time. */
  #marked(drafts: AnswerDraft[], repeat: boolean): AnswerDraft[] {
    const { state, by } = this.parts.ledger;
    if (!repeat) return drafts;
    return drafts.map(draft => (state.answerOf(draft.a, draft.b, by) ? { ...draft, repeat: true } : draft));
  }

  /** What the person said of a candidate, when, if they said all of it; and before that, where a repeat changed it. */
  #said(candidate: CandidateQuestion, lane: Lane): Said | undefined {
    const { ledger } = this.parts;
    const answers = pairsOf(candidate).map(([a, b]) => ledger.state.answerOf(a, b, ledger.by));
    if (answers.some(answer => answer === undefined)) return undefined;
    const standing = answers as StandingAnswer[];
    // What a person said when others did not yet differ is no answer to this question.
    if (lane === 'disagreements' && !standing.every(({ settles }) => settles)) return undefined;
    const verdict = verdictOn(standing.map(({ relation }) => relation));
    if (!verdict) return undefined;
    const at = Math.max(...standing.map(answer => answer.at));
    if (!standing.some(({ repeat }) => repeat)) return { verdict, at };
    const earlier = verdictOn(
      standing.map(({ a, b, relation, repeat }) =>
        repeat ? (ledger.state.history(a, b, ledger.by).at(-2)?.relation ?? relation) : relation,
      ),
    );
    return { verdict, at, ...(earlier && earlier !== verdict && { before: earlier }) };
  }

  /** What people said of a pair on which they differ, less what settled it. */
  #saidOf(a: ImageHash, b: ImageHash): SaidBy[] {
    const { state, by: me } = this.parts.ledger;
    return state
      .saidOf(a, b)
      .map(answer => (answer.settles ? state.independentOf(a, b, answer.by) : answer))
      .flatMap(answer => (answer ? [{ by: answer.by, relation: answer.relation, mine: answer.by === me }] : []))
      .sort((x, y) => (x.by < y.by ? -1 : 1));
  }

  #history(view: LaneView, count: number): Item[] {
    const { ledger } = this.parts;
    const seen = new Set<CandidateQuestion>();
    const said: (Said & { candidate: CandidateQuestion })[] = [];
    let looked = 0;
    for (const { a, b } of ledger.state.recentBy(ledger.by)) {
      if (looked++ >= LOOKED_BACK) break;
      // A triplet's two answers share their time: two more pairs than items are looked at, so that none is cut in half.
      if (said.length >= count + 2) break;
      for (const candidate of view.asking(a, b)) {
        if (seen.has(candidate)) continue;
        seen.add(candidate);
        const found = this.#said(candidate, view.stored.lane);
        if (found) said.push({ candidate, ...found });
      }
    }
    return said
      .sort((x, y) => y.at - x.at)
      .slice(0, count)
      .map(
        ({ candidate, verdict, before }) =>
          ({ ...this.#item(candidate, view.stored), verdict, ...(before && { before }) }) as Item,
      );
  }

  #item(candidate: CandidateQuestion, stored: QuestionLane): Item {
    const ref = (hash: ImageHash): ImageRef => this.parts.find(hash) ?? { hash, path: '' };
    const base = {
      id: candidate.id,
      lane: stored.lane,
      ...(candidate.reason !== undefined && { reason: candidate.reason }),
    };
    if (candidate.kind === 'pair') {
      const { a, b, distance, group, suspect, reason } = candidate;
      return {
        ...base,
        // the path where it lies now, not where it was mined
        ...(suspect && reason !== undefined && { reason: `${ref(suspect === 'a' ? a : b).path}: ${reason}` }),
        ...(suspect && { suspect }),
        kind: 'pair',
        a: ref(a),
        b: ref(b),
        ...(distance !== undefined && { distance }),
        ...(group && { group }),
        ...(stored.lane === 'disagreements' && { said: this.#saidOf(a, b) }),
      };
    }
    const { anchor, positive, negative, positiveDistance, negativeDistance } = candidate;
    return {
      ...base,
      kind: 'triplet',
      anchor: ref(anchor),
      positive: ref(positive),
      negative: ref(negative),
      positiveDistance,
      negativeDistance,
    };
  }
}

/** What a person said of a candidate. */
interface Said {
  verdict: Relation | TripletVerdict;
  at: number;
  before?: Relation | TripletVerdict;
}

function countsOf({ stored, order }: LaneView): { total: number; settled: number; remaining: number } {
  const total = stored.candidates.length;
  const { open: remaining } = order;
  return { total, settled: total - remaining, remaining };
}

/** One relation is its own verdict, two are a triplet's. */
function verdictOn([first, second]: readonly Relation[]): Relation | TripletVerdict | undefined {
  return second === undefined ? first : verdictOf(first, second);
}

/** Images of one group of near duplicates look alike to a person: their questions should not follow each other. */
function groupNumbers(groups: readonly ImageHash[][]): Map<ImageHash, number> {
  return new Map(groups.flatMap((group, number) => group.map(image => [image, number] as const)));
}

function badVerdict(verdict: string): EngineError {
  return new EngineError('bad-verdict', `“${verdict}” is no verdict on this candidate.`);
}
