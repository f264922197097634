import { type FileHandle, open } from 'node:fs/promises';
import type { Relation } from '../../core/types';
import { readError } from '../formats/read';
import type { RowSource, Shape } from '../types';
import { LineScanner } from './scanner';
import { RELATION_CODES, type RowColumns, RowTable, SOURCE_CODES } from './table';

/**
 * A large `*.pairs.jsonl` or `*.triplets.jsonl` made fit for scrolling: where each row begins, and the few values that rows
 * are filtered and sorted by, in typed arrays (about 30 bytes a row). The text stays on disk; rows are read as they come
 * into view.
 */

export type SortKey =
  | 'line'
  /** of a pair d(a, b), of a triplet d(anchor, positive) */
  | 'distance'
  /** of a triplet d(anchor, negative) */
  | 'negativeDistance'
  /** of a triplet d(anchor, negative) - d(anchor, positive): below zero is hard */
  | 'gap'
  | 'rank';

export interface View {
  /** rows of these relations; all where not given; null stands for "not judged" */
  relations?: readonly (Relation | null)[];
  sources?: readonly (RowSource | null)[];
  /** rows with a distance in [from, to] */
  distance?: readonly [from: number, to: number];
  sort?: SortKey;
  descending?: boolean;
}

export interface IndexedLine {
  /** 0-based row: blank lines do not count */
  row: number;
  /** 1-based line of the file */
  line: number;
  text: string;
}

export interface LineIndexOptions {
  signal?: AbortSignal | undefined;
  /** bytes read so far, of how many */
  progress?: ((done: number, total: number) => void) | undefined;
}

const CHUNK = 1 << 22;

/** The index of one file as it was when it was read. Close it when the view closes. */
export class LineIndex {
  private constructor(
    private readonly handle: FileHandle,
    readonly shape: Shape,
    /** rows that are not JSON objects; they stay in the list, so that a person can see and mend them */
    readonly broken: number,
    private readonly columns: RowColumns,
  ) {}

  /** rows */
  get count(): number {
    return this.columns.count;
  }

