import type { ImageHash, Relation } from '../../core/types';
import type { SplitPlan, Ties } from '../../core/splits';
import type { ImageRef, Part, Provenance, Row, RowSource, Shape } from '../types';

/** A pair of which something is known. */
export interface KnownPair {
  a: ImageHash;
  b: ImageHash;
  relation: Relation;
  provenance?: Provenance;
}

/** A mined candidate by its images' hashes, best first. */
export type MinedRow =
  | { kind: 'pair'; a: ImageHash; b: ImageHash; provenance?: Provenance }
  | { kind: 'triplet'; anchor: ImageHash; positive: ImageHash; negative: ImageHash; provenance?: Provenance };

/** Everything rows can be made of. All of it is given, whatever is ticked: answers overrule classes either way. */
export interface RowData {
  /** one for each distinct content, flagged ones left out or named in `flagged` */
  images: readonly ImageRef[];
  /** the standing answers, one a pair */
  answers: readonly KnownPair[];
  /** what follows from them */
  implied: readonly KnownPair[];
  mined: readonly MinedRow[];
  /** groups of near duplicates, which no split may part */
  duplicates?: readonly (readonly ImageHash[])[];
  /** images that a person marked as unusable */
  flagged?: ReadonlySet<ImageHash>;
}

/** What a person may tick. */
export type RowOrigin = 'answers' | 'implied' | 'classes' | 'mined';

export const ROW_ORIGINS: readonly RowOrigin[] = ['answers', 'implied', 'classes', 'mined'];

export interface RowChoice {
  shape: Shape;
  from: readonly RowOrigin[];
  seed: number;
  /**
   * at most this many rows of those that can be made by the million: pairs and triplets of classes, and triplets
   * recombined from answers. Single judgements and mined candidates are never cut. Default 10,000.
   */
  limit?: number;
  /** a row's weight by its source; 1 where not given */
  weights?: Partial<Record<RowSource, number>>;
}

export const DEFAULT_LIMIT = 10_000;

/** Why something did not become a row; the numbers go to the card. */
export type LeftOut =
  | 'image-missing'
  | 'flagged'
  | 'crosses-parts'
  | 'answered-otherwise'
  | 'already-judged'
  | 'incomparable'
  | 'no-relation'
  | 'over-limit';

export const LEFT_OUT_WORDS: Record<LeftOut, string> = {
  'image-missing': 'an image is no longer in the folder',
  flagged: 'an image is flagged as unusable',
  'crosses-parts': 'the images lie in different parts of the split',
  'answered-otherwise': 'an answer says otherwise',
  'already-judged': 'mined, and judged since',
  incomparable: 'nobody can tell, and a triplet needs to know',
  'no-relation': 'mined, not judged, and the classes do not say',
  'over-limit': 'more than the limit; a seeded sample was kept',
};

export interface BuiltRows {
  parts: Part[];
  leftOut: Partial<Record<LeftOut, number>>;
  plan: SplitPlan;
  /** what the plan kept together: for the leak check */
  ties: Ties;
}

/** Gathers rows, dropping repeats, and counts what is left out. */
export interface Sink<R extends Row> {
  add(row: R): void;
  leaveOut(why: LeftOut, count?: number): void;
}
