import type { ImageHash, Relation, TripletVerdict } from '../core/types';

/** Rows of a manifest as they are looked at: what the engine reads out of the file, and what is known of their images. */

export type ManifestSource = 'answer' | 'implied' | 'class' | 'mined';

export type ManifestSort =
  | 'line'
  /** of a pair d(a, b), of a triplet d(anchor, positive) */
  | 'distance'
  /** of a triplet d(anchor, negative) */
  | 'negativeDistance'
  /** of a triplet d(anchor, negative) - d(anchor, positive): below zero is hard */
  | 'gap'
  | 'rank';

/** Which rows are wanted, in which order; what is not given is not asked for. */
export interface ManifestView {
  /** null: the file does not say */
  relations?: (Relation | null)[];
  sources?: (ManifestSource | null)[];
  /** rows with an image of exactly this class */
  class?: string;
  /** rows with this in a path, in any case */
  text?: string;
  /** `missing`: with an image that is not in the folder; `differs`: the ledger says something else than the file */
  only?: 'missing' | 'differs';
  sort?: ManifestSort;
  descending?: boolean;
}

export interface ManifestImage {
  /** as the file names it; its hash where it names no path */
  path: string;
  /** who it is in the opened folder; absent where it is not there */
  hash?: ImageHash;
  class?: string;
}

export interface ManifestRow {
  /** 0-based, in the file's order, blank lines left out */
  row: number;
  /** 1-based line of the file */
  line: number;
  kind: 'pair' | 'triplet' | 'broken';
  images: ManifestImage[];
  /** what the file says: of a pair its relation, of a triplet `good`; null: nothing, or mined and not judged */
  claim: Relation | TripletVerdict | null;
  source: ManifestSource | null;
  /** of a pair d(a, b), of a triplet d(anchor, positive) */
  distance?: number;
  negativeDistance?: number;
  lane?: string;
  by?: string;
  /** what the answers in the folder say of it now */
  said?: { verdict: Relation | TripletVerdict; from: 'you' | 'others' | 'implied' };
  /** the beginning of a line that is no row */
  text?: string;
}

export interface ManifestSummary {
  shape: 'pairs' | 'triplets';
  rows: number;
  /** lines that are no rows; they stay in the list, so that a person can see and mend them */
  broken: number;
  distances: [number, number] | null;
  relations: { relation: Relation | null; rows: number }[];
  sources: { source: ManifestSource | null; rows: number }[];
  /** of the folder's images, in alphabetical order */
  classes: string[];
}

export interface ManifestWindow {
  /** rows that pass the view's filters */
  total: number;
  /** the place of the first of `rows` in the view */
  from: number;
  rows: ManifestRow[];
  canUndo: boolean;
}

export interface ManifestAnswer {
  line: number;
  /** two or three, as the row was shown: what was judged is these images, whatever the file says by now */
  images: ImageHash[];
  verdict: Relation | TripletVerdict;
  /** how long the row was the chosen one, milliseconds */
  ms: number;
  token: string;
}
