import { nextUp } from '../triplets';
import type { MiningRequest } from './types';
import type { Side } from './guards';
import { sidesOf } from './guards';

/** The rule of a lane of pairs: which distances are in the band, and which come first. */
export interface PairRule {
  side: Side;
  /** distances [from, to) are in the band */
  from: number;
  to: number;
  /** pairs nearer than `from` are counted as left out by the least distance */
  countNearer: boolean;
  /** larger is asked earlier */
  score(distance: number): number;
  /** distances whose score can lie in [low, high]; may be a little too wide */
  distancesOf(low: number, high: number): { from: number; to: number };
}

/**
 * The rule of a pair lane.
 * @param turn of hard positives the quantile's distance, of uncertain pairs the threshold, of near duplicates the reach
 */
export function pairRule(request: MiningRequest, turn: number): PairRule {
  const least = request.guards.minDistance;
  const base = { side: sidesOf(request.lane), countNearer: least !== undefined, from: least ?? 0 };
  switch (request.lane) {
    case 'hard-negatives':
      return { ...base, ...nearFirst(request.margin), to: request.margin };
    case 'hard-positives':
      return { ...base, ...farFirst, from: Math.max(base.from, nextUp(turn)), to: Infinity, countNearer: false };
    case 'uncertain-pairs':
      return { ...base, ...aroundFirst(turn), to: Infinity };
    case 'near-duplicates':
      return { ...base, ...nearFirst(turn), from: 0, to: nextUp(turn), countNearer: false };
    default:
      throw new RangeError(`the lane ${request.lane} is no lane of pairs`);
  }
}

/** Room for the rounding of a score. */
const room = (x: number) => Math.abs(x) * 1e-12;

const nearFirst = (margin: number): Pick<PairRule, 'score' | 'distancesOf'> => ({
  score: d => margin - d,
  distancesOf: (low, high) => ({
    from: margin - high - room(margin) - room(high),
    to: margin - low + room(margin) + room(low),
  }),
});

const farFirst: Pick<PairRule, 'score' | 'distancesOf'> = {
  score: d => d,
  distancesOf: (low, high) => ({ from: low, to: high }),
};

const aroundFirst = (threshold: number): Pick<PairRule, 'score' | 'distancesOf'> => ({
  score: d => -Math.abs(d - threshold),
  distancesOf: low => ({
    from: threshold + low - room(low) - room(threshold),
    to: threshold - low + room(low) + room(threshold),
  }),
});
