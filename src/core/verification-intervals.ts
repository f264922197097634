import type { Interval, VerificationReport } from './evaluation';
import { FMR_LIMITS, meetingRate, proportion, verification } from './evaluation';
import { Random } from './random';
import type { Steps } from './steps';

/** Error rates of verification at every threshold, reduced to the figures that are reported. */
export interface ErrorRates {
  equalErrorRate: number;
  /** false non-match rate at a false match rate of at most each of `FMR_LIMITS` */
  fnmr: number[];
}

/** The report with a 95 % interval for each rate. */
export interface JudgedVerification extends Omit<VerificationReport, 'equalErrorRate' | 'fnmrAt'> {
  equalErrorRate: Interval;
  fnmrAt: Record<string, Interval>;
}

const REPLICATES = 1000;
/** Pairs looked at in all, at most: a million pairs are resampled less often, and vary less. */
const MOST_LOOKED_AT = 2e8;

/**
 * `verification` with intervals, one resample a step. The AUC's is Hanley and McNeil's. The other rates depend on a threshold
 * that the pairs themselves choose, so they are bootstrapped (percentiles, seeded): images are drawn with replacement, and a
 * pair counts as often as both of its images were drawn (the pigeonhole bootstrap, Owen 2007), as pairs of one image vary
 * together; where no image is in two pairs, pairs are drawn. An interval is never narrower than Wilson's for as many pairs:
 * where no pair is wrong, resampling finds nothing wrong either, and that is no certainty.
 * @param pairs the images of each pair; `same` and `distances` in that order
 * @throws RangeError when one of the two kinds is missing
 */
export function* judgedVerificationSteps(
  distances: ArrayLike<number>,
  same: ArrayLike<boolean | number>,
  pairs: readonly { a: number; b: number }[],
  { replicates = REPLICATES, seed = 1 }: { replicates?: number; seed?: number } = {},
): Steps<JudgedVerification> {
  const report = verification(distances, same);
  const order = Uint32Array.from(pairs.keys()).sort((x, y) => distances[x]! - distances[y]!);
  const draw = weights(pairs, new Random(seed));
  const found: ErrorRates[] = [];
  const times = Math.max(200, Math.min(replicates, Math.floor(MOST_LOOKED_AT / pairs.length)));
  for (let i = 0; i < times; i++) {
    yield;
    const rates = errorRates(distances, same, order, draw());
    if (rates) found.push(rates);
  }
  const negatives = report.pairs - report.same;
  const interval = (value: number, of: number, pick: (rates: ErrorRates) => number): Interval => {
    const { low, high } = proportion(value * of, of);
    const sorted = Float64Array.from(found, pick).sort();
    const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? value;
    return { value, low: Math.min(low, at(0.025)), high: Math.max(high, at(0.975)) };
  };
  return {
    ...report,
    equalErrorRate: interval(
      report.equalErrorRate,
      Math.min(report.same, negatives),
      ({ equalErrorRate }) => equalErrorRate,
    ),
    fnmrAt: Object.fromEntries(
      FMR_LIMITS.map((limit, i) => [
        String(limit),
        interval(report.fnmrAt[String(limit)]!, report.same, ({ fnmr }) => fnmr[i]!),
      ]),
    ),
  };
}

/** How often each pair counts in a resample; each call is a new one, in the same array. */
function weights(pairs: readonly { a: number; b: number }[], random: Random): () => Float64Array {
  const places = new Map<number, number>();
  const place = (image: number): number => {
    const known = places.get(image);
    if (known !== undefined) return known;
    places.set(image, places.size);
    return places.size - 1;
  };
  const ends = pairs.map(({ a, b }) => [place(a), place(b)] as const);
  const alone = places.size === 2 * pairs.length;
  const counts = new Float64Array(alone ? pairs.length : places.size);
  const weight = new Float64Array(pairs.length);
  return () => {
    counts.fill(0);
    for (let i = 0; i < counts.length; i++) counts[random.below(counts.length)]!++;
    if (alone) return counts;
    for (const [i, [a, b]] of ends.entries()) weight[i] = counts[a]! * counts[b]!;
    return weight;
  };
}

/**
 * Error rates of weighted pairs, as `verification` has them where every weight is 1; undefined where all weights of one kind
 * are 0.
 * @param order the pairs, nearest first
 */
export function errorRates(
  distances: ArrayLike<number>,
  same: ArrayLike<boolean | number>,
  order: Uint32Array,
  weight: Float64Array,
): ErrorRates | undefined {
  let positives = 0;
  let negatives = 0;
  for (const i of order) {
    if (same[i]) positives += weight[i]!;
    else negatives += weight[i]!;
  }
  if (positives === 0 || negatives === 0) return undefined;
  const fnmr = FMR_LIMITS.map(() => 1);
  let equalErrorRate: number | undefined;
  let [tp, fp] = [0, 0];
  let before = { fmr: 0, tmr: 0 };
  for (let at = 0; at < order.length;) {
    const d = distances[order[at]!]!;
    for (; at < order.length && distances[order[at]!]! === d; at++) {
      const i = order[at]!;
      if (same[i]) tp += weight[i]!;
      else fp += weight[i]!;
    }
    const now = { fmr: fp / negatives, tmr: tp / positives };
    for (const [k, limit] of FMR_LIMITS.entries()) if (now.fmr <= limit) fnmr[k] = 1 - now.tmr;
    equalErrorRate ??= meetingRate(before, now);
    before = now;
  }
  return { equalErrorRate: equalErrorRate ?? 0, fnmr };
}
