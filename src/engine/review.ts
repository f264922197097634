import { agreements, consistency, disagreements } from '../core/agreement';
import type { Kappa } from '../core/agreement';
import { chanceOfChange, paceOf } from '../core/order';
import { classProposals, contradictions, rankSuspects } from '../core/relations';
import type { ImageHash, Relation } from '../core/types';
import type { StandingAnswer } from '../dataset/ledger';
import type {
  AnswerRow,
  ClassProposalInfo,
  ContradictionRow,
  FlaggedRow,
  ImageRef,
  KappaInfo,
  SessionSummary,
  SuspectRow,
} from '../rpc/engine-protocol';
import { answerRow } from './answer-row';
import { EngineError } from './errors';
import { opinionOf } from './opinion';
import type { Opinion } from './opinion';
import { actsOf, surprisesOf } from './outlook';
import { inSlices } from './slices';
import { weightsOf } from './weights';
import type { Workspace } from './workspace';

/** Answers that say how the person works now; older ones tell of another day. */
const RECENT = 2000;

/** Looking back: what was answered, what of it may be wrong, and how the work goes. */
export class Review {
  constructor(readonly workspace: Workspace) {}

  /** Standing answers, latest first, that hold every word of the query in a path, class, relation or person. */
  answers(query: string, offset: number, count: number): { total: number; rows: AnswerRow[] } {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const found = [...this.#standing()]
      .sort((x, y) => y.at - x.at || (x.id < y.id ? 1 : -1))
      .map(answer => this.#row(answer))
      .filter(row => words.length === 0 || words.every(word => textOf(row).includes(word)));
    return { total: found.length, rows: found.slice(offset, offset + count) };
  }

  async contradictions(): Promise<ContradictionRow[]> {
    const { knowledge, ledger } = this.workspace;
    const opinion = await opinionOf(this.workspace);
    const standing = this.#byId();
    return contradictions(knowledge.graph, weightsOf(ledger, opinion)).map(({ images, suspects }) => ({
      images: images.map(image => this.#ref(image)),
      answers: suspects.flatMap(({ id, probability, proposed, flipTo }) => {
        const answer = standing.get(id);
        return answer ? [{ ...this.#row(answer, opinion), probability, proposed, flipTo }] : [];
      }),
    }));
  }

  /** The answers that are likeliest wrong, most suspect first. */
  async suspects(count: number): Promise<SuspectRow[]> {
    const { knowledge, ledger } = this.workspace;
    const opinion = await opinionOf(this.workspace, undefined, true);
    const standing = this.#byId();
    const options = { weightOf: weightsOf(ledger, opinion), probabilitySame: opinion.probabilitySame };
    const ranked = await inSlices(rankSuspects(knowledge.graph, options), undefined);
    return ranked
      .filter(({ score }) => score > 0)
      .slice(0, count)
      .flatMap(({ id, score }) => {
        const answer = standing.get(id);
        return answer ? [{ ...this.#row(answer, opinion), score }] : [];
      });
  }

  disagreements(): AnswerRow[][] {
    const { state } = this.workspace.ledger;
    return disagreements(state.disagreements().map(([a, b]) => state.answersOf(a, b))).map(answers =>
      answers.map(answer => this.#row(answer)),
    );
  }

  flagged(): FlaggedRow[] {
    return [...this.workspace.ledger.state.flagged().values()]
      .flat()
      .map(({ id, image, flag, by }) => ({ id, image: this.#ref(image), flag, by }));
  }

  summary(): SessionSummary {
    const { ledger, knowledge, openedAt } = this.workspace;
    const { state, by } = ledger;
    const mine = state.answersBy(by);
    const counts = { same: 0, different: 0, incomparable: 0 };
    for (const { relation } of mine) counts[relation]++;
    const pace = paceOf(actsOf(mine.slice(-RECENT)).map(({ ms }) => ms));
    const related = knowledge.graph.counts();
    const kappa = consistency(mine.map(({ a, b }) => state.history(a, b, by)));
    const seen = this.workspace.seen();
    const surprises = surprisesOf(mine.slice(-RECENT), image => seen.get(image)?.class);
    const lost = [...state.mentioned()].filter(([image, { answers }]) => answers > 0 && !seen.has(image));
    return {
      session: mine.filter(({ at }) => at >= openedAt).length,
      total: mine.length,
      ...counts,
      ...(pace && { perHour: Math.round(3_600_000 / pace.median) }),
      implied: related.impliedSame + related.impliedDifferent,
      contradictions: related.contradictedComponents,
      flagged: state.flagged().size,
      ...(kappa && { consistency: infoOf(kappa) }),
      agreement: agreements(state.independent()).map(({ people, kappa: between }) => ({
        people,
        kappa: infoOf(between),
      })),
      ...(surprises.length > 0 && { chanceOfChange: chanceOfChange(surprises) }),
      ...(lost.length > 0 && {
        lost: { images: lost.length, answers: lost.reduce((sum, [, { answers }]) => sum + answers, 0) },
      }),
    };
  }

  /** The ways to bring classes in line with “these two are the same”, the fewest images first. */
  async proposals(a: ImageHash, b: ImageHash): Promise<ClassProposalInfo[]> {
    const { images } = await this.workspace.inventory(this.workspace.settings);
    const classes = new Map(images.flatMap(({ hash, class: name }) => (name === null ? [] : [[hash, name] as const])));
    return classProposals(a, b, {
      classOf: image => classes.get(image),
      imagesOf: name => images.filter(image => image.class === name).map(({ hash }) => hash),
      membersOf: image => this.workspace.knowledge.graph.membersOf(image),
    });
  }

  /** Says something else of a pair. @throws EngineError `not-saved` */
  async correct(a: ImageHash, b: ImageHash, relation: Relation, token: string): Promise<void> {
    const paths: [string, string] = [this.#ref(a).path, this.#ref(b).path];
    const { saved } = await this.workspace.ledger.answer(
      { a, b, relation, paths, why: { lane: 'correction' } },
      { token },
    );
    this.#mustBeSaved(saved);
  }

  /** @throws EngineError `nothing-to-undo` for an act that is not in the ledger, `not-saved` */
  async undo(id: string, token: string): Promise<void> {
    const undone = await this.workspace.ledger.undo(id, { token });
    if (!undone) throw new EngineError('nothing-to-undo', 'This answer is no longer in the ledger.');
    if (undone.answers.length === 0) this.workspace.forget();
    this.#mustBeSaved(undone.saved);
  }

  async reclass(images: readonly ImageHash[], to: string | null, token: string): Promise<void> {
    const { saved } = await this.workspace.ledger.reclass(images, to, { token });
    this.workspace.forget();
    this.#mustBeSaved(saved);
  }

  #mustBeSaved(saved: boolean): void {
    if (!saved)
      throw new EngineError('not-saved', this.workspace.ledger.unsaved?.reason ?? 'This could not be saved yet.');
  }

  *#standing(): Generator<StandingAnswer> {
    for (const answers of this.workspace.ledger.state.said()) yield* answers;
  }

  #byId(): Map<string, StandingAnswer> {
    return new Map([...this.#standing()].map(answer => [answer.id, answer]));
  }

  #ref(hash: ImageHash): ImageRef {
    return this.workspace.seen().get(hash) ?? { hash, path: '' };
  }

  #row(answer: StandingAnswer, opinion?: Opinion): AnswerRow {
    return answerRow(answer, this.workspace.seen(), opinion);
  }
}

function textOf({ a, b, relation, by }: AnswerRow): string {
  return [a.path, a.class, b.path, b.class, relation, by].join('\n').toLowerCase();
}

function infoOf({ kappa, observed, pairs, standardError }: Kappa): KappaInfo {
  return { kappa, observed, pairs, standardError };
}
