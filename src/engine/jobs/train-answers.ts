import { pairKey } from '../../core/pairs';
import { rowDistance } from '../../core/distances';
import { calibrate } from '../../core/relations';
import type { Relation } from '../../core/types';
import { VectorStore } from '../../dataset';
import type { Answer, Embedder } from '../../model';
import type { OldAnswersInfo, TrainParams } from '../../rpc/engine-protocol';
import type { KnownImage } from '../inventory';
import type { JobOptions } from '../progress';
import type { Workspace } from '../workspace';
import { fillVectors, vectorsOf } from './vectors';

const IMPLIED_LIMIT = 200_000;

/** What answers leave open about images, by row. */
export interface OpenPairs {
  /** pairs called `incomparable`, or answered one way and the other */
  unknown: { a: number; b: number }[];
  /** images that nobody ever answered but `incomparable` */
  incomparable: number[];
}

/** What answers say of images, by row. */
export interface PairKnowledge extends OpenPairs {
  answers: Answer[];
}

/** What people called a pair: one of the two, both, or neither where nobody could tell. */
function calledBy(judgements: readonly { relation: Relation }[]): 'same' | 'different' | 'both' | undefined {
  const [same, different] = (['same', 'different'] as const).map(each =>
    judgements.some(({ relation }) => relation === each),
  );
  if (same && different) return 'both';
  return same ? 'same' : different ? 'different' : undefined;
}

/**
 * What is known of pairs of these images, by answers and by what follows from them. A pair that somebody called
 * incomparable, and nobody same or different, is left open although others may imply it: whoever looked could not tell.
 */
export function pairKnowledge(workspace: Workspace, images: readonly KnownImage[]): PairKnowledge {
  const { rows, isOpen, answers, unknown, incomparable } = judgedOf(workspace, images);
  for (const { a, b, relation } of workspace.knowledge.impliedPairs(IMPLIED_LIMIT).pairs) {
    const [i, j] = [rows.get(a), rows.get(b)];
    if (i !== undefined && j !== undefined && !isOpen.has(pairKey(a, b))) answers.push({ a: i, b: j, relation });
  }
  return { answers, unknown, incomparable };
}

/** The part of it that takes no looking for what follows. */
export function openPairs(workspace: Workspace, images: readonly KnownImage[]): OpenPairs {
  const { unknown, incomparable } = judgedOf(workspace, images);
  return { unknown, incomparable };
}

function judgedOf({ knowledge: { graph } }: Workspace, images: readonly KnownImage[]) {
  const rows = new Map(images.map(({ hash }, row) => [hash, row]));
  const answers: Answer[] = [];
  const unknown: OpenPairs['unknown'] = [];
  const isOpen = new Set<string>();
  // By row: whether any answer says more than that nobody could tell.
  const told = new Map<number, boolean>();
  for (const { a, b, judgements } of graph.judged()) {
    const [i, j] = [rows.get(a), rows.get(b)];
    const called = calledBy(judgements);
    for (const row of [i, j]) if (row !== undefined) told.set(row, called !== undefined || told.get(row) === true);
    if (called === undefined || called === 'both' || graph.known(a, b)?.contradicted === true) {
      isOpen.add(pairKey(a, b));
      if (i !== undefined && j !== undefined) unknown.push({ a: i, b: j });
    } else if (i !== undefined && j !== undefined) answers.push({ a: i, b: j, relation: called });
  }
  const incomparable = [...told].flatMap(([row, decided]) => (decided ? [] : [row]));
  return { rows, isOpen, answers, unknown, incomparable };
}

/** What is known of pairs of these images; what answers leave open is left out. */
export function answersAmong(workspace: Workspace, images: readonly KnownImage[]): Answer[] {
  return pairKnowledge(workspace, images).answers;
}

/** Most still violated answers that are listed, those farthest on the wrong side first. */
const MOST_LISTED = 1000;

/** Distances of answered pairs under a model, and the threshold that best separates them. */
interface Measured {
  distances: number[];
  threshold: number | undefined;
}

/** Pairs that people called the same or different, without dispute, of images that can be embedded. */
function judgedPairs({ knowledge: { graph } }: Workspace, images: readonly KnownImage[]) {
  const rows = new Map(images.map((image, row) => [image.hash, row]));
  return [...graph.judged()].flatMap(({ a, b, judgements }) => {
    const [i, j] = [rows.get(a), rows.get(b)];
    const relation = calledBy(judgements);
    if (i === undefined || j === undefined || relation === undefined || relation === 'both') return [];
    return [{ a: i, b: j, relation }];
  });
}

