import { pairKey, relationsOfVerdict } from '../core/pairs';
import { isPairSettled, isTripletSettled, verdictOf } from '../core/settled';
import type { ImageHash, Lane, PairKey, Relation, TripletVerdict } from '../core/types';
import { tripletAnswers } from '../dataset/ledger';
import type { Ledger, StandingAnswer } from '../dataset/ledger';
import type { ImageRef, Item, LabelWindow, LaneState } from '../rpc/engine-protocol';
import { EngineError } from './errors';
import type { Knowledge } from './knowledge';
import { imagesOf } from './lanes';
import type { LaneStore, StoredCandidate, StoredLane } from './lanes';

const RELATIONS: readonly string[] = ['same', 'different', 'incomparable'] satisfies Relation[];
const VERDICTS: readonly string[] = [
  'good',
  'positive-wrong',
  'negative-same',
  'both-wrong',
  'incomparable',
] satisfies TripletVerdict[];

export interface LabellingParts {
  ledger: Ledger;
  lanes: LaneStore;
  knowledge: Knowledge;
  /** where an image was last seen, or nothing once it is gone from the folder */
  find(hash: ImageHash): ImageRef | undefined;
  /** when this engine opened the folder, milliseconds since 1970 */
  openedAt: number;
}

/** Which pairs of images a candidate asks about. */
function pairsOf(candidate: StoredCandidate): [ImageHash, ImageHash][] {
  return candidate.kind === 'pair'
    ? [[candidate.a, candidate.b]]
    : [
        [candidate.anchor, candidate.positive],
        [candidate.anchor, candidate.negative],
      ];
}

/** The judging of mined candidates: what to show, and what an answer means. It keeps nothing that the ledger does not. */
export class Labelling {
  readonly #byPair = new WeakMap<StoredLane, Map<PairKey, StoredCandidate[]>>();
  readonly #byId = new WeakMap<StoredLane, Map<string, StoredCandidate>>();

  constructor(readonly parts: LabellingParts) {}

