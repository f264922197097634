import type { ImageHash, Lane, Metric, Relation } from '../core/types';

/** The rows of a manifest, before any file format: what every writer takes and every reader gives. */

/** An image: who it is, where it was last seen (relative to the opened folder, forward slashes), what it is of. */
export interface ImageRef {
  hash: ImageHash;
  path: string;
  class?: string | undefined;
}

/** Where a row's relation comes from, strongest first. `mined` rows are unjudged: their relation follows the classes. */
export type RowSource = 'answer' | 'implied' | 'class' | 'mined';

export const ROW_SOURCES: readonly RowSource[] = ['answer', 'implied', 'class', 'mined'];

/** How a row came to be. Distances are in the metric's own unit. */
export interface Provenance {
  lane?: Lane | undefined;
  model?: string | undefined;
  metric?: Metric | undefined;
  /** of a pair */
  distance?: number | undefined;
  /** of a triplet: d(anchor, positive) */
  positiveDistance?: number | undefined;
  /** of a triplet: d(anchor, negative) */
  negativeDistance?: number | undefined;
  /** the margin that the mining worked with */
  margin?: number | undefined;
  /** place in its lane, from 0 */
  rank?: number | undefined;
  /** who judged */
  by?: string | undefined;
  /** when, ISO 8601 UTC */
  at?: string | undefined;
}

interface RowBase {
  source: RowSource;
  /** how much a trainer should count this row; not negative */
  weight: number;
  provenance: Provenance;
}

export interface PairRow extends RowBase {
  kind: 'pair';
  a: ImageRef;
  b: ImageRef;
  /** null: not judged, and the classes do not say */
  relation: Relation | null;
}

export interface TripletRow extends RowBase {
  kind: 'triplet';
  anchor: ImageRef;
  positive: ImageRef;
  negative: ImageRef;
}

export type Row = PairRow | TripletRow;

export type Shape = 'pairs' | 'triplets';

/** The rows of one part of a split, in the order in which they are written. */
export interface Part<R extends Row = Row> {
  /** `all`, `train`, `validation`, `test`, `fold1`... */
  name: string;
  rows: readonly R[];
}

/** Every image that the rows mention, as often as they do. */
export function* imagesIn(rows: readonly Row[]): Generator<ImageRef> {
  for (const row of rows) {
    if (row.kind === 'pair') {
      yield row.a;
      yield row.b;
    } else {
      yield row.anchor;
      yield row.positive;
      yield row.negative;
    }
  }
}

/** A row's images, in the order of its columns. */
export function imagesOf(row: Row): ImageRef[] {
  return row.kind === 'pair' ? [row.a, row.b] : [row.anchor, row.positive, row.negative];
}

export type ManifestErrorCode =
  /** no source was ticked, or what was ticked holds nothing */
  | 'empty-selection'
  /** only one class, so nothing can be a negative */
  | 'one-class'
  /** a part of the split would get no rows */
  | 'empty-part'
  /** shares or folds that make no sense */
  | 'bad-split'
  /** fewer whole groups than parts */
  | 'too-few-units'
  /** part of one group, image or class on both sides: a defect, never written */
  | 'leak'
  | 'unknown-format'
  /** the format cannot carry this shape */
  | 'unsupported-shape'
  /** the format cannot carry these rows or paths */
  | 'unsupported-rows'
  /** a file to read is not what it claims to be; `line` says where */
  | 'malformed'
  /** a file cannot be read or written */
  | 'file';

/** Something a person can put right; the message says how. */
export class ManifestError extends Error {
  constructor(
    readonly code: ManifestErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'ManifestError';
  }
}
