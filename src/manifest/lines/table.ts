import type { Relation } from '../../core/types';
import { type RowSource, ROW_SOURCES } from '../types';

/** A row's relation and source as small numbers: places in these lists. */
export const RELATION_CODES: readonly (Relation | null)[] = [null, 'same', 'different', 'incomparable'];
export const SOURCE_CODES: readonly (RowSource | null)[] = [null, ...ROW_SOURCES];

/** What is known of one row; the numbers are NaN where the row has none. */
export interface RowFields {
  /** a place in `RELATION_CODES` */
  relation: number;
  /** a place in `SOURCE_CODES` */
  source: number;
  distance: number;
  negativeDistance: number;
  rank: number;
  isTriplet: boolean;
  isBroken: boolean;
}

export interface RowColumns {
  count: number;
  /** where each row begins, in bytes, and after the last one where the file ends */
  offsets: Float64Array;
  /** each row's line, from 1 */
  lines: Uint32Array;
  relations: Uint8Array;
  sources: Uint8Array;
  distances: Float32Array;
  negatives: Float32Array;
  ranks: Float64Array;
}

/** Columns that grow by doubling. */
export class RowTable {
  triplets = 0;
  broken = 0;
  private columns = columnsFor(1024);

  add(start: number, line: number, fields: Readonly<RowFields>): void {
    if (this.columns.count === this.columns.lines.length) this.columns = resized(this.columns, 2 * this.columns.count);
    const { columns } = this;
    const i = columns.count++;
    columns.offsets[i] = start;
    columns.lines[i] = line;
    columns.relations[i] = fields.relation;
    columns.sources[i] = fields.source;
    columns.distances[i] = fields.distance;
    columns.negatives[i] = fields.negativeDistance;
    columns.ranks[i] = fields.rank;
    if (fields.isTriplet) this.triplets++;
    if (fields.isBroken) this.broken++;
  }

  /** @param end the file's size in bytes */
  finish(end: number): RowColumns {
    const columns = resized(this.columns, this.columns.count);
    columns.offsets[columns.count] = end;
    return columns;
  }
}

function columnsFor(rows: number): RowColumns {
  return {
    count: 0,
    offsets: new Float64Array(rows + 1),
    lines: new Uint32Array(rows),
    relations: new Uint8Array(rows),
    sources: new Uint8Array(rows),
    distances: new Float32Array(rows),
    negatives: new Float32Array(rows),
    ranks: new Float64Array(rows),
  };
}

function resized(old: RowColumns, rows: number): RowColumns {
  const fresh = columnsFor(rows);
  const { count } = old;
  fresh.count = count;
  fresh.offsets.set(old.offsets.subarray(0, count));
  fresh.lines.set(old.lines.subarray(0, count));
  fresh.relations.set(old.relations.subarray(0, count));
  fresh.sources.set(old.sources.subarray(0, count));
  fresh.distances.set(old.distances.subarray(0, count));
  fresh.negatives.set(old.negatives.subarray(0, count));
  fresh.ranks.set(old.ranks.subarray(0, count));
  return fresh;
}
