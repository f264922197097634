import { open, type FileHandle } from 'node:fs/promises';
import { foldLine, LineFolder } from './decode';
import { isMissing, readError } from './errors';
import { READ } from './open-flags';
import { LedgerState } from './state';
import { identityOf, type ReadUpTo } from './writer';

/** A line that gives no event. */
export interface LineProblem {
  /** from 1 */
  line: number;
  reason: string;
  /** the line's beginning, for a person */
  excerpt: string;
}

export interface ReadOptions {
  signal?: AbortSignal;
  /** bytes read so far and in all */
  onProgress?: (done: number, total: number) => void;
}

/** small enough for the processor's cache and for a pause of a few milliseconds, large enough to wait for few reads */
const CHUNK = 1 << 20;
const LONGEST_LINE = 16 << 20;
const TAIL = 96;
/** bytes of an answer's line, to make room for what a file holds */
const TYPICAL_LINE = 420;
const MAX_PROBLEMS = 1000;
const NEWLINE = 10;

/** Reads the ledger's file from where it last stopped, and knows when the file under that name has become another. */
export class LedgerReader {
  state = new LedgerState();
  /** end of the last whole line folded */
  private position = 0;
  private lines = 0;
  private identity = '';
  /** the last bytes before `position`: they tell a file rewritten in place from one that grew */
  private tail = Buffer.alloc(0);
  private found: LineProblem[] = [];
  private unfinished: LineProblem | undefined;
  /** lines that gave no event, also those beyond the first thousand that `problems` keeps */
  badLines = 0;

  constructor(private readonly file: string) {}

  /** Lines that were passed over, a torn last one included. */
  get problems(): LineProblem[] {
    return this.unfinished === undefined ? [...this.found] : [...this.found, this.unfinished];
  }

  /** Bytes of whole lines read. */
  get bytesRead(): number {
    return this.position;
  }

  /**
   * Folds what was appended since the last call. A file that was truncated, replaced or rewritten is read anew into a
   * new state.
   * @returns whether the state was started anew
   * @throws LedgerError `unreadable`, `locked`; the signal's reason when aborted
   */
  async read(options: ReadOptions = {}): Promise<{ replaced: boolean }> {
    let handle: FileHandle;
    try {
      handle = await open(this.file, READ);
    } catch (error) {
      if (!isMissing(error)) throw readError(this.file, error);
      const replaced = this.identity !== '';
      if (replaced) this.startAnew('');
      return { replaced };
    }
    try {
      const stat = await handle.stat({ bigint: true });
      const identity = identityOf(stat);
      if (this.identity === '') this.identity = identity;
      const replaced = identity !== this.identity || !(await this.continues(handle, Number(stat.size)));
      if (replaced) this.startAnew(identity);
      await this.readFrom(handle, Number(stat.size), options);
      return { replaced };
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw readError(this.file, error);
    } finally {
      await handle.close();
    }
  }

  /** How far the file was read; undefined while there is none, or in the middle of a line. */
  get upTo(): ReadUpTo | undefined {
    const { identity, position, tail } = this;
    if (identity === '' || (position > 0 && tail.at(-1) !== NEWLINE)) return undefined;
    return { identity, position, tail };
  }

  /** Takes in whole lines that surely are the file's next and last ones, without reading them. */
  take(lines: Buffer): void {
    this.unfinished = undefined;
    let start = 0;
    for (let end; (end = lines.indexOf(NEWLINE, start)) >= 0; start = end + 1) {
      this.lines++;
      const reason = foldLine(this.state, lines, start, end, this.position + start);
      if (reason !== undefined) this.report(reason, lines, start, end);
    }
    this.remember(lines, start);
    this.position += start;
  }

  private startAnew(identity: string): void {
    this.state = new LedgerState();
    this.position = 0;
    this.lines = 0;
    this.identity = identity;
    this.tail = Buffer.alloc(0);
    this.found = [];
    this.unfinished = undefined;
    this.badLines = 0;
  }

  private async continues(handle: FileHandle, size: number): Promise<boolean> {
    if (size < this.position) return false;
    if (this.tail.length === 0) return true;
    const now = Buffer.alloc(this.tail.length);
    const { bytesRead } = await handle.read(now, 0, now.length, this.position - now.length);
    return bytesRead === now.length && now.equals(this.tail);
  }

  private async readFrom(handle: FileHandle, size: number, { signal, onProgress }: ReadOptions): Promise<void> {
    this.unfinished = undefined;
    const folder = new LineFolder();
    let buffer = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(4096, size - this.position + 1)));
    /** bytes at the buffer's beginning that belong to a line not yet ended */
    let held = 0;
    let tooLong = false;
    this.state.reserve(this.state.events + Math.floor((size - this.position) / TYPICAL_LINE));
    for (;;) {
      signal?.throwIfAborted();
      if (held === buffer.length) {
        if (held >= LONGEST_LINE) {
          tooLong = true;
          this.position += held;
          this.tail = Buffer.alloc(0);
          held = 0;
        } else {
          const larger = Buffer.allocUnsafe(Math.min(LONGEST_LINE, buffer.length * 2));
          buffer.copy(larger, 0, 0, held);
          buffer = larger;
        }
      }
      const { bytesRead } = await handle.read(buffer, held, buffer.length - held, this.position + held);
      if (bytesRead === 0) break;
      const filled = held + bytesRead;
      let start = 0;
      for (let end; (end = buffer.indexOf(NEWLINE, start)) >= 0 && end < filled; start = end + 1) {
        this.lines++;
        if (tooLong) this.report('is longer than 16 MiB', buffer, start, end);
        else this.foldOne(folder, buffer, start, end, this.position + start);
        tooLong = false;
      }
      folder.flush(this.state, buffer);
      if (start > 0) this.remember(buffer, start);
      this.position += start;
      buffer.copyWithin(0, start, filled);
      held = filled - start;
      onProgress?.(this.position + held, Math.max(size, this.position + held));
    }
    if (held > 0) this.lookAtUnfinished(buffer, held);
  }

  /** A last line without its newline counts where it is whole; it stays unread, so that a writer may still end it. */
  private lookAtUnfinished(buffer: Buffer, end: number): void {
    const reason = foldLine(this.state, buffer, 0, end, this.position);
    if (reason !== undefined) {
      this.unfinished = {
        line: this.lines + 1,
        reason: 'is torn: it ends in the middle',
        excerpt: excerpt(buffer, 0, end),
      };
    }
  }

  private foldOne(folder: LineFolder, buffer: Buffer, start: number, end: number, offset: number): void {
    if (isBlank(buffer, start, end)) return;
    const reason = folder.fold(this.state, buffer, start, end, offset);
    if (reason !== undefined) this.report(reason, buffer, start, end);
  }

  private report(reason: string, buffer: Buffer, start: number, end: number): void {
    this.badLines++;
    if (this.found.length < MAX_PROBLEMS) {
      this.found.push({ line: this.lines, reason, excerpt: excerpt(buffer, start, end) });
    }
  }

  private remember(buffer: Buffer, end: number): void {
    const from = Math.max(0, end - TAIL);
    this.tail = Buffer.from(buffer.subarray(from, end));
  }
}

function isBlank(buffer: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (buffer[i] !== 32 && buffer[i] !== 13 && buffer[i] !== 9) return false;
  return true;
}

function excerpt(buffer: Buffer, start: number, end: number): string {
  return buffer.toString('utf8', start, Math.min(end, start + 80));
}
