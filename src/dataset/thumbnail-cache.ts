import fs from 'node:fs/promises';
import path from 'node:path';
import type { ImageHash } from '../core/types';
import { writeAtomically } from './atomic';
import { plain, type Decoder, type Picture } from './decoder';
import { inspect } from './inspect';
import { sniff } from './formats';

export interface ThumbnailCacheOptions {
  /** on disk; the least recently used go when it is exceeded */
  maxBytes?: number;
}

/** Some 20,000 thumbnails of 512 pixels. */
const MAX_BYTES = 512 * 2 ** 20;
/** After an eviction, so that the next one is not due at once. */
const KEEP_SHARE = 0.9;
/** A use is written down as the file's time, but not for every look. */
const TOUCH_MS = 3_600_000;

const EXTENSION: Record<string, string> = { 'image/webp': 'webp', 'image/png': 'png' };

interface Kept {
  bytes: number;
  used: number;
}

/**
 * Thumbnails by image hash and size, made when first asked for: `thumbnails/<2 hex>/<hex>-<size>.webp` in the cache.
 * Asking twice at once makes one. Without a cache folder each is made anew.
 */
export class ThumbnailCache {
  readonly #folder: string | undefined;
  readonly #maxBytes: number;
  readonly #making = new Map<string, Promise<Picture>>();
  /** what is on disk, by file; read when the first thumbnail is written */
  #kept: Promise<Map<string, Kept>> | undefined;
  #bytes = 0;

  constructor(
    cache: string | undefined,
    readonly decoder: Decoder,
    options: ThumbnailCacheOptions = {},
  ) {
    this.#folder = cache && path.join(cache, 'thumbnails');
    this.#maxBytes = options.maxBytes ?? MAX_BYTES;
  }

  /**
   * The thumbnail of an image, at most `size` pixels on its longer side.
   * @param file absolute path where the image was last seen
   * @throws PictureError
   */
  async get(hash: ImageHash, file: string, size: number): Promise<Picture> {
    const key = `${hash} ${size}`;
    const running = this.#making.get(key);
    if (running) return await running;
    const job = this.#find(hash, file, size).finally(() => this.#making.delete(key));
    this.#making.set(key, job);
    return await job;
  }

  async #find(hash: ImageHash, file: string, size: number): Promise<Picture> {
    const hex = hash.slice('sha256:'.length);
    const base = this.#folder && path.join(this.#folder, hex.slice(0, 2), `${hex}-${size}`);
    if (base === undefined) return await this.decoder.thumbnail(file, size, { expect: hash, urgent: true });
    for (const [mime, extension] of Object.entries(EXTENSION)) {
      const kept = await this.#load(`${base}.${extension}`, mime);
      if (kept) return kept;
    }
    const made = await this.decoder.thumbnail(file, size, { expect: hash, urgent: true });
    // A full or read-only disk costs the cache, not the picture.
    await this.#keep(`${base}.${EXTENSION[made.mime]}`, made.bytes).catch(() => undefined);
    return made;
  }

  async #load(file: string, mime: string): Promise<Picture | undefined> {
    let bytes: Buffer;
    try {
      bytes = await fs.readFile(file);
    } catch {
      return undefined;
    }
    const { width, height, damage } = inspect(sniff(bytes), bytes);
    if (damage !== undefined || width === 0) return undefined;
    await this.#touch(file);
    return { bytes: plain(bytes), mime, width, height };
  }

  async #touch(file: string): Promise<void> {
    const kept = (await this.#kept)?.get(file);
    const now = Date.now();
    const last = kept?.used ?? (await fs.stat(file).then(stat => stat.mtimeMs, () => now)); // prettier-ignore
    if (kept) kept.used = now;
    if (now - last > TOUCH_MS) await fs.utimes(file, new Date(now), new Date(now)).catch(() => undefined);
  }

  async #keep(file: string, bytes: Uint8Array): Promise<void> {
    const kept = await (this.#kept ??= this.#list());
    await writeAtomically(file, bytes, 3);
    this.#bytes += bytes.length - (kept.get(file)?.bytes ?? 0);
    kept.set(file, { bytes: bytes.length, used: Date.now() });
    if (this.#bytes > this.#maxBytes) await this.#evict(kept);
  }

  async #evict(kept: Map<string, Kept>): Promise<void> {
    const oldestFirst = [...kept].sort((a, b) => a[1].used - b[1].used);
    for (const [file, { bytes }] of oldestFirst) {
      if (this.#bytes <= this.#maxBytes * KEEP_SHARE) break;
      kept.delete(file);
      this.#bytes -= bytes;
      await fs.rm(file, { force: true });
    }
  }

  async #list(): Promise<Map<string, Kept>> {
    const kept = new Map<string, Kept>();
    const folder = this.#folder!;
    for (const part of await fs.readdir(folder).catch(() => [])) {
      for (const name of await fs.readdir(path.join(folder, part)).catch(() => [])) {
        const file = path.join(folder, part, name);
        const stat = await fs.stat(file).catch(() => undefined);
        if (!stat) continue;
        kept.set(file, { bytes: stat.size, used: stat.mtimeMs });
        this.#bytes += stat.size;
      }
    }
    return kept;
  }
}
