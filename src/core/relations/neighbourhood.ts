import type { Steps } from '../steps';
import type { Relation } from '../types';
import { logisticRegression, type Predictor } from './logistic';

/** Images by number, and how far apart they lie. */
export interface Space {
  size: number;
  distance(x: number, y: number): number;
}

/** Two images by number, and what was answered. */
export interface AnsweredPair {
  x: number;
  y: number;
  relation: Relation;
}

/** The probability that two images, by number, are the same. */
export type PairOpinion = (x: number, y: number) => number;

const NEIGHBOURS = 20;
/** Of each image's neighbours, those whose distances to the other image count. */
const CLOSE = 5;
const FOLDS = 5;
const FEWEST = 20;

/** The nearest other images of each image of a space, the nearest first. Never changes: a larger space gets others. */
export class Neighbourhoods {
  /** those of no image, from which all others are made */
  static readonly none = new Neighbourhoods([], []);

  private constructor(
    readonly near: readonly Int32Array[],
    private readonly distances: readonly Float64Array[],
  ) {}

  /** Those of a space whose first images are the ones of this: only what is new is compared with all. */
  *extendedTo({ size, distance }: Space): Steps<Neighbourhoods> {
    const before = this.near.length;
    const near = this.near.map(list => list.slice());
    const distances = this.distances.map(list => list.slice());
    for (let x = 0; x < size; x++) {
      if (x >= before) {
        near.push(new Int32Array(NEIGHBOURS));
        distances.push(new Float64Array(NEIGHBOURS).fill(Infinity));
      }
      for (let y = x < before ? before : 0; y < size; y++) if (y !== x) enter(near[x], distances[x], y, distance(x, y));
      yield;
    }
    return new Neighbourhoods(near, distances);
  }
}

/** Puts an image into a list where it is near enough, behind those that are as near. */
function enter(near: Int32Array, distances: Float64Array, image: number, distance: number): void {
  if (distance >= distances[NEIGHBOURS - 1]) return;
  let place = NEIGHBOURS - 1;
  for (; place > 0 && distances[place - 1] > distance; place--) {
    distances[place] = distances[place - 1];
    near[place] = near[place - 1];
  }
  distances[place] = distance;
  near[place] = image;
}

/**
 * Learns from answers how likely two images are the same, by more than their distance: by how many of their nearest images
 * they share (Jarvis & Patrick 1973), by their distance in terms of the distances usual around them (Zelnik-Manor & Perona
 * 2004), and by how near the neighbours of one lie to the other and to its neighbours. Logistic regression; a pair that was
 * answered is judged by a fit without it (five folds), as in confident learning (Northcutt et al. 2021): otherwise each
 * wrong answer would vouch for itself.
 * @param known neighbourhoods of the space's first images, to begin with; those of all of them afterwards
 * @returns undefined where there are fewer than twenty answers of either kind, or fewer than forty images
 */
export function* learnOpinion(
  space: Space,
  answers: readonly AnsweredPair[],
  known = { near: Neighbourhoods.none },
): Steps<PairOpinion | undefined> {
  const used = answers.filter(({ relation }) => relation !== 'incomparable');
  const same = used.filter(({ relation }) => relation === 'same').length;
  if (Math.min(same, used.length - same) < FEWEST || space.size < 2 * NEIGHBOURS) return undefined;
  const near = yield* known.near.extendedTo(space);
  known.near = near;
  const features: Float64Array[] = [];
  for (const { x, y } of used) {
    features.push(featuresOf(space, near, x, y));
    yield;
  }
  const isSame = used.map(({ relation }) => relation === 'same');
  const fits: Predictor[] = [];
  for (let fold = 0; fold < FOLDS; fold++) {
    const others = [...used.keys()].filter(i => i % FOLDS !== fold);
    fits.push(
      logisticRegression(
        others.map(i => features[i]),
        others.map(i => isSame[i]),
      ),
    );
    yield;
  }
  const all = logisticRegression(features, isSame);
  const key = (x: number, y: number) => Math.min(x, y) * space.size + Math.max(x, y);
  const judged = new Map(used.map(({ x, y }, i) => [key(x, y), fits[i % FOLDS](features[i])]));
  return (x, y) => {
    const at = key(x, y);
    let found = judged.get(at);
    if (found === undefined) judged.set(at, (found = all(featuresOf(space, near, x, y))));
    return found;
  };
}

function featuresOf({ distance }: Space, { near }: Neighbourhoods, x: number, y: number): Float64Array {
  const [ofX, ofY] = [near[x], near[y]];
  const d = distance(x, y);
  const usual = Math.sqrt(distance(x, ofX[NEIGHBOURS >> 1]) * distance(y, ofY[NEIGHBOURS >> 1]));
  let shared = 0;
  for (const one of ofX) if (ofY.includes(one)) shared++;
  let toOther = 0;
  let across = 0;
  for (let i = 0; i < CLOSE; i++) {
    toOther += distance(ofX[i], y) + distance(ofY[i], x);
    for (let j = 0; j < CLOSE; j++) across += distance(ofX[i], ofY[j]);
  }
  return Float64Array.of(d, usual > 0 ? d / usual : 0, shared, toOther / (2 * CLOSE), across / CLOSE ** 2);
}
