import type { ImageHash, MinedLane, Metric, PairKey, Relation } from '../types';

/** How negatives are chosen for an anchor-positive pair. */
export type Strategy =
  /** the nearest negative in the band */
  | 'nearest'
  /** every negative in the band, nearest first, up to `perPair` */
  | 'all'
  /** the anchor's farthest positive with its nearest negative of all (batch-hard), where that is in the lane's band */
  | 'hardest'
  /** one negative of the band, drawn with the weights of Wu et al. 2017 */
  | 'distance-weighted';

export const STRATEGIES: readonly Strategy[] = ['nearest', 'all', 'hardest', 'distance-weighted'];

/** Rows to mine over. Row i is `vectors[i*dimension ..]`, the image `ids[i]`, of class `labels[i]` (-1: none). */
export interface MiningData {
  /** over a SharedArrayBuffer nothing is copied to the workers */
  vectors: Float32Array;
  dimension: number;
  ids: readonly ImageHash[];
  labels: Int32Array;
  /** names of the classes, by label: only for reasons in words */
  classNames?: readonly string[];
  /** rows whose image is filed under several classes at once: for the lane of label errors */
  conflicts?: ReadonlyMap<number, ClassConflict>;
}

/** One image under several classes, of which at most one is right. */
export interface ClassConflict {
  /** its other classes, as far as other rows have them */
  labels: readonly number[];
  /** where it is filed, in words that go on from its name */
  reason: string;
}

/** Answers so far, by canonical pair. A set is enough to leave them out; with relations, a `same` pair of one class stays a positive. */
export type AnsweredPairs = ReadonlySet<PairKey> | ReadonlyMap<PairKey, Relation>;

/**
 * What is left out before ranking; each is counted in the report. Exact duplicates (equal id or equal vector) and an image
 * with itself are always left out.
 */
export interface Guards {
  /** pairs that are answered or implied: not asked again */
  answered?: AnsweredPairs;
  /** images the person flagged as unusable */
  flagged?: ReadonlySet<ImageHash>;
  /** pairs nearer than this are left out (near duplicates have a lane of their own, which does not heed it) */
  minDistance?: number;
  /** a negative must be at least this share farther than the positive; see `relativeMarginFloor` */
  relativeMargin?: number;
  /** of an anchor's negatives, nearest first and after the other guards, only ranks [from, to) */
  rankWindow?: readonly [from: number, to: number];
  /** at most this many candidates that hold one image */
  perImage?: number;
  /** at most this many candidates between two classes (of a triplet: the anchor's and the negative's) */
  perClassPair?: number;
  /** at most this many candidates that touch one group of near duplicates (images within `duplicateDistance`) */
  perDuplicateGroup?: number;
}

export interface MiningRequest {
  lane: MinedLane;
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
  /** `inclusive` counts t = margin as semi-hard, as pytorch-metric-learning does; default `exclusive` */
  boundary?: Boundary;
  /** hard positives: same-class pairs farther than this quantile of all same-class distances; default 0.9 */
  quantile?: number;
  /** uncertain pairs: the threshold, instead of the one that best separates the answers */
  threshold?: number;
  /** near duplicates: pairs at most this far apart; default: see `defaultDuplicateDistance` */
  duplicateDistance?: number;
  /** label errors: neighbours that vote; default 10 */
  neighbours?: number;
  /** rows above which an index takes over; default 300,000 */
  indexAbove?: number;
}

/** Whether a triplet exactly at the margin is semi-hard. */
export type Boundary = 'exclusive' | 'inclusive';

/** Of near duplicates: which group of the lane a pair is in, 1 the largest, and how many images that has. */
export interface GroupOfCandidate {
  number: number;
  size: number;
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
  /** of near duplicates */
  group?: GroupOfCandidate;
  /** of label errors: the image whose class is in doubt, where it is one of the two; the reason speaks of it */
  suspect?: 'a' | 'b';
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
  /** the hinge: margin + d(a,p) - d(a,n) */
  score: number;
  reason?: string;
}

export type MinedCandidate = PairCandidate | TripletCandidate;

export interface MiningReport {
  /** rows mined over: flagged ones are not among them, nor unclassed ones in lanes that need classes */
  images: number;
  classes: number;
  /** candidates in the band, after the guards and before caps and topK */
  found: number;
  /**
   * What was left out, by name. `identicalFiles`: files with the bytes of another one, which count as one image (counted by who
   * reads the files); `self`: rows (each with itself); `flagged`, `unclassed`: rows; `exactDuplicates`, `answered`,
   * `minDistance`: unordered pairs that the lane would have looked at; `relativeMargin`: anchor-positive pairs whose band it
   * narrowed; `rankWindow`: triplets passed over at ranks before the window; `perImage`, `perClassPair`, `perDuplicateGroup`:
   * candidates over the cap; `implied`: near duplicates that follow from those kept (and from those after them); `topK`:
   * candidates that the caps allow beyond the number asked for.
   */
  leftOut: Record<string, number>;
  /** the kernel that ran, for the log: `wasm-relaxed-simd`, `wasm-simd`, `typescript` */
  kernel: string;
  threads: number;
  seconds: number;
  /** a cancelled run keeps what it found */
  partial: boolean;
  /** measured recall of an index against exact rows; absent when the run was exact */
  recall?: number;
  /** rows whose part an earlier run had done already; absent when everything was worked out */
  reused?: number;
  /** the distance that the lane turned on: of hard positives the quantile, of uncertain pairs the threshold, of near duplicates the reach */
  threshold?: number;
  /** of near duplicates: how many groups there are, and of how many images */
  groups?: { count: number; images: number };
  /** what a person should know of this run, in words */
  notes: string[];
}

export interface MiningResult {
  candidates: MinedCandidate[];
  report: MiningReport;
  /** near duplicates: rows of each group, by hash; largest group first */
  groups?: number[][];
}
