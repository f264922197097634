import type { MiningRequest } from '../core/mining/types';
import type { Entry } from '../core/mining/pool';
import type { RuleCounts } from '../core/mining/triplet-rule';
import type { SavedAnchors } from './cache';
import type { Plan } from './plan';

/** What a pool of a cancelled run keeps: enough to choose from, and few enough to merge and sort while a person waits. */
export function lastPoolLimit({ topK }: MiningRequest): number {
  return Math.max(1 << 13, topK);
}

/** The state of a window's anchors: byte offsets, indexed by row - start. */
export interface Window {
  start: number;
  end: number;
  /** how many positives there is room for */
  positives: number;
  /** i32: where a row's positives begin, and how many there are; their rows (i32) and distances (f64) */
  positiveStarts: number;
  positiveCounts: number;
  positiveRows: number;
  positiveDistances: number;
  /** i32: anchors to sweep again; u8: how much an anchor's nearest rows, and each gap, lost since they were swept */
  list: number;
  nearestLost: number;
  gapLost: number;
}

/** What a thread needs to take up an earlier run; arrays lie in shared memory. */
export interface ResumeData {
  saved: SavedAnchors;
  /** of each row: where the unchanged anchor stood in the earlier run, -1 where it has to be swept */
  oldPlaces: Int32Array;
  /** of each row of the earlier run: where it stands now, -1 where it is gone or changed */
  newPlaces: Int32Array;
}

export interface OpenPhase {
  kind: 'open';
  window: Window;
  wantsPositives: boolean;
  resume: ResumeData | undefined;
}
export interface SweepPhase {
  kind: 'sweep';
  window: Window;
  block: number;
  locked: boolean;
}
export interface ListPhase {
  kind: 'list';
  window: Window;
  block: number;
  /** how many of the listed anchors are fresh; they come first */
  fresh: number;
  listed: number;
  locked: boolean;
}
export interface TripletsPhase {
  kind: 'triplets';
  window: Window;
  after: Entry | undefined;
  limit: number;
  /** nearest rows that a rank window may count on */
  prefix: number;
}
export interface NearestPhase {
  kind: 'nearest';
  window: Window;
  count: number;
  rows: SharedArrayBuffer;
  distances: SharedArrayBuffer;
}
export interface PairsPhase {
  kind: 'pairs';
  block: number;
  turn: number;
  after: Entry | undefined;
  limit: number;
}

/** A stretch of work that all threads share; its tasks are taken in order. */
export type Phase = { tasks: number; plan: Plan } & (
  { kind: 'pack' } | OpenPhase | SweepPhase | ListPhase | TripletsPhase | NearestPhase | PairsPhase
);

/** What a thread has to say after a phase. Entries are in the kernel's rows. */
export interface PhaseResult {
  pool?: PoolPart;
  /** pairs nearer than the least distance, each end counted */
  tooNear: number;
  /** pairs in the band; those that the guards on identity leave out count as well */
  inBand: number;
  counts: RuleCounts;
}

export interface PoolPart {
  scores: Float64Array;
  a: Int32Array;
  b: Int32Array;
  c: Int32Array;
  offered: number;
  dropped: number;
  floor: Entry | undefined;
}

/** Rows of a task of the phases that go by rows; a multiple of 8. */
export const ROWS_OF_TASK = 256;

/** Rows kept beyond the need, so that a run can lose some to changes before it has to sweep an anchor again. */
export const SPARE = { gap: 1, nearest: 8 } as const;
