import type { ImageHash, Lane, Metric, PairKey } from '../types';

/** How negatives are chosen for an anchor-positive pair. */
export type Strategy =
  /** the nearest negative in the band */
  | 'nearest'
  /** every negative in the band, up to `perPair` */
  | 'all'
  /** the anchor's farthest positive with its nearest negative */
  | 'hardest'
  /** one negative drawn with the weights of Wu et al. 2017 */
  | 'distance-weighted';

export const STRATEGIES: readonly Strategy[] = ['nearest', 'all', 'hardest', 'distance-weighted'];

/** Rows to mine over. Row i is `vectors[i*dimension ..]`, the image `ids[i]`, of class `labels[i]` (-1: none). */
export interface MiningData {
  vectors: Float32Array;
  dimension: number;
  ids: readonly ImageHash[];
  labels: Int32Array;
}

/** What is left out before ranking; each is counted in the report. */
export interface Guards {
  /** pairs that are answered or implied: not asked again */
  answered?: ReadonlySet<PairKey>;
  /** images the person flagged as unusable */
  flagged?: ReadonlySet<ImageHash>;
  /** pairs nearer than this are left out (near duplicates have a lane of their own) */
  minDistance?: number;
  /** a negative must be at least this share farther than the positive (sentence-transformers' meaning) */
  relativeMargin?: number;
  /** of an anchor's negatives, nearest first and after the other guards, only ranks [from, to) */
  rankWindow?: readonly [from: number, to: number];
  /** at most this many candidates that hold one image */
  perImage?: number;
  /** at most this many candidates between two classes */
  perClassPair?: number;
  /** at most this many candidates that touch one group of near duplicates */
  perDuplicateGroup?: number;
}

export interface MiningRequest {
  lane: Lane;
  metric: Metric;
  /** of the weighted L1; one non-negative weight a dimension */
  weights?: Float32Array;
  margin: number;
  strategy: Strategy;
  /** negatives kept for one anchor-positive pair (strategy `all`) */
  perPair: number;
  /** candidates kept in all, best first */
  topK: number;
  guards: Guards;
  seed: number;
}

export interface PairCandidate {
  kind: 'pair';
  a: number;
  b: number;
  distance: number;
  /** larger is asked earlier */
  score: number;
  /** why it is here, in words, where a number does not say it */
  reason?: string;
}

export interface TripletCandidate {
  kind: 'triplet';
  anchor: number;
  positive: number;
  negative: number;
  /** d(anchor, positive) */
  positiveDistance: number;
  /** d(anchor, negative) */
  negativeDistance: number;
  score: number;
  reason?: string;
}

export type MinedCandidate = PairCandidate | TripletCandidate;

export interface MiningReport {
  images: number;
  classes: number;
  /** candidates in the band before guards, caps and topK */
  found: number;
  /** what each guard left out, by the guard's name */
  leftOut: Record<string, number>;
  /** the kernel that ran, for the log: `wasm-relaxed-simd`, `wasm-simd`, `typescript` */
  kernel: string;
  threads: number;
  seconds: number;
  /** a cancelled run keeps what it found */
  partial: boolean;
  /** measured recall of an index against exact rows; absent when the run was exact */
  recall?: number;
}

export interface MiningResult {
  candidates: MinedCandidate[];
  report: MiningReport;
}
