import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeAtomically } from '../dataset';
import { MiningCache } from '../kernel';

/** Searches shorter than this are not worth a file: starting from nothing is as quick. */
const WORTH_SECONDS = 1;
/** Nor is a file larger than this. */
const MOST_BYTES = 1 << 29;
/** Folders that may be made: .margin/cache/mining, never the folder itself, which may have gone away. */
const DEPTH = 3;

/** What one search of a folder leaves for the next, in memory and in one file of the cache, while the model stays the same. */
export class MiningState {
  #current: { modelKey: string; cache: MiningCache } | undefined;
  #saving: Promise<void> = Promise.resolve();
  readonly #file: string | undefined;

  /** @param cache the cache folder; undefined: kept in memory only */
  constructor(cache: string | undefined) {
    this.#file = cache && path.join(cache, 'mining', 'again.bin');
  }

  /** What is kept of this model's vectors, from the file where this process has not searched yet. */
  async of(modelKey: string): Promise<MiningCache> {
    if (this.#current?.modelKey === modelKey) return this.#current.cache;
    await this.#saving;
    const cache = new MiningCache();
    const bytes = await this.#read();
    if (bytes) cache.restore(bytes, modelKey);
    this.#current = { modelKey, cache };
    return cache;
  }

  /**
   * Writes what a search left, if it took long enough to be worth that; nobody need wait for it but `settled`. The file is a
   * cache: a disk too full for it must not stop the work.
   */
  keep(seconds: number, worth = WORTH_SECONDS): void {
    const file = this.#file;
    const current = this.#current;
    if (!file || !current?.cache.changed || seconds < worth) return;
    const parts = current.cache.bytes(current.modelKey);
    if (parts.reduce((sum, part) => sum + part.length, 0) > MOST_BYTES) return;
    this.#saving = this.#saving.then(() => writeAtomically(file, parts, DEPTH)).catch(() => undefined);
  }

  /** Resolves when nothing is being written any more. */
  async settled(): Promise<void> {
    await this.#saving;
  }

  async #read(): Promise<Uint8Array | undefined> {
    if (!this.#file) return undefined;
    try {
      const { size } = await stat(this.#file);
      if (size > MOST_BYTES) return undefined;
      return await readFile(this.#file);
    } catch {
      return undefined;
    }
  }
}
