import { hashesOfPair } from '../pairs';
import type { ImageHash, PairKey, Relation } from '../types';
import { METRICS } from '../types';
import type { MiningData, MiningRequest } from './types';
import { duplicateGroups, groupsOfIds } from './duplicates';

/** Vectors, labels, weights or numbers that cannot be mined; the message names the image and says what to do. */
export class MiningInputError extends RangeError {
  override name = 'MiningInputError';
}

/** Answered pairs as rows: those of row i are `others[starts[i] .. starts[i+1]]`, ascending. */
export interface AnsweredRows {
  starts: Int32Array;
  others: Int32Array;
  /** beside `others`: what was answered */
  relations: Uint8Array;
}

/** Codes of relations; a pair that is only known to be answered is `OTHER`. */
export const OTHER = 0;
export const SAME = 1;
export const DIFFERENT = 2;

/** A checked mining run: what may be compared with what, and in which order ties fall. Rows are rows of the data. */
export interface Problem {
  data: MiningData;
  request: MiningRequest;
  /** rows to mine over, by label and then by hash */
  rows: Int32Array;
  /** rows of one label are `rows[start .. end)` */
  classes: { label: number; start: number; end: number }[];
  /** place of each row among all, by hash (equal hashes by row): the order in which ties fall */
  ranks: Int32Array;
  /** rows of equal id or equal vector share a number */
  copies: Int32Array;
  answered: AnsweredRows;
  leftOut: Record<string, number>;
}

/** Lanes that look at classes: rows without one have no part in them. */
export function needsClasses(lane: MiningRequest['lane']): boolean {
  return lane !== 'near-duplicates' && lane !== 'uncertain-pairs';
}

/**
 * Checks the input and lays out the run.
 * @throws MiningInputError for vectors that are not finite (the image is named), arrays that do not fit together, or a margin,
 *   weights or counts that make no sense.
 */
