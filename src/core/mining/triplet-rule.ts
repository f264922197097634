import { bandOfKind, type Band } from '../triplets';
import { relativeMarginFloor } from './guards';
import type { Neighbours } from './neighbours';
import type { MiningRequest } from './types';
import type { DistanceWeighted } from './distance-weighted';

/** Takes a triplet of rows with d(a,p) and d(a,n). */
export type EmitTriplet = (anchor: number, positive: number, negative: number, dp: number, dn: number) => void;

/** What the guards of the rule left out, added up over anchors. */
export interface RuleCounts {
  relativeMargin: number;
  rankWindow: number;
}

/** The rule of the two triplet lanes: which negatives go with an anchor and its positives. */
export class TripletRule {
  readonly kind: 'hard' | 'semi-hard';
  readonly #request: MiningRequest;
  readonly #draws: DistanceWeighted | undefined;

  /** @param draws for the strategy `distance-weighted` */
  constructor(request: MiningRequest, draws?: DistanceWeighted) {
    this.#request = request;
    this.kind = request.lane === 'hard-triplets' ? 'hard' : 'semi-hard';
    this.#draws = draws;
  }

  /** Distances that a negative may have beside a positive at distance d; the relative margin may narrow or empty the band. */
  band(d: number): Band {
    const { metric, guards, margin, boundary } = this.#request;
    const band = bandOfKind(this.kind, d, margin, boundary);
    if (!guards.relativeMargin) return band;
    const from = Math.max(band.from, relativeMarginFloor(metric, d, guards.relativeMargin));
    return { from, to: Math.max(from, band.to) };
  }

  /**
   * Whether an anchor's triplets are those of each positive with the first negative of its band: then gaps that begin at the
   * positives say all. So it is for semi-hard triplets where no guard shifts a band or its ranks.
   */
  get isPlain(): boolean {
    const { strategy, guards } = this.#request;
    return this.kind === 'semi-hard' && strategy === 'nearest' && !guards.relativeMargin && !guards.rankWindow;
  }

  /**
   * Emits the triplets of one anchor. `negatives` must hold every allowed negative that the rule can come to: a kernel may
   * leave out those that no band takes, but none of the first `to` of the rank window.
   *
   * The rank of a negative is its place among the anchor's allowed negatives; with a relative margin, among those that it
   * lets through beside this positive.
   */
  emit(anchor: number, positives: Neighbours, negatives: Neighbours, emit: EmitTriplet, counts: RuleCounts): void {
    const { strategy, perPair, guards, margin, boundary } = this.#request;
    const [first, last] = guards.rankWindow ?? [0, Infinity];
    const from = strategy === 'hardest' ? farthest(positives) : 0;
    const to = strategy === 'hardest' ? Math.min(from + 1, positives.count) : positives.count;
    if (to > from) this.#draws?.weigh(anchor, negatives);
    for (let at = from; at < to; at++) {
      const positive = positives.rows[at]!;
      const dp = positives.distances[at]!;
      const band = this.band(dp);
      if (guards.relativeMargin) {
        const whole = bandOfKind(this.kind, dp, margin, boundary);
        if (band.from > whole.from && whole.from < whole.to) counts.relativeMargin++;
      }
      const inBand = negatives.lowerBound(band.from);
      const rankZero = guards.relativeMargin ? inBand : 0;
      const begin = Math.max(inBand, rankZero + first);
      const end = Math.min(rankZero + last, negatives.count);
      const inside = (place: number) => place < end && negatives.distances[place]! < band.to;
      if (first > 0) {
        for (let n = inBand; n < begin && n < negatives.count && negatives.distances[n]! < band.to; n++)
          counts.rankWindow++;
      }
      const take = (place: number) => emit(anchor, positive, negatives.rows[place]!, dp, negatives.distances[place]!);
      switch (strategy) {
        case 'nearest':
          if (inside(begin)) take(begin);
          break;
        case 'all':
          for (let n = begin; n < begin + perPair && inside(n); n++) take(n);
          break;
        case 'hardest':
          // batch-hard on the whole data set: the nearest negative of all (of the window), where the lane's band has it
          if (begin === rankZero + first && inside(begin)) take(begin);
          break;
        case 'distance-weighted': {
          const stop = Math.min(end, negatives.lowerBound(band.to));
          const drawn = this.#draws!.draw(anchor, positive, begin, stop);
          if (drawn >= 0) take(drawn);
          break;
        }
      }
    }
  }
}

/** The hinge before it is cut at zero: by how much a triplet violates the margin. */
export function tripletScore(margin: number, dp: number, dn: number): number {
  return margin - (dn - dp);
}

/** The first (by hash) of the positives at the largest distance. */
function farthest({ count, distances }: Neighbours): number {
  let at = Math.max(0, count - 1);
  while (at > 0 && distances[at - 1] === distances[count - 1]) at--;
  return at;
}
