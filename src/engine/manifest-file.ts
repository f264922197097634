import { stat } from 'node:fs/promises';
import { LineIndex, readShownRow } from '../manifest';
import type { ShownRow } from '../manifest';
import type { ManifestView } from '../rpc/manifest-rows';
import type { JobOptions } from './progress';
import { StageProgress } from './progress';

/** What a filter asks of a row that the index alone cannot say. */
export type RowTest = (row: ShownRow) => boolean;

/** Rows read at a time when the text itself is searched. */
const BATCH = 4096;

/**
 * One manifest on disk, indexed. It follows the file: what was read before somebody wrote it again is let go of, and the
 * latest view (one filter, one order) is kept, because it is asked for again with every turn of the wheel.
 */
export class ManifestFile {
  #opened: { stamp: string; index: LineIndex } | undefined;
  #opening: Promise<LineIndex> | undefined;
  #view: { key: string; rows: Uint32Array } | undefined;

  constructor(readonly path: string) {}

  /** @throws ManifestError `file` when it cannot be read */
  async index(options: JobOptions = {}): Promise<LineIndex> {
    const stamp = await stampOf(this.path);
    if (this.#opened?.stamp === stamp) return this.#opened.index;
    // No signal goes along: others may wait for the same index.
    this.#opening ??= this.#open(stamp, options).finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  async #open(stamp: string, { report }: JobOptions): Promise<LineIndex> {
    await this.close();
    const progress = new StageProgress('read', report);
    const index = await LineIndex.open(this.path, {
      progress: (done, total) => {
        progress.update(done, total);
      },
    });
    this.#opened = { stamp, index };
    return index;
  }

  /**
   * The rows of a view, as places in the file. `also` is what the text itself must pass, `quick` an early test of the
   * raw text; `about` names both, with all that they hang on.
   */
  async rows(
    view: ManifestView,
    test: { about: string; quick?: (text: string) => boolean; also: RowTest } | undefined,
    { signal, report }: JobOptions = {},
  ): Promise<{ index: LineIndex; rows: Uint32Array }> {
    const index = await this.index({ signal, report });
    const { relations, sources, sort, descending } = view;
    const key = JSON.stringify([this.#opened?.stamp, relations, sources, sort, descending, test?.about]);
    if (this.#view?.key === key) return { index, rows: this.#view.rows };
    let rows = index.view({ relations, sources, sort, descending });
    if (test) {
      const progress = new StageProgress('read', report);
      const passed = new Uint8Array(index.count);
      // In the file's order, whatever the view's: the disk is read once from front to back.
      const inFile = Uint32Array.from(rows).sort();
      for (let i = 0; i < inFile.length; i += BATCH) {
        signal?.throwIfAborted();
        for (const line of await index.read(inFile.subarray(i, i + BATCH))) {
          if (test.quick && !test.quick(line.text)) continue;
          const row = readShownRow(line.text, line.line);
          if (row && test.also(row)) passed[line.row] = 1;
        }
        progress.update(Math.min(i + BATCH, inFile.length), inFile.length);
      }
      rows = rows.filter(row => passed[row] === 1);
    }
    this.#view = { key, rows };
    return { index, rows };
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#view = undefined;
    await opened?.index.close().catch(() => undefined);
  }
}

/** Changes whenever the file is written; empty where there is none (opening it then says why). */
async function stampOf(file: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(file).catch(() => ({ size: -1, mtimeMs: 0, ino: 0 }));
  return `${size} ${mtimeMs} ${ino}`;
}
