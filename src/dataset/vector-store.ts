import { createHash } from 'node:crypto';
import path from 'node:path';
import type { ImageHash } from '../core/types';
import { RowStore } from './row-store';

/** Embeddings in the order of some images, ready to be shared with worker threads. */
export interface Matrix {
  /** `images * dimension` numbers, row after row, over a SharedArrayBuffer; rows in `missing` are zeros */
  vectors: Float32Array<SharedArrayBuffer>;
  /** positions of the images that have no vector */
  missing: number[];
}

/**
 * The vectors that one model gave, by image hash: `vectors/<key>.npy` in the cache, with its `.rows` beside it. A
 * second run over an unchanged folder finds everything here; a renamed file too, for its content is its key.
 */
export class VectorStore {
  private constructor(
    readonly dimension: number,
    readonly rows: RowStore,
  ) {}

  /**
   * @param cache the cache folder; undefined: kept in memory only
   * @param key of model and preprocessing, see `vectorKey`
   * @param dimension numbers in a vector
   */
  static async open(
    cache: string | undefined,
    key: string,
    dimension: number,
    signal?: AbortSignal,
  ): Promise<VectorStore> {
    const base = cache && path.join(cache, 'vectors', key);
    const rows = await RowStore.open({ base, type: 'f4', shape: [dimension], verify: true }, signal);
    return new VectorStore(dimension, rows);
  }

  get size(): number {
    return this.rows.size;
  }

  has(hash: ImageHash): boolean {
    return this.rows.has(hash);
  }

  /**
   * Keeps a copy of a vector; one that is there already stays.
   * @throws RangeError for another length, or numbers that are not finite (they would poison every distance)
   */
  add(hash: ImageHash, vector: Float32Array): void {
    if (vector.length !== this.dimension)
      throw new RangeError(`A vector has ${this.dimension} numbers, not ${vector.length}`);
    if (!allFinite(vector)) throw new RangeError('The model gave numbers that are not finite for this image');
    this.rows.add(hash, new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
  }

  /** One vector, or undefined. */
  async get(hash: ImageHash): Promise<Float32Array | undefined> {
    const vector = new Float32Array(this.dimension);
    const missing = await this.rows.read([hash], new Uint8Array(vector.buffer));
    return missing.length === 0 ? vector : undefined;
  }

  /** The vectors of many images at once. */
  async matrix(hashes: readonly ImageHash[], signal?: AbortSignal): Promise<Matrix> {
    const memory = new SharedArrayBuffer(hashes.length * this.dimension * 4);
    const missing = await this.rows.read(hashes, new Uint8Array(memory), signal);
    return { vectors: new Float32Array(memory), missing };
  }

  /** Writes what was added if the last write is some seconds ago. */
  async checkpoint(): Promise<void> {
    await this.rows.checkpoint();
  }

  /** Writes what was added. @throws DatasetError */
  async flush(): Promise<void> {
    await this.rows.flush();
  }
}

/** 0 * x is 0 for every finite x, and NaN for all others. */
function allFinite(vector: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += 0 * vector[i]!;
  return sum === 0;
}

/**
 * A file name for the vectors of a model with a preprocessing: readable, and different for every different pair.
 * @param model its name, for people
 * @param fingerprint changes whenever the model's numbers do (a hash of its weights)
 * @param preprocessing see `pixelKey`; with it whatever is done to the pixels afterwards
 */
export function vectorKey(model: string, fingerprint: string, preprocessing: string): string {
  const name = model.replace(/[^\w.-]+/g, '-').replace(/^[-.]+|[-.]+$/g, '').slice(-40) || 'model'; // prettier-ignore
  const digest = createHash('sha256')
    .update(JSON.stringify([model, fingerprint, preprocessing]))
    .digest('hex');
  return `${name}-${digest.slice(0, 12)}`;
}
