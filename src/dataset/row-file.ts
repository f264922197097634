import fs from 'node:fs/promises';
import path from 'node:path';
import type { ImageHash } from '../core/types';
import { makeFolder } from './atomic';
import { checksum } from './checksum';
import { errnoOf } from './errors';
import { NPY_HEADER_BYTES, npyHeader, parseNpyHeader, type NpyType } from './npy';

export interface RowShape {
  type: NpyType;
  /** of one row, without the rows' own dimension */
  shape: readonly number[];
}

/** A row as its line in the `.rows` file tells it. */
export interface RowLine {
  hash: ImageHash;
  checksum: number;
}

/** `sha256:<64 hex> <8 hex>\n`: every line has this length, so that row n's line lies at n times it. */
const LINE_BYTES = 81;
const LINE = /^(sha256:[0-9a-f]{64}) ([0-9a-f]{8})$/;
const CHUNK_BYTES = 8 << 20;
/** A gap of so many rows is cheaper to read over than to jump. */
const MAX_GAP = 4;

/**
 * The two files of a row store: `<base>.npy` with the rows, `<base>.rows` with a line for each. Appending writes the
 * rows, then their lines, then the count in the array's header, so that a crash at any point leaves a whole prefix.
 * Knows nothing of what is in memory; errors are the file system's.
 */
export class RowFile {
  readonly rowBytes: number;
  readonly data: string;
  readonly lines: string;

  constructor(
    readonly base: string,
    readonly row: RowShape,
  ) {
    this.rowBytes = bytesOfRow(row);
    this.data = `${base}.npy`;
    this.lines = `${base}.rows`;
  }

  /** The lines of all rows that are there whole; none where the files are missing or not understood. */
  async load(): Promise<RowLine[]> {
    try {
      const handle = await fs.open(this.data, 'r');
      let capacity: number;
      try {
        const head = Buffer.alloc(NPY_HEADER_BYTES);
        await handle.read(head, 0, head.length, 0);
        if (!this.#isOurs(head)) return [];
        capacity = Math.floor(((await handle.stat()).size - NPY_HEADER_BYTES) / this.rowBytes);
      } finally {
        await handle.close();
      }
      return parseLines(await fs.readFile(this.lines, 'latin1'), capacity);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return [];
    }
  }

  #isOurs(head: Uint8Array): boolean {
    const parsed = parseNpyHeader(head);
    const { type, shape } = this.row;
    return (
      parsed?.dataStart === NPY_HEADER_BYTES && parsed.type === type && parsed.shape.slice(1).join() === shape.join()
    );
  }

  /** Makes the folder that the files lie in, and the cache folder around it. */
  async prepare(): Promise<void> {
    await makeFolder(path.dirname(this.base), 2);
  }

  /** A number that changes whenever any process appends. */
  async linesSize(): Promise<number> {
    return await fs.stat(this.lines).then(stat => stat.size, () => 0); // prettier-ignore
  }

  /** Writes rows after the first `keep`; whatever followed those is cut off. */
  async append(keep: number, rows: readonly { hash: ImageHash; bytes: Uint8Array; checksum: number }[]): Promise<void> {
    const data = await openForWriting(this.data);
    try {
      const lines = await openForWriting(this.lines);
      try {
        // First the lines: between the two cuts, no line may stand for a row that is gone.
        await lines.truncate(keep * LINE_BYTES);
        if (keep === 0) await data.truncate(0);
        await writeAll(data, npyHeader(this.row.type, [keep, ...this.row.shape]), 0);
        await data.truncate(NPY_HEADER_BYTES + keep * this.rowBytes);
        let at = NPY_HEADER_BYTES + keep * this.rowBytes;
        for (const block of blocksOf(rows, this.rowBytes)) {
          await writeAll(data, block, at);
          at += block.length;
        }
        await data.datasync();
        const text = rows.map(row => `${row.hash} ${row.checksum.toString(16).padStart(8, '0')}\n`).join('');
        await writeAll(lines, Buffer.from(text, 'latin1'), keep * LINE_BYTES);
        await lines.datasync();
        await writeAll(data, npyHeader(this.row.type, [keep + rows.length, ...this.row.shape]), 0);
      } finally {
        await lines.close();
      }
    } finally {
      await data.close();
    }
  }

  /**
   * Reads rows in ascending order of `row`, many at once, and hands each to `take`, whose bytes hold only during the
   * call; undefined for a row that is not there or whose checksum fails.
   */
  async read<T extends { row: number; checksum: number }>(
    wanted: readonly T[],
    take: (item: T, bytes: Uint8Array | undefined) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    if (wanted.length === 0) return;
    const handle = await fs.open(this.data, 'r').catch((error: unknown) => {
      if (errnoOf(error) === undefined) throw error;
      return undefined;
    });
    if (!handle) return wanted.forEach(item => take(item, undefined));
    try {
      const most = Math.max(1, Math.floor(CHUNK_BYTES / this.rowBytes));
      const span = wanted.at(-1)!.row - wanted[0]!.row + 1;
      const buffer = Buffer.allocUnsafeSlow(Math.min(most, span) * this.rowBytes);
      for (let next = 0; next < wanted.length;) {
        signal?.throwIfAborted();
        const first = wanted[next]!.row;
        let end = next + 1;
        while (
          end < wanted.length &&
          wanted[end]!.row - first < most &&
          wanted[end]!.row - wanted[end - 1]!.row <= MAX_GAP
        )
          end++;
        const length = (wanted[end - 1]!.row - first + 1) * this.rowBytes;
        const { bytesRead } = await handle.read(buffer, 0, length, NPY_HEADER_BYTES + first * this.rowBytes);
        for (; next < end; next++) {
          const item = wanted[next]!;
          const until = (item.row - first + 1) * this.rowBytes;
          const bytes = buffer.subarray(until - this.rowBytes, until);
          take(item, until <= bytesRead && checksum(bytes) === item.checksum ? bytes : undefined);
        }
      }
    } finally {
      await handle.close();
    }
  }
}

/** Bytes of one row. */
export function bytesOfRow({ type, shape }: RowShape): number {
  return shape.reduce((product, n) => product * n, type === 'f4' ? 4 : 1);
}

function parseLines(text: string, most: number): RowLine[] {
  const lines: RowLine[] = [];
  for (let at = 0; at + LINE_BYTES <= text.length && lines.length < most; at += LINE_BYTES) {
    const match = LINE.exec(text.slice(at, at + LINE_BYTES - 1));
    if (!match || text[at + LINE_BYTES - 1] !== '\n') break;
    lines.push({ hash: match[1] as ImageHash, checksum: Number.parseInt(match[2]!, 16) });
  }
  return lines;
}

/** Opens for reading and writing without emptying it, making it if need be. */
async function openForWriting(file: string): Promise<fs.FileHandle> {
  try {
    return await fs.open(file, 'r+');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return await fs.open(file, 'w+');
  }
}

/** A disk that fills up takes a part without an error; only the next write tells. */
async function writeAll(handle: fs.FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += (await handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
  }
}

function* blocksOf(rows: readonly { bytes: Uint8Array }[], rowBytes: number): Generator<Uint8Array> {
  const most = Math.max(1, Math.floor(CHUNK_BYTES / rowBytes));
  for (let at = 0; at < rows.length; at += most) yield Buffer.concat(rows.slice(at, at + most).map(row => row.bytes));
}
