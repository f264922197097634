import { chanceOfChange, paceOf, timeLeft } from '../core/order';
import type { TimeLeft } from '../core/order';
import type { ImageHash, Relation } from '../core/types';
import type { LedgerState, StandingAnswer } from '../dataset/ledger';
import type { LaneView } from './lane-view';

/** Answers that say how fast a person is now, and how many more are looked at for surprises. */
const PACE_ANSWERS = 200;
const SURPRISE_ANSWERS = 600;
/** With fewer answers nothing is said of what more of them would bring. */
const ENOUGH = 50;

/** How the work on a lane goes on. */
export interface Outlook {
  /** of judging what is open, pauses left out; absent while too few answers say how fast it goes */
  timeLeft?: TimeLeft;
  /** the estimated chance that the next hundred answers in this lane change anything; absent while too few say anything */
  chanceOfChange?: number;
}

/**
 * What the latest answers of a person say of a lane: how long the rest takes, and whether it is worth it. Costs a bounded
 * number of answers, however many there are.
 * @param classOf the class that an image has by its folder or by what was said since
 */
export function outlookOf(
  view: LaneView,
  state: LedgerState,
  by: string,
  classOf: (image: ImageHash) => string | undefined,
): Outlook {
  const recent: StandingAnswer[] = [];
  for (const answer of state.recentBy(by)) {
    recent.push(answer);
    if (recent.length >= SURPRISE_ANSWERS) break;
  }
  recent.reverse();
  const { candidates } = view.stored;
  const { open } = view.order;
  const settled = candidates.length - open;
  const pace = paceOf(actsOf(recent.slice(-2 * PACE_ANSWERS)).map(({ ms }) => ms));
  const asked = surprisesOf(
    recent.filter(({ a, b }) => view.asks(a, b)),
    classOf,
  );
  return {
    ...(pace && open > 0 && { timeLeft: timeLeft(open, pace, settled > 0 ? view.implied / settled : 0) }),
    ...(asked.length >= ENOUGH && open > 0 && { chanceOfChange: chanceOfChange(asked) }),
  };
}

/** One entry an act: a triplet's two answers share their time, and were looked at once. */
export function actsOf(answers: readonly StandingAnswer[]): StandingAnswer[] {
  return answers.filter((answer, i) => i === 0 || answers[i - 1].at !== answer.at);
}

/** Whether each answer said something else than the classes did: what is left of such is what is left to learn. */
export function surprisesOf(
  answers: readonly { a: ImageHash; b: ImageHash; relation: Relation }[],
  classOf: (image: ImageHash) => string | undefined,
): boolean[] {
  return answers.flatMap(({ a, b, relation }) => {
    const [x, y] = [classOf(a), classOf(b)];
    if (x === undefined || y === undefined || relation === 'incomparable') return [];
    return [(x === y) !== (relation === 'same')];
  });
}