export function prepare(data: MiningData, request: MiningRequest): Problem {
  const steps = preparation(data, request);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** As `prepare`, in steps of some milliseconds, so that others get their turn and a run can be cancelled in between. */
export function* preparation(data: MiningData, request: MiningRequest): Generator<undefined, Problem> {
  checkRequest(data, request);
  yield* checkVectors(data);
  const ranks = hashRanks(data.ids);
  yield;
  const flagged = request.guards.flagged;
  const classed = needsClasses(request.lane);
  const leftOut: Record<string, number> = { self: 0, flagged: 0, unclassed: 0 };
  const active: number[] = [];
  for (let i = 0; i < data.ids.length; i++) {
    if (flagged?.has(data.ids[i]!)) leftOut['flagged']!++;
    else if (classed && data.labels[i]! < 0) leftOut['unclassed']!++;
    else active.push(i);
  }
  leftOut['self'] = active.length;
  const rows = Int32Array.from(active).sort((i, j) => data.labels[i]! - data.labels[j]! || ranks[i]! - ranks[j]!);
  yield;
  return {
    data,
    request,
    rows,
    classes: classRanges(rows, data.labels),
    ranks,
    // copies of one picture with other bytes are what the lane of near duplicates looks for
    copies: request.lane === 'near-duplicates' ? groupsOfIds(data) : yield* duplicateGroups(data),
    answered: answeredRows(data, request.guards.answered),
    leftOut,
  };
}

/** What was answered of a pair of rows, as a code; undefined when nothing was. */
export function answerOf(answered: AnsweredRows, i: number, j: number): number | undefined {
  let low = answered.starts[i]!;
  let high = answered.starts[i + 1]!;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = answered.others[middle]!;
    if (other === j) return answered.relations[middle];
    if (other < j) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

/** Place of each row when rows are ordered by hash, equal ones by row. */
export function hashRanks(ids: readonly ImageHash[]): Int32Array {
  // most comparisons end at the first few characters after those that all have in common: as numbers they are quick to compare
  const first = ids[0] ?? '';
  let common = first.length;
  for (const id of ids) while (!id.startsWith(first.slice(0, common))) common--;
  const heads = Float64Array.from(ids, id => {
    let head = 0;
    for (let at = common; at < common + 6; at++)
      head = head * 256 + Math.min(255, at < id.length ? id.charCodeAt(at) : 0);
    return head;
  });
  const order = Int32Array.from(ids, (_, i) => i).sort(
    (i, j) => heads[i]! - heads[j]! || (ids[i]! < ids[j]! ? -1 : ids[i]! > ids[j]! ? 1 : i - j),
  );
  const ranks = new Int32Array(ids.length);
  order.forEach((row, rank) => (ranks[row] = rank));
  return ranks;
}

function classRanges(rows: Int32Array, labels: Int32Array): Problem['classes'] {
  const classes: Problem['classes'] = [];
  for (let start = 0; start < rows.length;) {
    const label = labels[rows[start]!]!;
    let end = start + 1;
    while (end < rows.length && labels[rows[end]!] === label) end++;
    classes.push({ label, start, end });
    start = end;
  }
  return classes;
}

function answeredRows(data: MiningData, answered: MiningRequest['guards']['answered']): AnsweredRows {
  const n = data.ids.length;
  const starts = new Int32Array(n + 1);
  if (!answered?.size) return { starts, others: new Int32Array(0), relations: new Uint8Array(0) };
  const rowsOf = new Map<ImageHash, number[]>();
  data.ids.forEach((id, i) => {
    const rows = rowsOf.get(id);
    if (rows) rows.push(i);
    else rowsOf.set(id, [i]);
  });
  const codeOf = (key: PairKey): number => {
    const relation = answered instanceof Map ? (answered as ReadonlyMap<PairKey, Relation>).get(key) : undefined;
    return relation === 'same' ? SAME : relation === 'different' ? DIFFERENT : OTHER;
  };
  const links: { i: number; j: number; code: number }[] = [];
  for (const key of answered.keys()) {
    const [a, b] = hashesOfPair(key);
    const code = codeOf(key);
    for (const i of rowsOf.get(a) ?? []) {
      for (const j of rowsOf.get(b) ?? []) links.push({ i, j, code }, { i: j, j: i, code });
    }
  }
  links.sort((x, y) => x.i - y.i || x.j - y.j);
  for (const { i } of links) starts[i + 1]!++;
  for (let i = 0; i < n; i++) starts[i + 1]! += starts[i]!;
  return { starts, others: Int32Array.from(links, l => l.j), relations: Uint8Array.from(links, l => l.code) };
}

function* checkVectors({ vectors, dimension, ids }: MiningData): Generator<undefined, void> {
  for (let at = 0; at < vectors.length; at++) {
    if ((at & 0xfffff) === 0xfffff) yield;
    const x = vectors[at]!;
    // NaN and both infinities are the numbers for which x - x is not 0
    if (x - x !== 0) {
      const row = Math.floor(at / dimension);
      throw new MiningInputError(
        `the vector of image ${ids[row]} (row ${row}) holds ${x} at component ${at % dimension}: embed this image again, or leave it out`,
      );
    }
  }
}

function checkRequest(data: MiningData, request: MiningRequest): void {
  const { vectors, dimension, ids, labels } = data;
  const refuse = (message: string) => {
    throw new MiningInputError(message);
  };
  if (!Number.isInteger(dimension) || dimension < 1) refuse(`vectors have a dimension of 1 or more, not ${dimension}`);
  if (vectors.length !== ids.length * dimension) {
    refuse(
      `${ids.length} images of dimension ${dimension} need ${ids.length * dimension} components, not ${vectors.length}`,
    );
  }
  if (labels.length !== ids.length) refuse(`${ids.length} images need as many labels, not ${labels.length}`);
  if (!METRICS.includes(request.metric))
    refuse(`no distance is called ${request.metric}: choose one of ${METRICS.join(', ')}`);
  if (request.metric === 'weightedL1') {
    if (request.weights?.length !== dimension) {
      refuse(`weighted L1 needs ${dimension} weights, one a dimension, not ${request.weights?.length ?? 'none'}`);
    }
    if (!request.weights!.every(w => w >= 0 && w < Infinity))
      refuse('weights of the weighted L1 are finite and not negative');
  }
  const isNumber = (value: number, name: string, from: number, to = Infinity) => {
    if (!(value >= from && value <= to && Number.isFinite(value))) {
      refuse(`${name} is a number from ${from}${to < Infinity ? ` to ${to}` : ' on'}, not ${value}`);
    }
  };
  const isCount = (value: number | undefined, name: string, from = 1) => {
    if (value !== undefined && !(Number.isInteger(value) && value >= from)) {
      refuse(`${name} is a whole number from ${from} on, not ${value}`);
    }
  };
  isNumber(request.margin, 'the margin', 0);
  isCount(request.perPair, 'the number of negatives of a pair');
  isCount(request.topK, 'the number of candidates');
  isCount(request.guards.perImage, 'the cap per image');
  isCount(request.guards.perClassPair, 'the cap per pair of classes');
  isCount(request.guards.perDuplicateGroup, 'the cap per group of near duplicates');
  isCount(request.neighbours, 'the number of neighbours');
  isNumber(request.guards.minDistance ?? 0, 'the least distance', 0);
  isNumber(request.guards.relativeMargin ?? 0, 'the relative margin', 0);
  isNumber(request.duplicateDistance ?? 0, 'the reach of near duplicates', 0);
  isNumber(request.threshold ?? 0, 'the threshold', 0);
  isNumber(request.quantile ?? 0, 'the quantile', 0, 1);
  const window = request.guards.rankWindow;
  if (window) {
    isCount(window[0], 'the start of the rank window', 0);
    if (window[1] !== Infinity) isCount(window[1], 'the end of the rank window', window[0]);
  }
}
