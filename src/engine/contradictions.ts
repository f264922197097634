import { contradictionAt } from '../core/relations';
import type { ImageHash } from '../core/types';
import type { Ledger, StandingAnswer } from '../dataset/ledger';
import type { ContradictionNow, ImageRef } from '../rpc/engine-protocol';
import { answerRow } from './answer-row';
import { opinionOf } from './opinion';
import type { Judged, OpinionSource } from './opinion';
import { weightsOf } from './weights';

type Pair = [ImageHash, ImageHash];

export interface ContradictionsParts extends OpinionSource {
  ledger: Ledger;
  /** where images were last seen */
  seen(): ReadonlyMap<ImageHash, ImageRef>;
}

/** Answers shown of one contradiction: nobody weighs more at once, and each has a number key. */
const SHOWN = 9;
/** The latest answers from which the calibration of distances is learned while one judges. */
const LEARNED_FROM = 1000;

/**
 * Contradictions as they arise: the one that a person is asked about now. Which ones wait is kept in memory; after a restart
 * the one that the latest answer made is found again, for the rest see `all`.
 */
export class Contradictions {
  #waiting: Pair[] = [];
  #started = false;
  #last: { key: string; now: ContradictionNow } | undefined;

  constructor(readonly parts: ContradictionsParts) {}

  /**
   * Takes in pairs that have come to contradict other answers. A pair on which people differ waits in its own lane: to tell a
   * person at once that somebody said otherwise would make their next answers less their own.
   */
  arisen(pairs: readonly Pair[]): void {
    this.#waiting.unshift(...pairs.filter(([a, b]) => this.#concerns(a) && !this.parts.ledger.state.differs(a, b)));
  }

  /** Takes up every contradiction there is, those left for later too. Returns how many. */
  all(): number {
    this.#started = true;
    const { graph } = this.parts.knowledge;
    this.#waiting = graph.contradictedComponents().map(([image]): Pair => [image, image]);
    return this.#waiting.length;
  }

  /** Leaves the one that is shown for later: it stays in the list of contradictions. */
  later(): void {
    const [first] = this.#open();
    if (first) this.leave(first[0]);
  }

  /** Asks no more about the contradiction that an image is in, unless a further one arises. */
  leave(image: ImageHash): void {
    const { graph } = this.parts.knowledge;
    const left = graph.componentOf(image);
    this.#waiting = this.#waiting.filter(([a]) => graph.componentOf(a) !== left);
  }

  /** The contradiction to show now, its likeliest wrong answer first. */
  async current(): Promise<ContradictionNow | undefined> {
    if (!this.#started) this.#start();
    this.#waiting = this.#open();
    const [first] = this.#waiting;
    if (!first) return undefined;
    const { ledger, knowledge } = this.parts;
    const key = `${ledger.state.events} ${first.join(' ')} ${this.#waiting.length}`;
    if (this.#last?.key === key) return this.#last.now;
    const opinion = await opinionOf(this.parts, this.#judgedAround(first[0]));
    const found = contradictionAt(knowledge.graph, first[0], weightsOf(ledger, opinion));
    if (!found) return undefined;
    const seen = this.parts.seen();
    const answers = found.suspects.flatMap(({ id, a, b, probability, proposed, flipTo }) => {
      const answer = ledger.state.answersOf(a, b).find(each => each.id === id);
      return answer
        ? [{ ...answerRow(answer, seen), probability, proposed, flipTo, mine: answer.by === ledger.by }]
        : [];
    });
    const { graph } = knowledge;
    const now: ContradictionNow = {
      images: found.images.length,
      answers: answers.slice(0, SHOWN),
      more: new Set(this.#waiting.map(([a]) => graph.componentOf(a))).size - 1,
    };
    this.#last = { key, now };
    return now;
  }

  /** The contradiction that the latest act made, so that a reload does not hide it. */
  #start(): void {
    this.#started = true;
    const { ledger, knowledge } = this.parts;
    const act = ledger.state.lastOf(ledger.by);
    if (act === undefined) return;
    const made = ledger.state.answersWith(act).filter(({ id, a, b }) => {
      if (ledger.state.differs(a, b)) return false;
      const found = contradictionAt(knowledge.graph, a, () => 1);
      return found?.suspects.some(suspect => suspect.id === id);
    });
    this.#waiting.push(...made.map(({ a, b }): Pair => [a, b]));
  }

  #open(): Pair[] {
    const { graph } = this.parts.knowledge;
    return this.#waiting.filter(([a, b]) => graph.isContradicted(a) && graph.componentOf(a) === graph.componentOf(b));
  }

  /** Whether this person answered anything in the image's component: other people's contradictions wait in the list. */
  #concerns(image: ImageHash): boolean {
    const { ledger, knowledge } = this.parts;
    return knowledge.graph
      .membersOf(image)
      .some(member =>
        knowledge.graph.judgedAt(member).some(({ judgements }) => judgements.some(({ by }) => by === ledger.by)),
      );
  }

  /** The pairs judged in an image's component, and the latest answers. */
  #judgedAround(image: ImageHash): Judged[] {
    const { ledger, knowledge } = this.parts;
    const recent: StandingAnswer[] = [];
    for (const answer of ledger.state.recentBy(ledger.by)) if (recent.push(answer) >= LEARNED_FROM) break;
    return [
      ...knowledge.graph.membersOf(image).flatMap(member => knowledge.graph.judgedAt(member)),
      ...recent.map(answer => ({ a: answer.a, b: answer.b, judgements: [answer] })),
    ];
  }
}
