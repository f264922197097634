import type { ImageHash } from '../core/types';
import { checksum } from './checksum';
import { writeError } from './errors';
import { withFileLock } from './file-lock';
import { bytesOfRow, RowFile, type RowLine, type RowShape } from './row-file';

export interface RowStoreOptions extends RowShape {
  /** absolute path without extension; undefined: in memory only */
  base: string | undefined;
  /** rows beyond this many bytes are not taken (`add` returns false) */
  maxBytes?: number;
  /** reads every row once at opening, so that `has` is certain; otherwise damage shows when a row is read */
  verify?: boolean;
}

interface Place {
  row: number;
  checksum: number;
}

const CHECKPOINT_MS = 5000;
const CHECKPOINT_BYTES = 32 << 20;

/**
 * Rows of one size by image hash, kept in a `.npy` array that numpy opens (see `RowFile`). A row whose checksum fails
 * counts as absent. Two processes may add at once: a lock orders their writes, and each takes in the other's rows.
 */
export class RowStore {
  readonly rowBytes: number;
  readonly #file: RowFile | undefined;
  #places = new Map<ImageHash, Place>();
  /** rows on disk, the superseded ones too */
  #rowsOnDisk = 0;
  #linesSize = 0;
  #pending = new Map<ImageHash, { bytes: Uint8Array; checksum: number }>();
  #flushing: Promise<void> = Promise.resolve();
  #lastFlush = performance.now();

  private constructor(readonly options: RowStoreOptions) {
    this.rowBytes = bytesOfRow(options);
    this.#file = options.base === undefined ? undefined : new RowFile(options.base, options);
  }

  /** Opens or starts a store. What is on disk and not understood counts as absent, and is replaced by the next flush. */
  static async open(options: RowStoreOptions, signal?: AbortSignal): Promise<RowStore> {
    const store = new RowStore(options);
    await store.#reload();
    if (options.verify) await store.read(store.hashes, undefined, signal);
    return store;
  }

  /** How many images have a row. */
  get size(): number {
    return this.#places.size + this.#pending.size;
  }

  get hashes(): ImageHash[] {
    return [...this.#places.keys(), ...this.#pending.keys()];
  }

  has(hash: ImageHash): boolean {
    return this.#places.has(hash) || this.#pending.has(hash);
  }

  /**
   * Keeps a copy of a row, in memory until a flush. False if there is one already, or the store is full.
   * @throws RangeError for a row of another size
   */
  add(hash: ImageHash, row: Uint8Array): boolean {
    if (row.length !== this.rowBytes) throw new RangeError(`A row has ${this.rowBytes} bytes, not ${row.length}`);
    const bytes = (this.#rowsOnDisk + this.#pending.size + 1) * this.rowBytes;
    if (this.has(hash) || bytes > (this.options.maxBytes ?? Infinity)) return false;
    const copy = new Uint8Array(row);
    this.#pending.set(hash, { bytes: copy, checksum: checksum(copy) });
    return true;
  }

  /**
   * Reads rows into `target`, that of `hashes[i]` at `i * rowBytes`, and resolves to the indices of those that are not
   * there or damaged; their place in `target` is left as it was, and from now on they count as absent.
   */
  async read(hashes: readonly ImageHash[], target: Uint8Array | undefined, signal?: AbortSignal): Promise<number[]> {
    const missing: number[] = [];
    const wanted: (Place & { to: number })[] = [];
    hashes.forEach((hash, to) => {
      const pending = this.#pending.get(hash);
      const place = this.#places.get(hash);
      if (pending) target?.set(pending.bytes, to * this.rowBytes);
      else if (place) wanted.push({ ...place, to });
      else missing.push(to);
    });
    wanted.sort((a, b) => a.row - b.row);
    const take = ({ to }: { to: number }, bytes: Uint8Array | undefined): void => {
      if (bytes) return target?.set(bytes, to * this.rowBytes);
      missing.push(to);
      this.#places.delete(hashes[to]!);
    };
    await this.#file?.read(wanted, take, signal);
    return missing.sort((a, b) => a - b);
  }

  /** Flushes if the last flush is some seconds ago or much is waiting: called after every batch, a crash costs little. */
  async checkpoint(): Promise<void> {
    const waiting = this.#pending.size * this.rowBytes;
    if (performance.now() - this.#lastFlush >= CHECKPOINT_MS || waiting >= CHECKPOINT_BYTES) await this.flush();
  }

  /**
   * Writes what was added.
   * @throws DatasetError `disk-full`, `read-only`, …; the rows stay in memory then, and a later flush tries again
   */
  async flush(): Promise<void> {
    const turn = this.#flushing.then(() => this.#write());
    this.#flushing = turn.catch(() => undefined);
    await turn;
  }

  async #write(): Promise<void> {
    this.#lastFlush = performance.now();
    const file = this.#file;
    if (!file || this.#pending.size === 0) return;
    try {
      await file.prepare();
      await withFileLock(`${file.base}.lock`, async () => {
        if ((await file.linesSize()) !== this.#linesSize) await this.#reload();
        const rows = [...this.#pending]
          .filter(([hash]) => !this.#places.has(hash))
          .map(([hash, row]) => ({ hash, ...row }));
        const first = this.#rowsOnDisk;
        await file.append(first, rows);
        rows.forEach((row, i) => this.#places.set(row.hash, { row: first + i, checksum: row.checksum }));
        for (const { hash } of rows) this.#pending.delete(hash);
        this.#rowsOnDisk = first + rows.length;
        this.#linesSize = await file.linesSize();
      });
      for (const hash of this.#pending.keys()) if (this.#places.has(hash)) this.#pending.delete(hash);
    } catch (error) {
      throw writeError(error, file.data);
    }
  }

  async #reload(): Promise<void> {
    if (!this.#file) return;
    this.#linesSize = await this.#file.linesSize();
    const lines: RowLine[] = await this.#file.load();
    this.#places = new Map(lines.map(({ hash, checksum }, row) => [hash, { row, checksum }]));
    this.#rowsOnDisk = lines.length;
  }

  /**
   * Forgets rows of images that are not in `keep`, if they take more than half of the file, and resolves to how many it
   * dropped. For images that are gone for good; a vector that comes back would have to be computed again.
   */
  async prune(keep: ReadonlySet<ImageHash>): Promise<number> {
    await this.flush();
    const file = this.#file;
    const kept = [...this.#places].filter(([hash]) => keep.has(hash));
    const dropped = this.#rowsOnDisk - kept.length;
    if (!file || dropped <= kept.length) return 0;
    const bytes = new Uint8Array(kept.length * this.rowBytes);
    const missing = new Set(await this.read(kept.map(([hash]) => hash), bytes)); // prettier-ignore
    const rows = kept
      .map(([hash, place], i) => ({
        hash,
        checksum: place.checksum,
        bytes: bytes.subarray(i * this.rowBytes, (i + 1) * this.rowBytes),
      }))
      .filter((_, i) => !missing.has(i));
    try {
      await withFileLock(`${file.base}.lock`, async () => {
        await file.append(0, rows);
        await this.#reload();
      });
    } catch (error) {
      throw writeError(error, file.data);
    }
    return dropped;
  }
}
