import fs from 'node:fs/promises';
import path from 'node:path';
import type { ImageHash } from '../core/types';
import { writeAtomically } from './atomic';
import { writeError } from './errors';
import type { Format } from './formats';

/** What is known of one path since it was last read. */
export interface IndexEntry {
  size: number;
  mtimeMs: number;
  ctimeMs: number;
  ino: number;
  hash: ImageHash;
  format: Format;
  /** false where the file was so fresh when it was read that a later change might not show in its times */
  settled: boolean;
}

const VERSION = 1;
const FILE = 'images.jsonl';
const LINES_AT_ONCE = 2000;

type Row = [string, number, number, number, number, string, Format, 0 | 1];

/**
 * `images.jsonl` in the cache: which content lay at which path, so that a file is read again only where its stat
 * changed. The first line is a header with the number of rows; a file that is cut short or not understood counts as
 * absent, for it can always be made again.
 */
export class ImageIndex {
  #entries: Map<string, IndexEntry>;
  #changed = false;

  private constructor(
    readonly file: string | undefined,
    entries: Map<string, IndexEntry>,
  ) {
    this.#entries = entries;
  }

  /** @param cache the cache folder; undefined: kept in memory only */
  static async open(cache: string | undefined): Promise<ImageIndex> {
    if (cache === undefined) return new ImageIndex(undefined, new Map());
    const file = path.join(cache, FILE);
    return new ImageIndex(file, await load(file));
  }

  get entries(): ReadonlyMap<string, IndexEntry> {
    return this.#entries;
  }

  replace(entries: Map<string, IndexEntry>): void {
    this.#entries = entries;
    this.#changed = true;
  }

  /** Writes the index if it changed. @throws DatasetError */
  async save(): Promise<void> {
    if (this.file === undefined || !this.#changed) return;
    try {
      await writeAtomically(this.file, lines(this.#entries));
      this.#changed = false;
    } catch (error) {
      throw writeError(error, this.file);
    }
  }
}

function* lines(entries: ReadonlyMap<string, IndexEntry>): Generator<string> {
  yield `${JSON.stringify({ v: VERSION, rows: entries.size })}\n`;
  let block: string[] = [];
  for (const [at, e] of entries) {
    const row: Row = [at, e.size, e.mtimeMs, e.ctimeMs, e.ino, e.hash, e.format, e.settled ? 1 : 0];
    block.push(JSON.stringify(row));
    if (block.length === LINES_AT_ONCE) {
      yield `${block.join('\n')}\n`;
      block = [];
    }
  }
  if (block.length > 0) yield `${block.join('\n')}\n`;
}

async function load(file: string): Promise<Map<string, IndexEntry>> {
  const entries = new Map<string, IndexEntry>();
  try {
    const [header, ...rows] = (await fs.readFile(file, 'utf8')).trimEnd().split('\n');
    const { v, rows: count } = JSON.parse(header ?? '') as { v?: unknown; rows?: unknown };
    if (v !== VERSION || count !== rows.length) return new Map();
    for (const row of rows) {
      const [at, size, mtimeMs, ctimeMs, ino, hash, format, settled] = JSON.parse(row) as Row;
      if (!/^sha256:[0-9a-f]{64}$/.test(hash)) return new Map();
      entries.set(at, { size, mtimeMs, ctimeMs, ino, hash: hash as ImageHash, format, settled: settled === 1 });
    }
    return entries;
  } catch {
    return new Map();
  }
}
