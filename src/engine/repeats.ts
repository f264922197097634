import { hiddenRepeat } from '../core/order';
import type { ImageHash } from '../core/types';
import type { LedgerState, StandingAnswer } from '../dataset/ledger';
import { pairsOf } from './lane-view';
import type { LaneView } from './lane-view';
import type { CandidateQuestion } from './lanes';

/** A question comes again after so many others at the earliest, and nothing is asked again before so many were answered. */
const SPACING = 20;
/** How far back a question to ask again is looked for, in answers. */
const REACH = 600;
/** Numbers to draw from: their lowest bit says which kind, the rest which one. */
const DRAWS = 2 ** 31;

/**
 * Hidden repeats: which of the next questions are ones that need not be asked. Half of them were answered before (they tell
 * how consistent a person is), half follow from other answers (they find wrong ones). What comes at which step is a
 * function of the ledger and the lane alone, so that a reload, a crash or an undo asks the same.
 * @param count questions to plan: the one now and the next ones
 * @returns candidates by their place among the next questions
 */
export function repeatsAmong(
  view: LaneView,
  count: number,
  { state, by, share }: { state: LedgerState; by: string; share: number },
): Map<number, CandidateQuestion> {
  const found = new Map<number, CandidateQuestion>();
  const { candidates, seed } = view.stored;
  const given = state.givenBy(by);
  if (!(share > 0) || candidates.length === 0 || given < SPACING) return found;
  const answersEach = pairsOf(candidates[0]).length;
  let acts: StandingAnswer[][] | undefined;
  for (let place = 0; place < count; place++) {
    const draw = hiddenRepeat(DRAWS, { answered: given + place * answersEach, share: Math.min(1, share), seed });
    if (draw === undefined) continue;
    acts ??= recentActs(state, by);
    // By then so many more were answered: what is too recent now may not be then.
    const from = Math.max(0, SPACING - place);
    const old = acts.slice(from, from + REACH - SPACING);
    const which = draw >>> 1;
    const answered = () => answeredOnce(view, old, which, { state, by });
    const implied = () => impliedAt(view, which);
    const pick = (draw & 1) === 1 ? (implied() ?? answered()) : (answered() ?? implied());
    if (pick && ![...found.values()].includes(pick)) found.set(place, pick);
  }
  return found;
}

/** A question of the lane that other answers settled, the first from a random place on. */
function impliedAt(view: LaneView, which: number): CandidateQuestion | undefined {
  const { candidates } = view.stored;
  for (let i = 0; i < candidates.length; i++) {
    const question = (which + i) % candidates.length;
    if (view.isImplied(question) && view.isThere(candidates[question])) return candidates[question];
  }
  return undefined;
}

/** A question of the lane that one of these acts answered, asked once so far, the first from a random one on. */
function answeredOnce(
  view: LaneView,
  acts: readonly StandingAnswer[][],
  which: number,
  { state, by }: { state: LedgerState; by: string },
): CandidateQuestion | undefined {
  for (let i = 0; i < acts.length; i++) {
    const candidate = view.askedBy(acts[(which + i) % acts.length]);
    if (candidate === undefined || !view.isThere(candidate) || !view.isSettled(candidate)) continue;
    const isOnce = ([a, b]: [ImageHash, ImageHash]) => {
      const history = state.history(a, b, by);
      // What somebody settled is settled: said again it would be a new disagreement.
      return history.length === 1 && !history[0].settled && !history[0].settles;
    };
    if (pairsOf(candidate).every(isOnce)) return candidate;
  }
  return undefined;
}

/** The latest acts of a person, newest first: the answers given at one time. */
function recentActs(state: LedgerState, by: string): StandingAnswer[][] {
  const acts: StandingAnswer[][] = [];
  for (const answer of state.recentBy(by)) {
    const last = acts.at(-1);
    if (last?.[0].at === answer.at) last.push(answer);
    else if (acts.length >= REACH) break;
    else acts.push([answer]);
  }
  return acts;
}
