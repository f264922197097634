import { weightOfDisagreement } from '../core/agreement';
import { pairKey } from '../core/pairs';
import type { ImageHash, PairKey } from '../core/types';
import type { Ledger, LedgerState } from '../dataset/ledger';
import { candidateId } from './lanes';
import type { QuestionLane, PairQuestion } from './lanes';

/** What the content of a pair adds to its score: among equals a repeatable order that no merge of the ledger changes. */
const SPREAD = 1e-4;

/**
 * The lane of disagreements: pairs of which people say different things, and those that somebody settled. It follows from the
 * ledger alone, so that nothing of it is kept. Pairs that were in it stay until the folder is closed: an answer that is taken
 * back must not take the question from under the person's hands.
 */
export class Disagreements {
  readonly #pairs = new Map<PairKey, PairQuestion>();
  #lane: QuestionLane | undefined;
  #state: LedgerState | undefined;
  #version = -1;

  constructor(readonly ledger: Pick<Ledger, 'state'>) {}

  /** The lane, another object where pairs came to it; undefined while nobody ever differed. */
  lane(): QuestionLane | undefined {
    const { state } = this.ledger;
    if (state === this.#state && state.disputes === this.#version) return this.#lane;
    this.#state = state;
    this.#version = state.disputes;
    const before = this.#pairs.size;
    for (const [a, b] of [...state.disagreements(), ...state.settlements()]) this.#add(a, b);
    if (this.#pairs.size > before) {
      const candidates = [...this.#pairs.values()].sort((x, y) => y.score - x.score || (x.id < y.id ? -1 : 1));
      this.#lane = { lane: 'disagreements', seed: 0, margin: 1, candidates };
    }
    return this.#lane;
  }

  #add(a: ImageHash, b: ImageHash): void {
    const key = pairKey(a, b);
    if (this.#pairs.has(key)) return;
    const id = candidateId('pair', [a, b]);
    const spread = (Number.parseInt(id.slice(-8), 16) / 2 ** 32) * SPREAD;
    const score = weightOfDisagreement(this.ledger.state.saidOf(a, b)) + spread;
    this.#pairs.set(key, { kind: 'pair', id, a, b, score });
  }
}

/**
 * What an answer to a pair settles: the ids of everything that people say of it, the person's own included, so that the event
 * by itself says what it was about. Empty where nobody else judged the pair.
 */
export function settledBy(state: LedgerState, a: ImageHash, b: ImageHash, by: string): string[] {
  const said = state.saidOf(a, b);
  return said.some(answer => answer.by !== by) ? said.map(({ id }) => id) : [];
}
