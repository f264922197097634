/** The words of docs/DESIGN.md as types. Types only: any room may import them. */

/** An image's identity: the SHA-256 of its file's bytes, lower-case hex. */
export type ImageHash = `sha256:${string}`;

/** What a person can say of a pair. Never a bare 0 or 1: conventions differ between trainers. */
export type Relation = 'same' | 'different' | 'incomparable';

/** What a person can say of a triplet; see `relationsOfVerdict` for the two answers it stands for. */
export type TripletVerdict = 'good' | 'positive-wrong' | 'negative-same' | 'both-wrong' | 'incomparable';

/** Smaller is more alike, never negative. Not interchangeable with `Similarity`: a sign error here is the field's classic bug. */
export type Distance = number & { readonly unit: 'distance' };

/** Larger is more alike. */
export type Similarity = number & { readonly unit: 'similarity' };

/** How two embeddings are compared. Margins do not carry over from one metric to another. */
export type Metric = 'l2' | 'sql2' | 'l1' | 'weightedL1' | 'cosine';

export const METRICS: readonly Metric[] = ['l2', 'sql2', 'l1', 'weightedL1', 'cosine'];

/** A kind of candidate that a search finds. */
export type MinedLane =
  | 'hard-triplets'
  | 'semi-hard-triplets'
  | 'hard-negatives'
  | 'hard-positives'
  | 'uncertain-pairs'
  | 'near-duplicates'
  | 'label-errors';

/** A kind of candidate: mined, or a pair on which people differ. */
export type Lane = MinedLane | 'disagreements';

export const MINED_LANES: readonly MinedLane[] = [
  'hard-triplets',
  'semi-hard-triplets',
  'hard-negatives',
  'hard-positives',
  'uncertain-pairs',
  'near-duplicates',
  'label-errors',
];

export const LANES: readonly Lane[] = [...MINED_LANES, 'disagreements'];

/** Canonical key of an unordered pair: the smaller hash, a space, the larger hash. Built by `pairKey`. */
export type PairKey = `${ImageHash} ${ImageHash}`;
