import { rowDistance } from '../core/distances';
import { calibrate, learnOpinion, Neighbourhoods } from '../core/relations';
import type { ImageHash, Relation } from '../core/types';
import { VectorStore } from '../dataset';
import type { Knowledge } from './knowledge';
import type { LaneStore } from './lanes';
import { inSlices } from './slices';

/** What the model of the lane mined last says of pairs: distances, and how likely a distance means `same`. */
export interface Opinion {
  distance(a: ImageHash, b: ImageHash): number | undefined;
  /** by the answers so far; undefined while they are too few, or where an image has no vector */
  probabilitySame(a: ImageHash, b: ImageHash): number | undefined;
}

/** Where opinions come from: the lane mined last says which vectors. */
export interface OpinionSource {
  lanes: LaneStore;
  knowledge: Knowledge;
  cache: string | undefined;
}

const NONE: Opinion = { distance: () => undefined, probabilitySame: () => undefined };
/** Above so many images their neighbourhoods would take too long: the distance alone speaks then. */
const MOST = 4000;

/**
 * The neighbourhoods looked at last, by folder: after an answer the same images are asked about, and a few more. Comparing all
 * with all again would take seconds for thousands.
 */
const neighbourhoods = new WeakMap<LaneStore, { of: string; images: readonly ImageHash[]; near: Neighbourhoods }>();

/** What is known of the first of these images, in these vectors. */
function rememberedFor(lanes: LaneStore, of: string, place: ReadonlyMap<ImageHash, number>): Neighbourhoods {
  const last = neighbourhoods.get(lanes);
  return last?.of === of && last.images.every((image, i) => place.get(image) === i) ? last.near : Neighbourhoods.none;
}

/** A pair with what is said of it. */
export interface Judged {
  a: ImageHash;
  b: ImageHash;
  judgements: readonly { relation: Relation }[];
}

/**
 * Reads the vectors of judged images from the cache. Nothing is embedded: what is not there has no opinion.
 * @param judged the pairs that may be asked about, and from which is learned what a distance means; all of them where absent
 * @param thorough look at the neighbourhoods of the images too, which takes seconds for thousands
 */
export async function opinionOf(
  { lanes, knowledge, cache }: OpinionSource,
  judged: readonly Judged[] = [...knowledge.graph.judged()],
  thorough = false,
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
  if (thorough && rows.size <= MOST) {
    const space = [...rows.values()];
    const place = new Map([...rows.keys()].map((image, i) => [image, i]));
    const answers = judged.flatMap(({ a, b, judgements }) => {
      const [x, y] = [place.get(a), place.get(b)];
      return x === undefined || y === undefined ? [] : [{ x, y, relation: judgements[0].relation }];
    });
    const apart = (x: number, y: number) => between(vectors, space[x], vectors, space[y]);
    const of = [key, stored.metric, ...(weights ?? [])].join();
    const known = { near: rememberedFor(lanes, of, place) };
    const learned = await inSlices(learnOpinion({ size: space.length, distance: apart }, answers, known), undefined);
    neighbourhoods.set(lanes, { of, images: [...place.keys()], near: known.near });
    if (learned !== undefined) {
      const probabilitySame = (a: ImageHash, b: ImageHash) => {
        const [x, y] = [place.get(a), place.get(b)];
        return x === undefined || y === undefined ? undefined : learned(x, y);
      };
      return { distance, probabilitySame };
    }
  }
  const known = judged.flatMap(({ a, b, judgements }) => {
    const d = distance(a, b);
    return d === undefined ? [] : [{ distance: d, relation: judgements[0].relation }];
  });
  const calibration = calibrate(known);
  const probabilitySame = (a: ImageHash, b: ImageHash) => {
    const d = distance(a, b);
    return d === undefined ? undefined : calibration?.probability(d);
  };
  return { distance, probabilitySame };
}
