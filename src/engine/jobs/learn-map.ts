import path from 'node:path';
import { Relations, appendMap, DataError, judgedMap, judgedWhitening, readModel, saveModel } from '../../model';
import type { ModelCard, ModelSource } from '../../model';
import type { AnswersMapInfo, ClassesMapInfo, MapInfo, TrainParams, TrainResult } from '../../rpc/engine-protocol';
import type { Steps } from '../../core/steps';
import type { Assets } from '../assets';
import type { Embedders } from '../embedders';
import { EngineError, messageOf } from '../errors';
import type { Inventory, KnownImage } from '../inventory';
import { StageProgress } from '../progress';
import type { JobOptions } from '../progress';
import { inSlices } from '../slices';
import type { Workspace } from '../workspace';
import { DEFAULT_USE, refuseReplacing } from './earlier-model';
import { labelsOf } from './mine';
import { answersAmong, distancesBy, measureBefore, oldAnswers, openPairs } from './train-answers';
import { fillVectors } from './vectors';

/** Choices that only the training of a network has. */
const OF_NETWORKS = [
  ...(['backbone', 'loss', 'freeze', 'metric', 'normalise', 'embeddingSize', 'mining'] as const),
  ...(['inputSize', 'epochs', 'stepsPerEpoch', 'learningRate', 'instances', 'whiten'] as const),
  ...(['optimiser', 'schedule', 'weightDecay'] as const),
];
/** Distances that the map is learned for: those that order unit vectors as l2 does. */
const METRICS: readonly string[] = ['l2', 'sql2', 'cosine'];

/** Whether classes or answers are to be learned as a map of a model's embeddings. @throws EngineError for choices that a map lacks */
export function isMap(params: TrainParams, images: readonly KnownImage[]): boolean {
  const { map, use = DEFAULT_USE } = params;
  const chosen = OF_NETWORKS.filter(name => params[name] !== undefined);
  const classed = use.includes('classes') && images.some(image => image.class !== null);
  if (map === undefined) return !classed && use.includes('answers') && !use.includes('mined') && chosen.length === 0;
  if (map && chosen.length > 0) {
    throw new EngineError(
      'bad-choice',
      `A map of a model's embeddings has no choice of ${chosen.join(', ')}.`,
      'Leave that out, or train the network itself (--no-map).',
    );
  }
  if (map && use.includes('mined')) {
    throw new EngineError(
      'bad-choice',
      'A map of a model’s embeddings does not learn from mined triplets.',
      'Leave mined out of what is learned from, or train the network itself (--no-map).',
    );
  }
  return map;
}

export async function sourceOf(workspace: Workspace, ref: string, assets: Assets): Promise<ModelSource> {
  const places = {
    modelsDir: path.join(workspace.margin.path, 'models'),
    starterDir: path.join(assets.models, 'starter'),
  };
  return readModel(ref, places).catch((error: unknown) => {
    throw new EngineError('model', messageOf(error), 'Choose another model to go on from, or train a new network.', {
      cause: error,
    });
  });
}

/**
 * Learns a linear map of a model's embeddings from the classes or the answers and keeps the model with it. A model that is such
 * a map already is learned anew on what it was made from: judged by what it knows, it could only lose.
 * @param folder where the model goes
 */
export async function learnMap(
  workspace: Workspace,
  params: TrainParams,
  folder: string,
  inventory: Inventory,
  embedders: Embedders,
  assets: Assets,
  options: JobOptions,
): Promise<TrainResult> {
  const { settings, name, seed = 1 } = params;
  const began = performance.now();
  const source = await baseOf(workspace, params.from ?? settings.model, assets);
  if (params.replace === false) await refuseReplacing(folder, { mapOf: source.key });
  const { embedding } = source.card;
  if (!METRICS.includes(embedding.metric)) {
    throw new EngineError(
      'bad-choice',
      `A map is learned for the distances ${METRICS.join(', ')}; “${source.id}” is compared by ${embedding.metric}.`,
      'Choose another model to go on from, or train the network itself (--no-map).',
    );
  }
  const flagged = new Set(workspace.ledger.state.flagged().keys());
  const { incomparable } = openPairs(workspace, inventory.images);
  const out = new Set(incomparable);
  const known = inventory.images.filter(({ hash }, row) => !flagged.has(hash) && !out.has(row));
  const way = byClasses(params, known) ? fromClasses : fromAnswers;
  const asked = way.images(workspace, known);
  const ofBase = { ...settings, model: source.id };
  const normalise = embedding.normalise || embedding.metric === 'cosine';
  const { chosen, images, dimension, backend, problems } = await embedders.use(
    workspace.folder,
    ofBase,
    options.signal,
    async embedder => {
      const filled = await fillVectors(workspace, asked, embedder, ofBase, options);
      const usable = asked.filter(({ hash }) => filled.store.has(hash));
      const { vectors } = await filled.store.matrix(usable.map(({ hash }) => hash));
      const progress = new StageProgress('train', options.report);
      const steps = way.learn(
        workspace,
        usable,
        { vectors, dimension: embedder.dimension, normalise },
        seed,
        (done, total) => progress.update(done, total),
      );
      return {
        chosen: await inSlices(steps, options.signal).catch((error: unknown) => {
          if (!(error instanceof DataError)) throw error;
          throw new EngineError('too-little', error.message, way.hint, { cause: error });
        }),
        images: usable,
        dimension: embedder.dimension,
        backend: embedder.backend.name,
        problems: [...inventory.problems, ...filled.problems],
      };
    },
  );
  const map: MapInfo = { from: source.id, ...chosen.verdict };
  const artifacts = await appendMap(source, chosen.map, dimension, embedders.options(settings));
  const answers = map.learned === 'answers' ? [...workspace.knowledge.graph.judged()].length : 0;
  const classes = map.learned === 'classes' ? labelsOf(images).names.length : 0;
  const card: ModelCard = {
    version: 1,
    name,
    description: describe(map, map.learned === 'answers' ? `${answers} answers` : `${classes} classes`),
    input: source.card.input,
    ...(artifacts.output !== undefined && { output: artifacts.output }),
    embedding: { dimension, normalise, metric: embedding.metric },
    training: {
      map: { from: source.id, key: source.key },
      seed,
      images: images.length,
      classes,
      answers,
      seconds: Math.round((performance.now() - began) / 1000),
    },
    evaluation: { [map.learned]: chosen.verdict },
  };
  const earlier = { ...settings, model: params.from ?? settings.model };
  // Before it is written: it may take that model's place.
  const before = await embedders.use(workspace.folder, earlier, options.signal, embedder =>
    measureBefore(workspace, images, earlier.model, pairs =>
      distancesBy(workspace, images, pairs, embedder, earlier, options),
    ),
  );
  await saveModel(folder, artifacts, card);
  workspace.events.changed('models');
  const trained = { ...settings, model: name };
  const old = await embedders.use(workspace.folder, trained, undefined, embedder =>
    oldAnswers(workspace, images, {
      ...(before && { before }),
      after: pairs => distancesBy(workspace, images, pairs, embedder, trained, { report: options.report }),
    }),
  );
  return {
    name,
    folder,
    backend,
    ended: 'finished',
    epochs: 0,
    resumedFrom: 0,
    seconds: (performance.now() - began) / 1000,
    parameters: dimension * dimension,
    images: images.length,
    classes,
    heldOutBy: map.by,
    history: [],
    measure: map.learned === 'answers' ? 'auc' : 'map-at-r',
    map,
    ...(old && { answers: old }),
    problems,
  };
}

