import { rowDistance } from '../core/distances';
import { calibrate } from '../core/relations';
import type { Calibration } from '../core/relations';
import type { ImageHash, Relation } from '../core/types';
import { VectorStore } from '../dataset';
import type { Knowledge } from './knowledge';
import type { LaneStore } from './lanes';

/** What the model of the lane mined last says of pairs: distances, and how likely a distance means `same`. */
export interface Opinion {
  distance(a: ImageHash, b: ImageHash): number | undefined;
  /** fitted to the answers so far; undefined while they are too few */
  calibration: Calibration | undefined;
}

/** Where opinions come from: the lane mined last says which vectors. */
export interface OpinionSource {
  lanes: LaneStore;
  knowledge: Knowledge;
  cache: string | undefined;
}

const NONE: Opinion = { distance: () => undefined, calibration: undefined };

/** A pair with what is said of it. */
export interface Judged {
  a: ImageHash;
  b: ImageHash;
  judgements: readonly { relation: Relation }[];
}

/**
 * Reads the vectors of judged images from the cache. Nothing is embedded: what is not there has no opinion.
 * @param judged the pairs that may be asked about, and from which the calibration is learned; all of them where absent
 */
export async function opinionOf(
  { lanes, knowledge, cache }: OpinionSource,
  judged: readonly Judged[] = [...knowledge.graph.judged()],
): Promise<Opinion> {
  const stored = lanes.latest();
  if (!stored) return NONE;
  const { key, dimension, weights } = stored.vectors;
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
