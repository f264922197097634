import type { ImageHash } from '../../src/core/types';
import type { Thumbnail } from '../../src/rpc/engine-protocol';

export type Picture =
  | { state: 'loading' }
  | { state: 'shown'; url: string; width: number; height: number }
  /** no picture to be had, and why */
  | { state: 'failed'; reason: string };

interface Entry {
  picture: Picture;
  /** requested size: a larger wish later replaces it */
  size: number;
}

export interface PicturesOptions {
  fetch(hash: ImageHash, size: number): Promise<Thumbnail>;
  /** Decodes a picture ahead of its turn, so that it is painted in the frame it is shown in. */
  decode(url: string): Promise<void>;
  createUrl(thumbnail: Thumbnail): string;
  releaseUrl(url: string): void;
  onChange(): void;
}

/** The pictures of the items now and next, as blob URLs: fetched before they are needed, released when they are not. */
export class Pictures {
  readonly #options: PicturesOptions;
  readonly #entries = new Map<ImageHash, Entry>();

  constructor(options: PicturesOptions) {
    this.#options = options;
  }

  get(hash: ImageHash): Picture {
    return this.#entries.get(hash)?.picture ?? { state: 'loading' };
  }

  /** How many are held. */
  get size(): number {
    return this.#entries.size;
  }

  /** Holds exactly these, at least `size` pixels large; fetches what is missing, first things first. */
  want(hashes: readonly ImageHash[], size: number): void {
    const wanted = new Set(hashes);
    for (const [hash, entry] of this.#entries) {
      if (wanted.has(hash)) continue;
      this.#entries.delete(hash);
      this.#release(entry.picture);
    }
    for (const hash of wanted) {
      const held = this.#entries.get(hash);
      if (held && held.size >= size) continue;
      const entry: Entry = { picture: held?.picture ?? { state: 'loading' }, size };
      this.#entries.set(hash, entry);
      void this.#load(hash, entry);
    }
  }

  /** Tries the failed ones again at the next `want`. */
  forgetFailures(): void {
    for (const [hash, { picture }] of this.#entries) if (picture.state === 'failed') this.#entries.delete(hash);
  }

  async #load(hash: ImageHash, entry: Entry): Promise<void> {
    const { fetch, decode, createUrl, onChange } = this.#options;
    let next: Picture;
    try {
      const thumbnail = await fetch(hash, entry.size);
      const url = createUrl(thumbnail);
      next = { state: 'shown', url, width: thumbnail.width, height: thumbnail.height };
      await decode(url).catch(() => undefined); // an <img> says itself that it cannot show it
    } catch (error) {
      next = { state: 'failed', reason: error instanceof Error ? error.message : String(error) };
    }
    if (this.#entries.get(hash) !== entry) {
      this.#release(next);
      return;
    }
    const before = entry.picture;
    if (next.state === 'failed' && before.state === 'shown') return;
    entry.picture = next;
    onChange();
    this.#release(before);
  }

  #release(picture: Picture): void {
    if (picture.state === 'shown') this.#options.releaseUrl(picture.url);
  }
}