type Verdict = Omit<AnswersMapInfo, 'from'> | Omit<ClassesMapInfo, 'from'>;

/** A way of learning a map: which images it asks of, and what it makes of their vectors. */
interface Way {
  images(workspace: Workspace, known: readonly KnownImage[]): KnownImage[];
  learn(
    workspace: Workspace,
    images: readonly KnownImage[],
    vectors: { vectors: Float32Array; dimension: number; normalise: boolean },
    seed: number,
    tell: (done: number, total: number) => void,
  ): Steps<{ map: Float64Array; verdict: Verdict }>;
  /** what to do where there is too little to learn from */
  hint: string;
}

const fromAnswers: Way = {
  images: (workspace, known) => {
    const touched = new Set(answersAmong(workspace, known).flatMap(({ a, b }) => [a, b]));
    return known.filter((_, row) => touched.has(row));
  },
  *learn(workspace, images, vectors, seed, tell) {
    const answers = answersAmong(workspace, images);
    const pairs = (relation: string) =>
      answers.flatMap(({ a, b, relation: is }) => (is === relation ? [[a, b] as const] : []));
    const data = { ...vectors, same: pairs('same'), different: pairs('different') };
    const { map, verdict } = yield* judgedMap(data, seed, tell);
    return { map, verdict: { learned: 'answers', ...verdict } };
  },
  hint: 'Answer more pairs first, near ones and far ones.',
};

const fromClasses: Way = {
  images: (_, known) => known.filter(image => image.class !== null),
  *learn(workspace, images, vectors, seed, tell) {
    const { labels } = labelsOf(images);
    const relations = new Relations(labels, [], openPairs(workspace, images).unknown);
    const isOpen = (a: number, b: number) => relations.isOpen(a, b);
    const { map, verdict } = yield* judgedWhitening({ ...vectors, labels, isOpen }, seed, tell);
    return { map, verdict: { learned: 'classes', ...verdict } };
  },
  hint: 'Give each class a folder with two images or more, or learn from answers (--use answers).',
};

/** Whether the map is of the classes: nothing else is wanted, or they are and there are at least two. */
function byClasses(params: TrainParams, images: readonly KnownImage[]): boolean {
  const use = params.use ?? DEFAULT_USE;
  if (!use.includes('answers')) return true;
  return use.includes('classes') && new Set(images.flatMap(image => image.class ?? [])).size >= 2;
}

/** The model itself, or what it was made from where it is a map of something that is still there unchanged. */
async function baseOf(workspace: Workspace, ref: string, assets: Assets): Promise<ModelSource> {
  const source = await sourceOf(workspace, ref, assets);
  const made = source.card.training?.['map'] as { from?: unknown; key?: unknown } | undefined;
  if (typeof made?.from !== 'string' || made.from === ref) return source;
  const base = await sourceOf(workspace, made.from, assets).catch(() => undefined);
  return base && base.key === made.key ? base : source;
}

function describe(map: MapInfo, from: string): string {
  const figures =
    map.learned === 'answers'
      ? `AUC of held-out pairs ${map.before.value.toFixed(3)} before, ${map.after.value.toFixed(3)} after`
      : `MAP@R of held-out ${map.by === 'class' ? 'classes' : 'images'} ${map.before.mapAtR.value.toFixed(3)} before, ${map.after.mapAtR.value.toFixed(3)} after`;
  return map.better
    ? `“${map.from}” with a linear map learned from ${from}: ${figures}`
    : `No better than “${map.from}”, and the same as it: ${from} taught no map that is better on what was held out (${figures})`;
}
