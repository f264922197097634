import type { Entry } from '../core/mining/pool';

/** What every anchor of a triplet run kept, with what it takes to see whom a change concerns. In the run's kernel order. */
export interface SavedAnchors {
  /** numbers that stand for an image with its vector, and where each is now */
  rows: Float64Array;
  /** of each row: its class's members, and its answers and copies */
  classes: Float64Array;
  guards: Float64Array;
  /** how many rows nearer than the least distance each one met */
  nearCounts: Int32Array;
  gapStarts: Int32Array;
  gapEnds: Int32Array;
  /** as many per gap as the run kept; -1: none */
  gapRows: Int32Array;
  /** how many rows each gap lost to changes since it was swept */
  gapLost: Uint8Array;
  nearestCounts: Int32Array;
  nearestRows: Int32Array;
  nearestLost: Uint8Array;
}

/** The pool of a pair run: good for as long as only answers come. Rows are places in the run's kernel order. */
export interface SavedPairs {
  prints: Float64Array;
  classes: Float64Array;
  /** pairs that were answered then, two places each */
  answered: Int32Array;
  entries: Entry[];
  floor: Entry | undefined;
  dropped: number;
  /** pairs in the band, with those that the guards on identity leave out */
  inBand: number;
  turn: number;
}
