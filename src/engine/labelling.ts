import { pairKey, relationsOfVerdict } from '../core/pairs';
import { verdictOf } from '../core/settled';
import type { ImageHash, Lane, Relation, TripletVerdict } from '../core/types';
import { tripletAnswers } from '../dataset/ledger';
import type { Ledger, StandingAnswer } from '../dataset/ledger';
import type { ImageRef, Item, LabelWindow, LaneState } from '../rpc/engine-protocol';
import { EngineError } from './errors';
import type { Knowledge } from './knowledge';
import { LaneView, pairsOf } from './lane-view';
import type { LaneStore, StoredCandidate, StoredLane } from './lanes';

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

export interface LabellingParts {
  ledger: Ledger;
  lanes: LaneStore;
  knowledge: Knowledge;
  /** where an image was last seen, or nothing once it is gone from the folder */
  find(hash: ImageHash): ImageRef | undefined;
  /** when this engine opened the folder, milliseconds since 1970 */
  openedAt: number;
}

/** The judging of mined candidates: what to show, and what an answer means. It keeps nothing that the ledger does not. */
export class Labelling {
  readonly #views = new Map<Lane, LaneView>();

  constructor(readonly parts: LabellingParts) {}

  /** Every mined lane with what is left in it. */
  states(): LaneState[] {
    return this.parts.lanes.all().map(({ lane }) => this.#state(this.#view(lane)!));
  }

  /** A lane as it was ranked, whatever was judged since. */
  ranked(lane: Lane): (Item & { rank: number; score: number })[] {
    const view = this.#view(lane);
    return view
      ? view.stored.candidates.map((candidate, rank) => ({
          ...this.#item(candidate, view.stored),
          rank,
          score: candidate.score,
        }))
      : [];
  }

  /** Takes in that something else is known of these images: answers, flags, files that came or went. */
  refresh(images: readonly ImageHash[] | 'all'): void {
    for (const view of this.#views.values()) view.refresh(images);
  }

  /** The panel's snapshot: `count` open items of the lane (the one mined last where none is named), from the item `from` on. */
  window(lane: Lane | undefined, count: number, from?: string): LabelWindow {
    const { lanes, ledger, openedAt } = this.parts;
    const view = this.#view(lane ?? lanes.latest()?.lane);
    const common = {
      answers: ledger.state.answers,
      session: ledger.state.answersBy(ledger.by, openedAt).length,
      implied: view?.implied ?? 0,
      canUndo: ledger.state.lastOf(ledger.by) !== undefined,
      ...(ledger.unsaved && { unsaved: { count: ledger.unsaved.count, reason: ledger.unsaved.reason } }),
    };
    if (!view) return { ...common, items: [] };
    const history = this.#history(view, Math.max(count, VARIETY));
    view.recall(history.map(({ id }) => id).reverse());
    return {
      ...common,
      lane: this.#state(view),
      items: view.next(count, from).map(candidate => this.#item(candidate, view.stored)),
      history: history.slice(0, count),
    };
  }

  /**
   * Writes what one verdict means: one answer for a pair, two for a triplet, in one act. Resolves when the ledger has
   * them on disk, or has said that it cannot (see `unsaved` in the window).
   * @throws EngineError `unknown-item` when the lane holds no such item, `bad-verdict` when the verdict is of another kind
   */
  async answer(lane: Lane, itemId: string, verdict: string, ms: number, token: string): Promise<void> {
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
    const { model, metric, margin } = view.stored;
    const why = { lane: view.stored.lane, model, metric, margin, rank: view.rankOf(itemId) };
    const looked = Math.max(0, Math.round(ms));
    if (candidate.kind === 'pair') {
      if (!RELATIONS.includes(verdict)) throw badVerdict(verdict);
      const { a, b, distance } = candidate;
      const details = { paths: [path(a), path(b)] as [string, string], why: { ...why, distance }, ms: looked };
      await ledger.answer({ a, b, relation: verdict as Relation, ...details }, { token });
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
    await ledger.append(drafts, { token });
  }

  /** Takes back the person's latest act. Resolves to the item it was about, where a mined lane still holds it. */
  async undo(lane: Lane | undefined, token: string): Promise<Item | undefined> {
    const { ledger, lanes } = this.parts;
    const undone = await ledger.undo(undefined, { token });
    if (!undone) return undefined;
    // A flag or a class was taken back: no pair's answer says which images that touches.
    if (undone.answers.length === 0) this.refresh('all');
    const preferred = lane ?? lanes.latest()?.lane;
    const others = lanes
      .all()
      .map(stored => stored.lane)
      .filter(other => other !== preferred);
    for (const each of preferred ? [preferred, ...others] : others) {
      const view = this.#view(each);
      const candidate = view && this.#candidateOf(view, undone.answers);
      if (candidate) return this.#item(candidate, view.stored);
    }
    return undefined;
  }

  /** The lane's questions; made anew when it was mined again. */
  #view(lane: Lane | undefined): LaneView | undefined {
    const stored = lane && this.parts.lanes.get(lane);
    if (!stored) return undefined;
    let view = this.#views.get(lane);
    if (view?.stored !== stored) {
      const { knowledge, find, lanes } = this.parts;
      const groups = groupNumbers(lanes.duplicates());
      const groupOf = (image: ImageHash) => groups.get(image) ?? image;
      view = new LaneView(stored, { knowledge, groupOf, isThere: image => find(image) !== undefined }, stored.seed);
      this.#views.set(lane, view);
    }
    return view;
  }

  #state({ stored, order }: LaneView): LaneState {
    const { lane, model, metric, margin, minedAt, candidates } = stored;
    const { open: remaining } = order;
    return {
      lane,
      model,
      metric,
      margin,
      minedAt,
      total: candidates.length,
      settled: candidates.length - remaining,
      remaining,
    };
  }

  /** What the person said of a candidate, when, if they said all of it. */
  #said(candidate: StoredCandidate): { verdict: Relation | TripletVerdict; at: number } | undefined {
    const { ledger } = this.parts;
    const answers = pairsOf(candidate).map(([a, b]) => ledger.state.answerOf(a, b, ledger.by));
    if (answers.some(answer => answer === undefined)) return undefined;
    const [first, second] = answers as StandingAnswer[];
    if (!second) return { verdict: first.relation, at: first.at };
    const verdict = verdictOf(first.relation, second.relation);
    return verdict && { verdict, at: Math.max(first.at, second.at) };
  }

  #history(view: LaneView, count: number): Item[] {
    const { ledger } = this.parts;
    const seen = new Set<StoredCandidate>();
    const said: { candidate: StoredCandidate; verdict: Relation | TripletVerdict; at: number }[] = [];
    const recent = ledger.state.answersBy(ledger.by).reverse();
    for (const { a, b } of recent) {
      // A triplet's two answers share their time: two more pairs than items are looked at, so that none is cut in half.
      if (said.length >= count + 2) break;
      for (const candidate of view.asking(a, b)) {
        if (seen.has(candidate)) continue;
        seen.add(candidate);
        const found = this.#said(candidate);
        if (found) said.push({ candidate, ...found });
      }
    }
    return said
      .sort((x, y) => y.at - x.at)
      .slice(0, count)
      .map(({ candidate, verdict }) => ({ ...this.#item(candidate, view.stored), verdict }) as Item);
  }

  #item(candidate: StoredCandidate, stored: StoredLane): Item {
    const ref = (hash: ImageHash): ImageRef => this.parts.find(hash) ?? { hash, path: '' };
    const base = {
      id: candidate.id,
      lane: stored.lane,
      ...(candidate.reason !== undefined && { reason: candidate.reason }),
    };
    if (candidate.kind === 'pair') {
      return { ...base, kind: 'pair', a: ref(candidate.a), b: ref(candidate.b), distance: candidate.distance };
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

  /** The candidate that a set of answers was about: the one that asks about all of their pairs and no other. */
  #candidateOf(view: LaneView, answers: readonly StandingAnswer[]): StoredCandidate | undefined {
    if (answers.length === 0) return undefined;
    const keys = new Set(answers.map(({ a, b }) => pairKey(a, b)));
    return view.asking(answers[0].a, answers[0].b).find(candidate => {
      const asked = pairsOf(candidate);
      return asked.length === keys.size && asked.every(([a, b]) => keys.has(pairKey(a, b)));
    });
  }
}

/** Images of one group of near duplicates look alike to a person: their questions should not follow each other. */
function groupNumbers(groups: readonly ImageHash[][]): Map<ImageHash, number> {
  return new Map(groups.flatMap((group, number) => group.map(image => [image, number] as const)));
}

function badVerdict(verdict: string): EngineError {
  return new EngineError('bad-verdict', `“${verdict}” is no verdict on this candidate.`);
}
