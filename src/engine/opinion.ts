import { rowDistance } from '../core/distances';
import { calibrate } from '../core/relations';
import type { Calibration } from '../core/relations';
import type { ImageHash } from '../core/types';
import { VectorStore } from '../dataset';
import type { Workspace } from './workspace';

/** What the model of the lane mined last says of pairs: distances, and how likely a distance means `same`. */
export interface Opinion {
  distance(a: ImageHash, b: ImageHash): number | undefined;
  /** fitted to the answers so far; undefined while they are too few */
  calibration: Calibration | undefined;
}

const NONE: Opinion = { distance: () => undefined, calibration: undefined };

/** Reads the vectors of every judged image from the cache. Nothing is embedded: what is not there has no opinion. */
export async function opinionOf({ lanes, knowledge, cache }: Workspace): Promise<Opinion> {
  const stored = lanes.latest();
  if (!stored) return NONE;
  const { key, dimension, weights } = stored.vectors;
  const judged = [...knowledge.graph.judged()];
  const images = [...new Set(judged.flatMap(({ a, b }) => [a, b]))];
  const store = await VectorStore.open(cache, key, dimension);
  const { vectors, missing } = await store.matrix(images);
  const absent = new Set(missing);
  const rows = new Map(images.flatMap((image, row) => (absent.has(row) ? [] : [[image, row] as const])));
  const between = rowDistance(stored.metric, dimension, weights && Float32Array.from(weights));
  const distance = (a: ImageHash, b: ImageHash): number | undefined => {
    const i = rows.get(a);
    const j = rows.get(b);
    return i === undefined || j === undefined ? undefined : between(vectors, i, vectors, j);
  };
  const known = judged.flatMap(({ a, b, judgements }) => {
    const d = distance(a, b);
    return d === undefined ? [] : [{ distance: d, relation: judgements[0].relation }];
  });
  return { distance, calibration: calibrate(known) };
}
