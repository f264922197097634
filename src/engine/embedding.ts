import type { ImageHash } from '../core/types';
import type { FileProblem } from '../rpc/engine-protocol';

/** One image to embed: its content, and the files that hold it. */
export interface Picture {
  hash: ImageHash;
  paths: readonly string[];
}

export interface EmbeddingParts {
  /** decodes pictures to the network's input, one after the other into `target`; resolves to those that give none */
  decode(
    pictures: readonly Picture[],
    target: Uint8Array,
    signal?: AbortSignal,
  ): Promise<{ at: number; path: string; reason: string }[]>;
  /** `count` pictures in one buffer to `count` vectors in one buffer, same order */
  embed(pixels: Uint8Array, count: number, signal?: AbortSignal): Promise<Float32Array>;
  store(hash: ImageHash, vector: Float32Array): void;
  /** called now and then: what is stored so far goes to disk, so that a crash or a cancel costs little */
  checkpoint(): Promise<void>;
  pictureBytes: number;
  dimension: number;
  /** pictures a step */
  chunk: number;
}

export interface EmbeddingOutcome {
  embedded: number;
  problems: FileProblem[];
}

const CHECKPOINT_MS = 20_000;

/**
 * Decodes and embeds pictures, the next chunk's decoding beside this chunk's network. A picture that does not decode is
 * named with its reason and left out. On abort, what was embedded stays stored and the AbortError is thrown.
 */
export async function embedPictures(
  pictures: readonly Picture[],
  parts: EmbeddingParts,
  options: { signal?: AbortSignal; onProgress?(done: number, total: number): void } = {},
): Promise<EmbeddingOutcome> {
  const { signal, onProgress } = options;
  const problems: FileProblem[] = [];
  let embedded = 0;
  let lastCheckpoint = performance.now();

  const embedChunk = async (good: readonly Picture[], pixels: Uint8Array): Promise<void> => {
    if (good.length === 0) return;
    const vectors = await parts.embed(pixels.subarray(0, good.length * parts.pictureBytes), good.length, signal);
    good.forEach(({ hash }, i) => parts.store(hash, vectors.slice(i * parts.dimension, (i + 1) * parts.dimension)));
    embedded += good.length;
    onProgress?.(embedded + problems.length, pictures.length);
    if (performance.now() - lastCheckpoint > CHECKPOINT_MS) {
      lastCheckpoint = performance.now();
      await parts.checkpoint();
    }
  };

  let behind: Promise<void> = Promise.resolve();
  onProgress?.(0, pictures.length);
  try {
    for (let at = 0; at < pictures.length; at += parts.chunk) {
      signal?.throwIfAborted();
      const { good, pixels } = await decodeChunk(pictures.slice(at, at + parts.chunk), parts, problems, signal);
      await behind;
      behind = embedChunk(good, pixels);
      // A failure is met at the next `await behind`; until then it must not count as unhandled.
      behind.catch(() => undefined);
    }
    await behind;
  } finally {
    await behind.catch(() => undefined);
    await parts.checkpoint();
  }
  return { embedded, problems };
}

async function decodeChunk(
  chunk: readonly Picture[],
  { decode, pictureBytes }: EmbeddingParts,
  problems: FileProblem[],
  signal: AbortSignal | undefined,
): Promise<{ good: Picture[]; pixels: Uint8Array }> {
  const pixels = new Uint8Array(chunk.length * pictureBytes);
  const missing = new Set<number>();
  for (const { at, path, reason } of await decode(chunk, pixels, signal)) {
    missing.add(at);
    problems.push({ path, reason });
  }
  if (missing.size === 0) return { good: [...chunk], pixels };
  // Pictures that gave none leave gaps: the others move together.
  const good: Picture[] = [];
  for (const [at, picture] of chunk.entries()) {
    if (missing.has(at)) continue;
    pixels.copyWithin(good.length * pictureBytes, at * pictureBytes, (at + 1) * pictureBytes);
    good.push(picture);
  }
  return { good, pixels };
}