  /** Every mined lane with what is left in it. */
  states(): LaneState[] {
    return this.parts.lanes.all().map(stored => this.#state(stored));
  }

  /** The panel's snapshot: `count` open items of the lane (the one mined last where none is named), from the item `from` on. */
  window(lane: Lane | undefined, count: number, from?: string): LabelWindow {
    const { lanes, ledger, openedAt } = this.parts;
    const stored = lane ? lanes.get(lane) : lanes.latest();
    const mine = ledger.state.answersBy(ledger.by, openedAt);
    const common = {
      answers: ledger.state.answers,
      session: mine.length,
      implied: stored ? this.#impliedIn(stored) : 0,
      canUndo: ledger.state.lastOf(ledger.by) !== undefined,
      ...(ledger.unsaved && { unsaved: { count: ledger.unsaved.count, reason: ledger.unsaved.reason } }),
    };
    if (!stored) return { ...common, items: [] };
    const open = stored.candidates.filter(candidate => !this.#isSettled(candidate));
    const start =
      from === undefined
        ? 0
        : Math.max(
            0,
            open.findIndex(({ id }) => id === from),
          );
    return {
      ...common,
      lane: this.#state(stored, open.length),
      items: open.slice(start, start + count).map(candidate => this.#item(candidate, stored)),
      history: this.#history(stored, count),
    };
  }

  /**
   * Writes what one verdict means: one answer for a pair, two for a triplet, in one act. Resolves when the ledger has
   * them on disk, or has said that it cannot (see `unsaved` in the window).
   * @throws EngineError `unknown-item` when the lane holds no such item, `bad-verdict` when the verdict is of another kind
   */
  async answer(lane: Lane, itemId: string, verdict: string, ms: number, token: string): Promise<void> {
    const { lanes, ledger, find } = this.parts;
    const stored = lanes.get(lane);
    const candidate = stored && this.#candidate(stored, itemId);
    if (!stored || !candidate) {
      throw new EngineError(
        'unknown-item',
        'This candidate is no longer in its lane.',
        'It was mined again since; go on with the next one.',
      );
    }
    const path = (hash: ImageHash) => find(hash)?.path ?? '';
    const rank = stored.candidates.indexOf(candidate);
    const why = { lane, model: stored.model, metric: stored.metric, margin: stored.margin, rank };
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
    const preferred = lane ? lanes.get(lane) : lanes.latest();
    const others = lanes.all().filter(stored => stored !== preferred);
    for (const stored of preferred ? [preferred, ...others] : others) {
      const candidate = this.#candidateOf(stored, undone.answers);
      if (candidate) return this.#item(candidate, stored);
    }
    return undefined;
  }

  #state(stored: StoredLane, open?: number): LaneState {
    const remaining = open ?? stored.candidates.filter(candidate => !this.#isSettled(candidate)).length;
    const { lane, model, metric, margin, minedAt, candidates } = stored;
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

  /** Questions of the lane that nobody has to answer, because they follow from answers to others. */
  #impliedIn(stored: StoredLane): number {
    const { knowledge } = this.parts;
    return stored.candidates.filter(
      candidate =>
        this.#isSettled(candidate) &&
        pairsOf(candidate).some(([a, b]) => knowledge.known(a, b) !== undefined && !knowledge.isJudged(a, b)),
    ).length;
  }

  #isSettled(candidate: StoredCandidate): boolean {
    const { knowledge, find } = this.parts;
    const gone = imagesOf(candidate).some(hash => knowledge.isFlagged(hash) || !find(hash));
    if (gone) return true;
    return candidate.kind === 'pair'
      ? isPairSettled(candidate.a, candidate.b, knowledge.known)
      : isTripletSettled(candidate.anchor, candidate.positive, candidate.negative, knowledge.known);
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

  #history(stored: StoredLane, count: number): Item[] {
    const { ledger } = this.parts;
    const seen = new Set<StoredCandidate>();
    const said: { candidate: StoredCandidate; verdict: Relation | TripletVerdict; at: number }[] = [];
    const recent = ledger.state.answersBy(ledger.by).reverse();
    for (const { a, b } of recent) {
      // A triplet's two answers share their time: two more pairs than items are looked at, so that none is cut in half.
      if (said.length >= count + 2) break;
      for (const candidate of this.#candidatesOfPair(stored, pairKey(a, b))) {
        if (seen.has(candidate)) continue;
        seen.add(candidate);
        const found = this.#said(candidate);
        if (found) said.push({ candidate, ...found });
      }
    }
    return said
      .sort((x, y) => y.at - x.at)
      .slice(0, count)
      .map(({ candidate, verdict }) => ({ ...this.#item(candidate, stored), verdict }) as Item);
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

  #candidate(stored: StoredLane, id: string): StoredCandidate | undefined {
    let map = this.#byId.get(stored);
    if (!map) this.#byId.set(stored, (map = new Map(stored.candidates.map(candidate => [candidate.id, candidate]))));
    return map.get(id);
  }

  #candidatesOfPair(stored: StoredLane, key: PairKey): StoredCandidate[] {
    let map = this.#byPair.get(stored);
    if (!map) {
      this.#byPair.set(stored, (map = new Map()));
      for (const candidate of stored.candidates) {
        for (const [a, b] of pairsOf(candidate)) {
          const at = pairKey(a, b);
          const list = map.get(at);
          if (list) list.push(candidate);
          else map.set(at, [candidate]);
        }
      }
    }
    return map.get(key) ?? [];
  }

  /** The candidate that a set of answers was about: the one that asks about all of their pairs and no other. */
  #candidateOf(stored: StoredLane, answers: readonly StandingAnswer[]): StoredCandidate | undefined {
    if (answers.length === 0) return undefined;
    const keys = new Set(answers.map(({ a, b }) => pairKey(a, b)));
    return this.#candidatesOfPair(stored, pairKey(answers[0].a, answers[0].b)).find(candidate => {
      const asked = pairsOf(candidate);
      return asked.length === keys.size && asked.every(([a, b]) => keys.has(pairKey(a, b)));
    });
  }
}

function badVerdict(verdict: string): EngineError {
  return new EngineError('bad-verdict', `“${verdict}” is no verdict on this candidate.`);
}
