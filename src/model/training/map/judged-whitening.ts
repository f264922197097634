import type { RetrievalReport } from '../../../core/evaluation';
import { pooledRetrieval, retrievalSteps } from '../../../core/evaluation';
import { Random } from '../../../core/random';
import type { Steps } from '../../../core/steps';
import { DataError } from '../data';
import { scatterWithin, whiteningOf } from '../whitening';
import { identityMap, mapped } from './fit-map';

const FOLDS = 5;
/** Classes below which none can be left out and others still be told apart. */
const CLASSES_TO_SPARE = 3;
/** Images that are learned from; many more than the scatter has rows. */
const MOST_LEARNED = 8000;
/** Images that are found among, and asked with, in all folds together. */
const MOST_FOUND = 2000;

/** Vectors, one a row, and the class of each. */
export interface KnownClasses {
  vectors: Float32Array;
  dimension: number;
  /** compared by l2 on the unit sphere; else as they are */
  normalise: boolean;
  /** -1: none */
  labels: Int32Array;
  /** pairs of rows that answers leave open: neither is judged by the other */
  isOpen?: (a: number, b: number) => boolean;
}

/** What classes (or images) that a whitening did not learn from say of it. */
export interface WhiteningVerdict {
  by: 'class' | 'image';
  /** retrieval by what was left out, with the vectors as they were, and mapped */
  before: RetrievalReport;
  after: RetrievalReport;
  /** by MAP@R */
  better: boolean;
}

export interface JudgedWhitening {
  /** row by row; the identity where it is no better */
  map: Float64Array;
  verdict: WhiteningVerdict;
}

/**
 * Whitens vectors within their classes, in closed form, and judges it: each fifth of the classes in turn is left out, asked
 * with, and found among all images under a map learned from the rest; of two classes, each fifth of the images, among
 * themselves. Where that ranks them no better than the vectors did before, the map stays the identity.
 * @throws DataError unless there are two classes with two images or more, and some image to judge by
 */
export function* judgedWhitening(
  data: KnownClasses,
  seed: number,
  tell?: (done: number, total: number) => void,
): Steps<JudgedWhitening> {
  const { dimension: n } = data;
  const random = new Random(seed);
  const { rows, classes } = usableOf(data, random);
  const by = classes.length >= CLASSES_TO_SPARE ? 'class' : 'image';
  const found = rows.slice(0, MOST_FOUND);
  const foldOf = by === 'class' ? foldsOf(classes) : foldsOf(rows);
  const folds = Math.min(FOLDS, foldOf.size);
  const [before, after]: [RetrievalReport[], RetrievalReport[]] = [[], []];
  for (let fold = 0; fold < folds; fold++) {
    tell?.(fold, folds + 1);
    const isOut = (row: number) => foldOf.get(by === 'class' ? data.labels[row]! : row) === fold;
    const asked = found.filter(isOut);
    const gallery = by === 'class' ? found : asked;
    const map = yield* whitening(
      data,
      rows.filter(row => !isOut(row)),
    );
    before.push(yield* judged(data, gallery, asked));
    after.push(yield* judged(data, gallery, asked, map));
  }
  const verdict = { by, before: pooledRetrieval(before), after: pooledRetrieval(after) } as const;
  if (verdict.before.queries === 0) {
    throw new DataError(
      'There is too little to judge a map by: of two classes so small, no fifth of the images holds two of one class.',
    );
  }
  const better = verdict.after.mapAtR.value > verdict.before.mapAtR.value;
  tell?.(folds, folds + 1);
  return { map: better ? yield* whitening(data, rows) : identityMap(n), verdict: { ...verdict, better } };
}

/** Rows of classes with two images or more, shuffled, and those classes, shuffled too. */
function usableOf({ labels }: KnownClasses, random: Random): { rows: number[]; classes: number[] } {
  const sizes = new Map<number, number>();
  for (const label of labels) if (label >= 0) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  const classes = [...sizes].flatMap(([label, size]) => (size >= 2 ? [label] : []));
  if (classes.length < 2) {
    throw new DataError(
      'There is too little to learn a map from: two classes with two images or more are needed, and three to judge by classes that were left out.',
    );
  }
  const usable = new Set(classes);
  const rows = [...labels.keys()].filter(row => usable.has(labels[row]!));
  return { rows: random.shuffle(rows), classes: random.shuffle(classes.sort((a, b) => a - b)) };
}

function foldsOf(items: readonly number[]): Map<number, number> {
  return new Map(items.map((item, i) => [item, i % FOLDS]));
}

function* whitening({ vectors, dimension: n, labels }: KnownClasses, rows: readonly number[]): Steps<Float64Array> {
  const some = rows.slice(0, MOST_LEARNED);
  const scatter = yield* scatterWithin(
    rowsOf(vectors, n, some),
    n,
    some.map(row => labels[row]!),
  );
  return scatter ? whiteningOf(scatter, n) : identityMap(n);
}

function* judged(
  { vectors, dimension: n, normalise, labels, isOpen }: KnownClasses,
  gallery: readonly number[],
  asked: readonly number[],
  map?: Float64Array,
): Steps<RetrievalReport> {
  const place = new Map(gallery.map((row, i) => [row, i]));
  const seen = rowsOf(vectors, n, gallery);
  const data = { vectors: seen, count: gallery.length, dimension: n, normalise };
  const embedded = {
    vectors: map ? Float32Array.from((yield* mapped(data, map)).units) : seen,
    dimension: n,
    metric: 'l2',
  } as const;
  const queries = asked.map(row => place.get(row)!);
  return yield* retrievalSteps(
    embedded,
    Int32Array.from(gallery, row => labels[row]!),
    { queries, ...(isOpen && { isOpen: (a: number, b: number) => isOpen(gallery[a]!, gallery[b]!) }) },
  );
}

function rowsOf(vectors: Float32Array, n: number, rows: readonly number[]): Float32Array {
  const out = new Float32Array(rows.length * n);
  for (const [i, row] of rows.entries()) out.set(vectors.subarray(row * n, (row + 1) * n), i * n);
  return out;
}
