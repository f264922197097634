import fs from 'node:fs/promises';
import path from 'node:path';
import type { ImageHash } from '../core/types';
import { writeAtomically } from './atomic';
import { writeError } from './errors';
import { PictureError, type PictureErrorCode } from './picture-error';

const FILE = 'rejected.json';

interface Contents {
  decoder: string;
  images: [ImageHash, PictureErrorCode, string][];
}

/**
 * Contents that gave no picture, and why: `rejected.json` in the cache. With it, a second run over a folder with damaged
 * files does not try those again; another decoder version does.
 */
export class RejectedImages {
  readonly #reasons: Map<ImageHash, [PictureErrorCode, string]>;
  #changed = false;

  private constructor(
    readonly file: string | undefined,
    readonly decoder: string,
    contents: Contents | undefined,
  ) {
    this.#reasons = new Map(contents?.images.map(([hash, code, reason]) => [hash, [code, reason]]));
  }

  /**
   * @param cache the cache folder; undefined: kept in memory only
   * @param decoder the decoder's `version`
   */
  static async open(cache: string | undefined, decoder: string): Promise<RejectedImages> {
    const file = cache && path.join(cache, FILE);
    return new RejectedImages(file, decoder, file === undefined ? undefined : await load(file, decoder));
  }

  /** The error that this content gave before, or undefined. */
  errorOf(hash: ImageHash): PictureError | undefined {
    const known = this.#reasons.get(hash);
    return known && new PictureError(...known);
  }

  /** Remembers an error, if the same bytes will give it again. */
  add(hash: ImageHash, error: PictureError): void {
    if (!error.lasting || this.#reasons.has(hash)) return;
    this.#reasons.set(hash, [error.code, error.message]);
    this.#changed = true;
  }

  /** Writes what was added. @throws DatasetError */
  async save(): Promise<void> {
    if (this.file === undefined || !this.#changed) return;
    const contents: Contents = {
      decoder: this.decoder,
      images: [...this.#reasons].map(([hash, [code, reason]]) => [hash, code, reason]),
    };
    try {
      await writeAtomically(this.file, JSON.stringify(contents));
      this.#changed = false;
    } catch (error) {
      throw writeError(error, this.file);
    }
  }
}

async function load(file: string, decoder: string): Promise<Contents | undefined> {
  try {
    const contents = JSON.parse(await fs.readFile(file, 'utf8')) as Contents;
    const rows = contents.images.every(row => row.length === 3 && row.every(value => typeof value === 'string'));
    return rows && contents.decoder === decoder ? contents : undefined;
  } catch {
    return undefined;
  }
}