  /**
   * Reads the whole file once.
   * @throws ManifestError `file` when it cannot be read
   * @throws the signal's reason when aborted
   */
  static async open(file: string, options: LineIndexOptions = {}): Promise<LineIndex> {
    const { signal, progress } = options;
    signal?.throwIfAborted();
    let handle: FileHandle | undefined;
    try {
      handle = await open(file, 'r');
      const { size } = await handle.stat();
      const table = new RowTable();
      const scanner = new LineScanner((start, line, fields) => table.add(start, line, fields));
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(size, 1)));
      let at = 0;
      for (;;) {
        const { bytesRead } = await handle.read(chunk, 0, chunk.length, at);
        if (bytesRead === 0) break;
        signal?.throwIfAborted();
        scanner.push(chunk.subarray(0, bytesRead), at);
        at += bytesRead;
        progress?.(at, Math.max(at, size));
      }
      scanner.end();
      const done = table.finish(at);
      return new LineIndex(handle, table.triplets * 2 > done.count ? 'triplets' : 'pairs', table.broken, done);
    } catch (error) {
      await handle?.close();
      throw readError(file, error);
    }
  }

  /** The rows that pass the filters, in the order asked for; equal ones, and those without a value last, by line. */
  view({ relations, sources, distance, sort = 'line', descending = false }: View = {}): Uint32Array {
    const relationPasses = RELATION_CODES.map(relation => !relations || relations.includes(relation));
    const sourcePasses = SOURCE_CODES.map(source => !sources || sources.includes(source));
    const rows = new Uint32Array(this.count);
    let n = 0;
    for (let row = 0; row < this.count; row++) {
      if (!relationPasses[this.columns.relations[row]!]! || !sourcePasses[this.columns.sources[row]!]!) continue;
      if (distance) {
        const value = this.columns.distances[row]!;
        if (!(value >= distance[0] && value <= distance[1])) continue;
      }
      rows[n++] = row;
    }
    const found = rows.slice(0, n);
    if (sort === 'line') return descending ? found.reverse() : found;
    const keys = this.keys(sort);
    const sign = descending ? -1 : 1;
    return found.sort((x, y) => {
      const a = keys[x]!;
      const b = keys[y]!;
      if (a === b) return x - y;
      if (Number.isNaN(a)) return Number.isNaN(b) ? x - y : 1;
      if (Number.isNaN(b)) return -1;
      return sign * (a - b);
    });
  }

  private keys(sort: Exclude<SortKey, 'line'>): ArrayLike<number> {
    switch (sort) {
      case 'distance':
        return this.columns.distances;
      case 'negativeDistance':
        return this.columns.negatives;
      case 'rank':
        return this.columns.ranks;
      case 'gap':
        return this.columns.negatives.map((value, row) => value - this.columns.distances[row]!);
    }
  }

  /** The text of some rows, in their order; rows that lie together are read together. */
  async read(rows: ArrayLike<number>): Promise<IndexedLine[]> {
    const out: IndexedLine[] = [];
    for (let i = 0; i < rows.length;) {
      let j = i + 1;
      while (
        j < rows.length &&
        rows[j] === rows[j - 1]! + 1 &&
        this.columns.offsets[rows[j]! + 1]! - this.columns.offsets[rows[i]!]! < CHUNK
      )
        j++;
      const from = this.columns.offsets[rows[i]!];
      const until = this.columns.offsets[rows[j - 1]! + 1];
      if (from === undefined || until === undefined) throw new RangeError(`there is no row ${rows[i]!}`);
      const bytes = Buffer.alloc(until - from);
      const { bytesRead } = await this.handle.read(bytes, 0, bytes.length, from);
      for (; i < j; i++) {
        const row = rows[i]!;
        const end = Math.min(this.columns.offsets[row + 1]! - from, bytesRead);
        // between two rows there may be blank lines
        const text = bytes.toString('utf8', this.columns.offsets[row]! - from, end).split('\n', 1)[0]!;
        out.push({ row, line: this.columns.lines[row]!, text: text.replace(/\r$/u, '') });
      }
    }
    return out;
  }

  /**
   * The rows whose text holds a piece of text (part of a path, a class, a person), in order. Letters count as written.
   * @throws the signal's reason when aborted
   */
  async find(piece: string, signal?: AbortSignal): Promise<Uint32Array> {
    // as it stands inside a JSON string
    const wanted = Buffer.from(JSON.stringify(piece).slice(1, -1), 'utf8');
    const { offsets, count } = this.columns;
    const found: number[] = [];
    if (wanted.length === 0 || count === 0) return Uint32Array.from(found);
    const chunk = Buffer.allocUnsafe(CHUNK);
    let row = 0;
    for (let at = 0, kept = 0; ;) {
      const { bytesRead } = await this.handle.read(chunk, kept, chunk.length - kept, at + kept);
      signal?.throwIfAborted();
      const bytes = chunk.subarray(0, kept + bytesRead);
      for (let hit = bytes.indexOf(wanted); hit >= 0;) {
        while (row < count - 1 && offsets[row + 1]! <= at + hit) row++;
        if (found.at(-1) !== row) found.push(row);
        // one hit a row is enough: on to the next row
        const next = Math.max(hit + 1, offsets[row + 1]! - at);
        hit = next < bytes.length ? bytes.indexOf(wanted, next) : -1;
      }
      if (bytesRead === 0) return Uint32Array.from(found);
      // a hit may straddle two chunks
      kept = Math.min(bytes.length, wanted.length - 1);
      at += bytes.length - kept;
      chunk.copyWithin(0, bytes.length - kept, bytes.length);
    }
  }

  /** The smallest and largest distance, or null where no row has one. */
  distanceRange(): [number, number] | null {
    let low = Infinity;
    let high = -Infinity;
    for (const value of this.columns.distances) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return low <= high ? [low, high] : null;
  }

  /** How many rows each relation and each source has. */
  counts(): { relations: Map<Relation | null, number>; sources: Map<RowSource | null, number> } {
    return {
      relations: tally(this.columns.relations, RELATION_CODES),
      sources: tally(this.columns.sources, SOURCE_CODES),
    };
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

function tally<T>(codes: Uint8Array, names: readonly T[]): Map<T, number> {
  const counts = new Map<T, number>();
  for (const code of codes) counts.set(names[code]!, (counts.get(names[code]!) ?? 0) + 1);
  return counts;
}
