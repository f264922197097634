import type { PairCandidate, TripletCandidate } from '../mining/types';
import type { MinedLane } from '../types';

/** What makes a question worth asking, before anything is known of its images. */
export interface Worth {
  /** how far the candidate is from what its labels promise, in margins: 0 (as it should be) upwards */
  violation: number;
  /** how unsure the model is, 0 (sure) to 1 (a coin) */
  uncertainty: number;
}

/** What of a mined candidate counts here. */
export type Measured =
  Pick<PairCandidate, 'kind' | 'distance'> | Pick<TripletCandidate, 'kind' | 'positiveDistance' | 'negativeDistance'>;

export interface WorthContext {
  lane: MinedLane;
  /** above 0, in the metric's own unit */
  margin: number;
  /** distance at which `same` and `different` are equally likely; the margin where nothing better is known */
  threshold?: number;
}

/** 4 p (1 - p): 1 for a coin, 0 for certainty. */
function doubt(p: number): number {
  return 4 * p * (1 - p);
}

const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/**
 * How much a mined candidate breaks its lane's promise, and how unsure that is.
 *
 * Triplet: violation (d(a,p) - d(a,n) + margin) / margin, the triplet loss in margins; doubt about the order of the two
 * distances, on the scale of the margin. Pair: a mined negative violates by how far inside the margin it lies, a mined
 * positive by how far beyond the threshold; doubt about the side of the threshold.
 */
export function worthOf(candidate: Measured, { lane, margin, threshold = margin }: WorthContext): Worth {
  const scale = margin > 0 ? margin : 1;
  if (candidate.kind === 'triplet') {
    const gap = candidate.negativeDistance - candidate.positiveDistance;
    return { violation: Math.max(0, (scale - gap) / scale), uncertainty: doubt(logistic((4 * gap) / scale)) };
  }
  const { distance } = candidate;
  const uncertainty = doubt(logistic((4 * (threshold - distance)) / (threshold > 0 ? threshold : scale)));
  switch (lane) {
    case 'hard-positives':
    case 'label-errors':
      return { violation: Math.max(0, distance / scale), uncertainty };
    case 'uncertain-pairs':
      return { violation: 1, uncertainty };
    default:
      return { violation: Math.max(0, (scale - distance) / scale), uncertainty };
  }
}
