export interface Pace {
  /** questions counted, pauses left out */
  answers: number;
  /** a typical question's time: the median, milliseconds */
  median: number;
  /** the middle half of all times lies between, milliseconds */
  low: number;
  high: number;
}

export interface TimeLeft {
  /** of judging, without pauses, seconds */
  seconds: number;
  low: number;
  high: number;
}

/** A longer look is a pause: the phone rang, the lunch came. */
const PAUSE = 120_000;
const ENOUGH = 8;

/**
 * How fast a person judges, from the times of their latest questions (milliseconds, one a question: the two answers of a
 * triplet are one). Undefined while fewer than eight say anything.
 */
export function paceOf(times: readonly number[], latest = 200): Pace | undefined {
  const counted = times
    .filter(ms => ms > 0 && ms <= PAUSE)
    .slice(-latest)
    .sort((x, y) => x - y);
  if (counted.length < ENOUGH) return undefined;
  const at = (share: number) => counted[Math.round((counted.length - 1) * share)];
  return { answers: counted.length, median: at(0.5), low: at(0.25), high: at(0.75) };
}

/**
 * How long the rest takes at that pace. Single times vary by much, their sum by little: the estimate goes by the mean of
 * the middle half, and the range by that half's bounds.
 * @param open questions left
 * @param impliedShare of questions so far, the share that answers to others settled, 0 to below 1
 */
export function timeLeft(open: number, pace: Pace, impliedShare = 0): TimeLeft {
  const asked = open * (1 - Math.min(0.99, Math.max(0, impliedShare)));
  const seconds = (ms: number) => (asked * ms) / 1000;
  return {
    seconds: seconds((pace.low + pace.median + pace.high) / 3),
    low: seconds(pace.low),
    high: seconds(pace.high),
  };
}