/**
 * What a model says of the answers there are: how many are on the wrong side of the threshold that best separates them,
 * and beside the model before it, which of those it had wrong are right now.
 * @param measure distances by a model of the pairs given, in their order
 */
export async function oldAnswers(
  workspace: Workspace,
  images: readonly KnownImage[],
  models: { before?: MeasuredBefore; after: Measure },
): Promise<OldAnswersInfo | undefined> {
  const pairs = judgedPairs(workspace, images);
  if (pairs.length === 0) return undefined;
  const same = pairs.filter(({ relation }) => relation === 'same').length;
  const counts = { judged: pairs.length, same, different: pairs.length - same };
  if (same === 0 || same === pairs.length) return { ...counts, unsaid: 'one-kind' };
  const after = thresholded(pairs, await models.after(pairs));
  if (after.threshold === undefined) return { ...counts, unsaid: 'no-order' };
  const wrong = wrongOf(pairs, after);
  const violated = wrong.filter(Boolean).length;
  const old = models.before;
  const before = old && thresholded(pairs, old.distances);
  if (before?.threshold === undefined || old === undefined || old.distances.length !== pairs.length)
    return { ...counts, violated };
  const was = wrongOf(pairs, before);
  const count = (had: boolean, has: boolean): number => was.filter((w, i) => w === had && wrong[i] === has).length;
  const stillViolated = pairs
    .flatMap(({ a, b, relation }, i) =>
      was[i] && wrong[i]
        ? [
            {
              a: images[a].paths[0],
              b: images[b].paths[0],
              relation,
              before: before.distances[i],
              after: after.distances[i],
            },
          ]
        : [],
    )
    .sort((x, y) => Math.abs(y.after - after.threshold!) - Math.abs(x.after - after.threshold!))
    .slice(0, MOST_LISTED);
  return {
    ...counts,
    violated,
    compared: {
      model: old.model,
      violatedBefore: was.filter(Boolean).length,
      nowEasy: count(true, false),
      stillViolated: count(true, true),
      newlyViolated: count(false, true),
      thresholds: { before: before.threshold, after: after.threshold },
    },
    stillViolated,
  };
}

export type Measure = (pairs: readonly { a: number; b: number }[]) => Promise<number[]>;

export interface MeasuredBefore {
  model: string;
  /** of `oldAnswers`' pairs, in their order */
  distances: number[];
}

/** Distances of the answered pairs by the model that is to be followed, to be taken before it may be written over. */
export async function measureBefore(
  workspace: Workspace,
  images: readonly KnownImage[],
  model: string,
  measure: Measure,
): Promise<MeasuredBefore | undefined> {
  const pairs = judgedPairs(workspace, images);
  if (pairs.length === 0) return undefined;
  return { model, distances: await measure(pairs) };
}

function thresholded(pairs: readonly { relation: 'same' | 'different' }[], distances: number[]): Measured {
  const measured = pairs.map(({ relation }, i) => ({ relation, distance: distances[i] }));
  return { distances, threshold: calibrate(measured)?.threshold };
}

function wrongOf(pairs: readonly { relation: string }[], { distances, threshold }: Measured): boolean[] {
  return pairs.map(({ relation }, i) => distances[i] <= threshold! !== (relation === 'same'));
}

/** Distances of pairs of images by a model; missing vectors are embedded first. */
export async function distancesBy(
  workspace: Workspace,
  images: readonly KnownImage[],
  pairs: readonly { a: number; b: number }[],
  embedder: Embedder & { threads: number },
  settings: TrainParams['settings'],
  options: JobOptions,
): Promise<number[]> {
  const rows = [...new Set(pairs.flatMap(({ a, b }) => [a, b]))];
  const wanted = rows.map(row => images[row]);
  await fillVectors(workspace, wanted, embedder, settings, options);
  const { key, dimension } = vectorsOf(embedder);
  const store = await VectorStore.open(workspace.cache, key, dimension);
  const { vectors } = await store.matrix(wanted.map(({ hash }) => hash));
  const place = new Map(rows.map((row, i) => [row, i]));
  const between = rowDistance(embedder.metric, dimension, embedder.weights);
  return pairs.map(({ a, b }) => between(vectors, place.get(a)!, vectors, place.get(b)!) as number);
}
