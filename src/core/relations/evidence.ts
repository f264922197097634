import type { Relation } from '../types';

/** What speaks for or against one answer; everything is optional, and what is absent says nothing. */
export interface Evidence {
  /** the model's probability that the two images are the same, from `Calibration.probability` */
  probabilitySame?: number;
  /** how long the pair was looked at, milliseconds */
  ms?: number;
  ageDays?: number;
  /** further people who judged this pair, and said the same or the contrary */
  agreeing?: number;
  contrary?: number;
}

export interface EvidenceOptions {
  /** how often an answer is wrong before anything is known of it */
  errorRate?: number;
  /** an answer faster than this was hardly looked at, milliseconds */
  hasty?: number;
  /** after how many days the odds of an error have doubled: what was meant by `same` drifts */
  staleDays?: number;
}

const FLOOR = 1e-4;
const clamp = (p: number) => Math.min(1 - FLOOR, Math.max(FLOOR, p));
const logit = (p: number) => Math.log(clamp(p) / (1 - clamp(p)));

/**
 * Logarithm of the odds that an answer is right, by Bayes' rule with independent pieces of evidence: the more, the more
 * weight it has in a minimum cut. Negative where the evidence speaks against it.
 */
export function logOddsRight(
  relation: Relation,
  { probabilitySame, ms, ageDays = 0, agreeing = 0, contrary = 0 }: Evidence,
  { errorRate = 0.03, hasty = 300, staleDays = 730 }: EvidenceOptions = {},
): number {
  const trust = -logit(errorRate);
  let odds = trust + (agreeing - contrary) * trust;
  if (probabilitySame !== undefined && relation !== 'incomparable') {
    odds += (relation === 'same' ? 1 : -1) * logit(probabilitySame);
  }
  if (ms !== undefined && ms > 0 && ms < hasty) odds -= Math.LN2;
  return odds - Math.min(1, ageDays / staleDays) * Math.LN2;
}

/** From a distance to a probability: 1 / (1 + exp(slope x (distance - threshold))). */
export interface Calibration {
  threshold: number;
  slope: number;
  probability(distance: number): number;
}

/**
 * Fits the probability of `same` to answered pairs by logistic regression on the distance (Platt 1999: targets drawn in
 * from 0 and 1, so that few answers give no certainty), by Newton's method. A few wrong answers hardly move it.
 * @returns undefined while one of the two relations has not been seen, or where greater distance does not mean different
 */
export function calibrate(pairs: readonly { distance: number; relation: Relation }[]): Calibration | undefined {
  const used = pairs.filter(({ relation, distance }) => relation !== 'incomparable' && Number.isFinite(distance));
  const same = used.filter(({ relation }) => relation === 'same').length;
  const different = used.length - same;
  if (same === 0 || different === 0) return undefined;
  const mean = used.reduce((sum, { distance }) => sum + distance, 0) / used.length;
  const deviation = Math.sqrt(used.reduce((sum, { distance }) => sum + (distance - mean) ** 2, 0) / used.length);
  if (!(deviation > 0)) return undefined;
  const high = (same + 1) / (same + 2);
  const low = 1 / (different + 2);

  // p = 1 / (1 + exp(-(bias + weight z))), z the standardised distance; a small ridge keeps separable pairs finite.
  let bias = 0;
  let weight = 0;
  const ridge = 1e-3 * used.length;
  for (let step = 0; step < 50; step++) {
    let [g0, g1, h00, h01, h11] = [0, ridge * weight, 1e-9, 0, ridge];
    for (const { distance, relation } of used) {
      const z = (distance - mean) / deviation;
      const p = 1 / (1 + Math.exp(-(bias + weight * z)));
      const error = p - (relation === 'same' ? high : low);
      const curvature = Math.max(1e-6, p * (1 - p));
      g0 += error;
      g1 += error * z;
      h00 += curvature;
      h01 += curvature * z;
      h11 += curvature * z * z;
    }
    const determinant = h00 * h11 - h01 * h01;
    const [d0, d1] = [(h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant];
    // Damped: a full Newton step can overshoot while the fit is still flat.
    const size = Math.max(1, Math.hypot(d0, d1) / 2);
    bias -= d0 / size;
    weight -= d1 / size;
    if (Math.hypot(d0, d1) < 1e-9) break;
  }
  if (!(weight < 0)) return undefined;
  const slope = -weight / deviation;
  const threshold = mean - (bias * deviation) / weight;
  return { threshold, slope, probability: distance => 1 / (1 + Math.exp(slope * (distance - threshold))) };
}
