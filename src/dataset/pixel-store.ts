import path from 'node:path';
import type { ImageHash } from '../core/types';
import { pixelKey, type PixelSpec } from './pixel-spec';
import { DatasetError } from './errors';
import { RowStore } from './row-store';

/** Enough for 13,000 pictures of 224 x 224 in colour, or 2.5 million of 28 x 28 in grey. */
export const PIXEL_STORE_BYTES = 2 * 2 ** 30;
/** Where there is no cache on disk, rows stay in memory. */
const IN_MEMORY_BYTES = 2 ** 28;

/**
 * Decoded pictures, packed, by image hash: `pixels/<spec>.npy` in the cache (uint8, n x height x width x channels). With
 * it, the epochs of a training and a second model of the same input decode nothing. It takes what fits into `maxBytes`;
 * the rest is decoded every time.
 */
export class PixelStore {
  /** the disk took no more: what is there serves on, and nothing is added */
  #stopped = false;

  private constructor(
    readonly spec: PixelSpec,
    readonly rows: RowStore,
  ) {}

  static async open(cache: string | undefined, spec: PixelSpec, maxBytes = PIXEL_STORE_BYTES): Promise<PixelStore> {
    const base = cache && path.join(cache, 'pixels', pixelKey(spec));
    const shape = [spec.height, spec.width, spec.channels];
    return new PixelStore(
      spec,
      await RowStore.open({
        base,
        type: 'u1',
        shape,
        maxBytes: base === undefined ? Math.min(maxBytes, IN_MEMORY_BYTES) : maxBytes,
      }),
    );
  }

  has(hash: ImageHash): boolean {
    return this.rows.has(hash);
  }

  /** Keeps a copy of a picture's pixels (HWC); false if the store is full or has it. */
  add(hash: ImageHash, pixels: Uint8Array): boolean {
    return !this.#stopped && this.rows.add(hash, pixels);
  }

  /** Reads pictures into `target`, one after the other; resolves to the positions of those that must be decoded. */
  async read(hashes: readonly ImageHash[], target: Uint8Array, signal?: AbortSignal): Promise<number[]> {
    return await this.rows.read(hashes, target, signal);
  }

  /** Writes what was added if the last write is some seconds ago. A disk that takes no more ends the adding, not the work. */
  async checkpoint(): Promise<void> {
    await this.rows.checkpoint().catch(this.#stop);
  }

  /** Writes what was added. */
  async flush(): Promise<void> {
    await this.rows.flush().catch(this.#stop);
  }

  readonly #stop = (error: unknown): void => {
    if (!(error instanceof DatasetError)) throw error;
    this.#stopped = true;
  };
}
