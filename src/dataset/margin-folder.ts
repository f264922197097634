import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { makeFolder, writeAtomically } from './atomic';
import { errnoOf, writeError } from './errors';
import { openRoot } from './root';

export interface MarginFolderOptions {
  /** absolute; where caches of folders that cannot be written go. Without it, such folders have no cache on disk. */
  fallbackCache?: string;
}

/** What git is told of `.margin/`: answers and models are kept, the cache is not. */
const GITIGNORE = 'cache/\n';

/**
 * `.margin/` of one image folder. It is made when first written to, never by looking. Where the folder cannot be
 * written (a read-only disk, someone else's data), the cache lies elsewhere, so that mining works all the same; what
 * must lie beside the images (answers, models) then fails with the code `read-only`.
 */
export class MarginFolder {
  readonly root: string;
  /** `.margin` itself, whether it exists or not */
  readonly path: string;
  readonly #fallback: string | undefined;
  #cache: Promise<string | undefined> | undefined;

  constructor(root: string, options: MarginFolderOptions = {}) {
    this.root = path.resolve(root);
    this.path = path.join(this.root, '.margin');
    const name = createHash('sha256').update(this.root).digest('hex').slice(0, 16);
    this.#fallback = options.fallbackCache && path.join(options.fallbackCache, `${path.basename(this.root)}-${name}`);
  }

  /**
   * Makes `.margin/` with its `.gitignore` and resolves to its path.
   * @throws DatasetError `read-only`, `disk-full`, `folder-vanished`
   */
  async ensure(): Promise<string> {
    try {
      await makeFolder(this.path, 1);
      await fs.writeFile(path.join(this.path, '.gitignore'), GITIGNORE, { flag: 'wx' }).catch((error: unknown) => {
        if (errnoOf(error) !== 'EEXIST') throw error;
      });
      return this.path;
    } catch (error) {
      throw writeError(error, this.path);
    }
  }

  /**
   * A folder for things that may be deleted at any time, made if need be: `.margin/cache`, or the fallback where the
   * images' folder cannot be written; undefined where neither can.
   * @throws DatasetError when the images' folder is missing, no folder, or unreadable
   */
  cache(): Promise<string | undefined> {
    return (this.#cache ??= this.#findCache());
  }

  async #findCache(): Promise<string | undefined> {
    const inside = path.join(this.path, 'cache');
    await openRoot(this.root);
    try {
      await this.ensure();
      await probe(inside);
      return inside;
    } catch (error) {
      // A `.margin` that is no folder is met here too: only a root that went is worth stopping for.
      const rootIsThere = await fs.stat(this.root).then(
        stat => stat.isDirectory(),
        () => false,
      );
      if (!rootIsThere) throw writeError(error, inside);
    }
    try {
      if (this.#fallback === undefined) return undefined;
      await probe(this.#fallback);
      return this.#fallback;
    } catch {
      return undefined;
    }
  }

  /** Where caches of this folder may lie, whether they exist or not. */
  get #caches(): string[] {
    return [path.join(this.path, 'cache'), ...(this.#fallback === undefined ? [] : [this.#fallback])];
  }

  /** Bytes on disk of everything that `clearCache` would delete. */
  async cacheSize(): Promise<number> {
    const sizes = await Promise.all(this.#caches.map(sizeOf));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Deletes the cache and resolves to the bytes that it took. Answers and models stay. */
  async clearCache(): Promise<number> {
    const bytes = await this.cacheSize();
    try {
      for (const cache of this.#caches) await fs.rm(cache, { recursive: true, force: true, maxRetries: 3 });
    } catch (error) {
      throw writeError(error, path.join(this.path, 'cache'));
    } finally {
      this.#cache = undefined;
    }
    return bytes;
  }
}

/** Makes a folder and writes to it: permissions, read-only mounts and Windows' own rules all show only then. */
async function probe(folder: string): Promise<void> {
  await fs.mkdir(folder, { recursive: true });
  const file = path.join(folder, 'probe');
  await writeAtomically(file, '');
  await fs.rm(file, { force: true });
}

async function sizeOf(folder: string): Promise<number> {
  let entries;
  try {
    entries = await fs.readdir(folder, { withFileTypes: true });
  } catch {
    return 0;
  }
  let sum = 0;
  for (const entry of entries) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) sum += await sizeOf(at);
    // A file that went away meanwhile takes no space.
    else sum += await fs.lstat(at).then(stat => stat.size, () => 0); // prettier-ignore
  }
  return sum;
}
