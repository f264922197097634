import { constants } from 'node:fs';
import { access, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { PixelStore } from '../../dataset';
import { BACKBONE_DEFAULTS, completeOptions, OptionsError, saveModel, train } from '../../model';
import type { ModelEmbedding, ModelInput, TrainEnvironment, TrainOptions } from '../../model';
import type { EpochPoint, HeldOutMeasure, TrainParams, TrainResult } from '../../rpc/engine-protocol';
import type { Assets } from '../assets';
import type { Embedders } from '../embedders';
import { EngineError, messageOf } from '../errors';
import type { KnownImage } from '../inventory';
import { StageProgress } from '../progress';
import type { JobOptions } from '../progress';
import type { Workspace } from '../workspace';
import { refuseIdle } from './idle-choices';
import { DEFAULT_USE, refuseReplacing } from './earlier-model';
import { isMap, learnMap, sourceOf } from './learn-map';
import { heldOutJudge } from './judge-held-out';
import type { HeldOutFigures } from './judge-held-out';
import { refuseEmpty } from './mine';
import { distancesBy, measureBefore, oldAnswers } from './train-answers';
import { minedTriplets, trainingData } from './training-data';

/** A model's name is a folder's name: nothing that a file system or a shell trips over. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._ -]{0,79}$/u;
/** Names that mean something else, here or on Windows. */
const RESERVED = /^(starter|con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Trains a network on the folder's classes and answers, judges it beside the one in use, and keeps it as a model. */
export async function trainModel(
  workspace: Workspace,
  params: TrainParams,
  embedders: Embedders,
  assets: Assets,
  options: JobOptions,
): Promise<TrainResult> {
  const { settings, name } = params;
  if (!NAME.test(name) || /[. ]$/.test(name) || RESERVED.test(name)) {
    throw new EngineError(
      'bad-name',
      `“${name}” cannot be a model's name.`,
      'Use letters, digits, dots, dashes, and another name than starter.',
    );
  }
  refuseIdle(params);
  const folder = path.join(await writable(workspace), 'models', name);
  const inventory = await workspace.takeInventory(settings, options);
  refuseEmpty(workspace.folder, inventory.images, inventory.problems);
  if (isMap(params, inventory.images))
    return learnMap(workspace, params, folder, inventory, embedders, assets, options);
  const source = params.from === undefined ? undefined : await sourceOf(workspace, params.from, assets);
  const input = source?.card.input ?? inputOf(params);
  const choice = optionsOf(params, source?.card.embedding, input);
  const use = params.use ?? DEFAULT_USE;
  if (params.replace === false) await refuseReplacing(folder, { options: choice, input, fromKey: source?.key, use });
  // Asked before pictures are read: its refusal should not wait for them.
  const found = params.use?.includes('mined') ? await minedTriplets(workspace, params, assets) : undefined;
  const { images, pixels, problems } = await readPixels(workspace, inventory.images, input, params, options);
  // Gone on from a model, it is that one which this is better than or not.
  const earlier = { ...settings, model: params.from ?? settings.model };
  const { data, classes, mined: lanes } = trainingData(workspace, images, pixels, params, found);

  // By class where classes are held out, which they can be of two or more.
  let measure: HeldOutMeasure = classes > 1 ? 'map-at-r' : 'auc';
  let history: EpochPoint[] = [];
  let began: Parameters<NonNullable<TrainEnvironment['onStart']>>[0] = { resumedFrom: 0 };
  const checkpointDir = workspace.cache && path.join(workspace.cache, 'training', name);
  const result = await train(choice, input, data, {
    backend: embedders.options(settings),
    workerFile: path.join(assets.dist, 'train-worker.cjs'),
    ...(source && { source }),
    signal: options.signal,
    checkpointDir,
    onStart: (start, before) => {
      began = start;
      history = before.map(pointOf);
    },
    onEpoch: report => void history.push(pointOf(report)),
    onProgress: ({ step, steps, secondsLeft, epoch, epochs, loss, imagesPerSecond }) =>
      options.report?.({
        stage: 'train',
        done: step,
        total: steps,
        secondsLeft,
        training: { epoch, epochs, loss, imagesPerSecond, history: [...history], measure, ...began },
      }),
  }).catch((error: unknown) => {
    // What only the network itself shows, as that it cannot be trained whole.
    throw error instanceof OptionsError ? badChoice(error) : error;
  });
  const mined = lanes && { triplets: result.triplets ?? 0, ...lanes };
  measure = result.split.judgedBy === 'answers' ? 'auc' : measure;

  // Nothing was learned yet: a model of that name must not be overwritten by an untrained one.
  if (result.ended === 'cancelled' && result.history.length === 0) throw new DOMException('cancelled', 'AbortError');
  // Judging is worth waiting for, but not worth losing the model over: a cancel skips it. One that ended the training is
  // spent: whoever stopped to keep the best network wants to know what it is worth.
  const signal = result.ended === 'cancelled' ? undefined : options.signal;
  const judge = heldOutJudge(workspace, images, data, result.split);
  const judgeBy = (model: typeof settings): Promise<HeldOutFigures> =>
    embedders.use(workspace.folder, model, signal, embedder => judge(embedder, model, { ...options, signal }));
  // Before it is written: it may take that model's place, by whatever name or path that was given.
  const before = await judgeBy(earlier).catch((): HeldOutFigures => ({}));
  const measured = await embedders
    .use(workspace.folder, earlier, signal, embedder =>
      measureBefore(workspace, images, earlier.model, pairs =>
        distancesBy(workspace, images, pairs, embedder, earlier, { ...options, signal }),
      ),
    )
    .catch(() => undefined);
  const card = { ...result.card, name, training: { ...result.card.training, use: [...use], ...(mined && { mined }) } };
  await saveModel(folder, result.artifacts, card);
  // What ended by itself has nothing to go on to; a cancelled one may be taken up again.
  if (result.ended !== 'cancelled' && checkpointDir !== undefined)
    await rm(checkpointDir, { recursive: true, force: true }).catch((error: unknown) =>
      // The model is kept already, and a checkpoint left behind is in nobody's way.
      workspace.events.log('warn', `The checkpoint in ${checkpointDir} could not be deleted: ${messageOf(error)}`),
    );
  workspace.events.changed('models');
  const trained = { ...settings, model: name };
  const after = await judgeBy(trained).catch((error: unknown): HeldOutFigures => {
    if (signal?.aborted) return {};
    throw error;
  });
  const counts = after.pairs ?? before.pairs;
  const pairs = counts && {
    ...counts,
    ...(before.auc && { before: before.auc }),
    ...(after.auc && { after: after.auc }),
  };
  const answers = await embedders.use(workspace.folder, trained, undefined, embedder =>
    oldAnswers(workspace, images, {
      ...(measured && { before: measured }),
      after: asked => distancesBy(workspace, images, asked, embedder, trained, { report: options.report }),
    }),
  );
  await saveModel(folder, result.artifacts, {
    ...card,
    evaluation: {
      ...(before.retrieval && { before: { model: earlier.model, ...before.retrieval } }),
      ...(after.retrieval && { after: after.retrieval }),
      ...(pairs && { pairs: { model: earlier.model, ...pairs } }),
      ...(result.split.why !== undefined && { why: result.split.why }),
    },
  });
  return {
    name,
    folder,
    backend: result.backend.name,
    ended: result.ended,
    epochs: result.history.length,
    resumedFrom: result.resumedFrom,
    ...(result.otherData !== undefined && { otherData: result.otherData }),
    seconds: result.seconds,
    parameters: result.parameters,
    images: images.length,
    classes,
    heldOutBy: result.split.by,
    ...(result.split.why !== undefined && { heldOutWhy: result.split.why }),
    ...(result.split.among === 'all' && { amongAll: true }),
    ...(mined && { mined }),
    modelBefore: earlier.model,
    history: result.history.map(pointOf),
    measure,
    ...(result.unchanged && { unchanged: true }),
    ...(before.retrieval && { before: before.retrieval }),
    ...(after.retrieval && { after: after.retrieval }),
    ...(pairs && { pairs }),
    ...(answers && { answers }),
    problems,
  };
}

function pointOf({ epoch, loss, heldOut }: EpochPoint): EpochPoint {
  return { epoch, loss, ...(heldOut !== undefined && { heldOut }) };
}

/**
 * The folder that will hold the model, looked at before the work and not after it.
 * @throws EngineError `not-writable`
 */
async function writable({ margin }: Workspace): Promise<string> {
  try {
    const folder = await margin.ensure();
    await access(folder, constants.W_OK);
    return folder;
  } catch (error) {
    throw new EngineError(
      'not-writable',
      `A model could not be kept in ${margin.path}: ${messageOf(error)}`,
      'Make it writable, or train on a copy of the folder.',
      { cause: error },
    );
  }
}

/** Characters are grey, photographs are not: the small networks see one channel unless told otherwise. */
function inputOf({ backbone = 'resnet', inputSize, channels }: TrainParams): ModelInput {
  const side = inputSize ?? BACKBONE_DEFAULTS[backbone].size;
  const bands = channels ?? (backbone === 'conv4' || backbone === 'koch' ? 1 : 3);
  const each = (value: number) => new Array<number>(bands).fill(value);
  return {
    width: side,
    height: side,
    channels: bands,
    fit: 'fill',
    background: 255,
    scale: 1 / 127.5,
    mean: each(1),
    std: each(1),
  };
}

/** What a person may choose of a training under the same name that the model room has for it. */
const CHOICES = [
  ...([
    'loss',
    'normalise',
    'embeddingSize',
    'margin',
    'mining',
    'epochs',
    'stepsPerEpoch',
    'classesPerBatch',
  ] as const),
  ...(['imagesPerClass', 'siblings', 'learningRate', 'widen', 'synthesis', 'augmentation', 'heldOut'] as const),
  ...(['instances', 'whiten', 'patience', 'maxMinutes', 'seed'] as const),
  ...(['optimiser', 'schedule', 'weightDecay'] as const),
];

function optionsOf(params: TrainParams, from: ModelEmbedding | undefined, input: ModelInput): TrainOptions {
  const chosen = Object.fromEntries(CHOICES.map(name => [name, params[name]])) as Pick<
    TrainParams,
    (typeof CHOICES)[number]
  >;
  const network = {
    backbone: from ? ('own' as const) : (params.backbone ?? 'resnet'),
    freeze: params.freeze,
    distance: params.metric,
  };
  try {
    return completeOptions({ ...chosen, ...network }, input, os.availableParallelism(), from);
  } catch (error) {
    throw badChoice(error);
  }
}

function badChoice(error: unknown): EngineError {
  const hint = 'Change one of the choices; those left out have defaults that suit the rest.';
  return new EngineError('bad-choice', messageOf(error), hint, { cause: error });
}

async function readPixels(
  workspace: Workspace,
  images: readonly KnownImage[],
  input: ModelInput,
  { settings }: TrainParams,
  { signal, report }: JobOptions,
) {
  const { width, height, channels, fit } = input;
  const spec = { width, height, channels, fit };
  const source = await workspace.pixelSource(spec, settings, await PixelStore.open(workspace.cache, spec));
  const bytes = source.pictureBytes;
  const all = new Uint8Array(new SharedArrayBuffer(images.length * bytes));
  const progress = new StageProgress('decode', report);
  const problems: { path: string; reason: string }[] = [];
  const good: KnownImage[] = [];
  for (let at = 0; at < images.length; at += 64) {
    signal?.throwIfAborted();
    const chunk = images.slice(at, at + 64);
    const target = new Uint8Array(chunk.length * bytes);
    const missing = new Set<number>();
    for (const { at: place, path: file, reason } of await source.batch(chunk, target, signal)) {
      missing.add(place);
      problems.push({ path: file, reason });
    }
    for (const [place, image] of chunk.entries()) {
      if (missing.has(place)) continue;
      all.set(target.subarray(place * bytes, (place + 1) * bytes), good.length * bytes);
      good.push(image);
    }
    progress.update(Math.min(images.length, at + 64), images.length);
  }
  await source.options.store?.flush();
  await workspace.saveRejected();
  return { images: good, pixels: all.subarray(0, good.length * bytes), problems };
}
