import type { Metric } from '../core/types';
import type { ModelCard, ModelInput } from './card';
import type { ModelSource } from './source';

/** What can be said of a model without running it, but for the dimension. */
export interface EmbedderInfo {
  /** the reference that the model was asked for by */
  id: string;
  /** hash of weights, topology and preprocessing: the vector cache's key */
  key: string;
  name: string;
  input: ModelInput;
  dimension: number;
  /** vectors have unit L2 norm */
  normalised: boolean;
  /** what the network was trained with, and what the miner is to use by default */
  metric: Metric;
  /** of the weighted L1; one weight >= 0 a dimension */
  weights?: Float32Array;
  margin?: number;
  card: ModelCard;
  backend: { name: string; why: string[] };
}

/** Turns pictures into vectors. */
export interface Embedder extends EmbedderInfo {
  /**
   * @param pixels `count` pictures after one another, NHWC bytes, each `height * width * channels` long, upright, sRGB
   * @returns `count` vectors after one another, in the order of the pictures
   * @throws AbortError when the signal is aborted; RangeError when `pixels` has the wrong length
   */
  embed(pixels: Uint8Array, count: number, options?: { signal?: AbortSignal }): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** Joins what the files say with what running the model showed. */
export function describe(
  source: Pick<ModelSource, 'id' | 'key' | 'card'>,
  dimension: number,
  backend: { name: string; why: string[] },
): EmbedderInfo {
  const { embedding, input, name } = source.card;
  return {
    id: source.id,
    key: source.key,
    name,
    input,
    dimension,
    normalised: embedding.normalise,
    metric: embedding.metric,
    ...(embedding.weights ? { weights: Float32Array.from(embedding.weights) } : {}),
    ...(embedding.margin === undefined ? {} : { margin: embedding.margin }),
    card: source.card,
    backend,
  };
}

/** Bytes of one picture. */
export function pictureBytes(input: ModelInput): number {
  return input.width * input.height * input.channels;
}

/** @throws RangeError when `pixels` is not `count` pictures. */
export function checkPixels(pixels: Uint8Array, count: number, input: ModelInput): void {
  const expected = count * pictureBytes(input);
  if (pixels.length === expected) return;
  throw new RangeError(
    `${count} pictures of ${input.width} x ${input.height} x ${input.channels} are ${expected} bytes, not ${pixels.length}`,
  );
}

/** Pictures a batch: enough to keep kernels busy, few enough to stay in cache and to cancel soon. */
export function batchSize(input: ModelInput): number {
  return Math.max(4, Math.min(64, Math.round(400_000 / (input.width * input.height))));
}
