import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { retrievalChance } from '../../core/chance';
import { distanceSteps, oneShotSteps, retrievalSteps } from '../../core/evaluation';
import type { Embedded, OneShotTrial } from '../../core/evaluation';
import { sampleIndices, seeded } from '../../core/splits';
import { judgedVerificationSteps } from '../../core/verification-intervals';
import { PixelStore } from '../../dataset';
import { parseCsv } from '../../manifest/csv';
import type { EvaluateParams, EvaluateResult, VerificationInfo } from '../../rpc/engine-protocol';
import type { Embedders } from '../embedders';
import { EngineError, messageOf } from '../errors';
import { refuseGuessesFile, writeGuesses } from '../guesses-file';
import type { KnownImage } from '../inventory';
import type { JobOptions } from '../progress';
import type { Workspace } from '../workspace';
import { inSlices } from '../slices';
import { judgeByExamples } from './evaluate-examples';
import { labelsOf, refuseEmpty, refuseUnminable } from './mine';
import { fillVectors } from './vectors';

/** The raw-pixel floor sees pictures at this size, grey, with their mean taken off. */
const FLOOR = { width: 28, height: 28, channels: 1, fit: 'fill' } as const;
/** More images asked with than this tell nothing new, and take long. */
const QUERIES = 2000;

/**
 * Judges a model on the folder: retrieval by classes, one-shot trials and verification pairs where files give them, and
 * classification by the nearest of some examples. Each beside raw pixels and chance.
 * @param open opens the folder of examples
 */
export async function evaluateModel(
  workspace: Workspace,
  params: EvaluateParams,
  embedders: Embedders,
  options: JobOptions,
  open: (folder: string) => Promise<Workspace>,
): Promise<EvaluateResult> {
  const { settings, folder } = params;
  const { signal } = options;
  if (params.guessesTo !== undefined) refuseGuessesFile(params.guessesTo);
  const inventory = await workspace.takeInventory(settings, options);
  // One image is enough to be classified.
  if (params.examples === undefined) refuseUnminable(folder, inventory.images, inventory.problems, 'uncertain-pairs');
  else refuseEmpty(folder, inventory.images, inventory.problems);
  return embedders.use(folder, settings, signal, async embedder => {
    const { metric, weights } = embedder;
    const embed = async (place: Workspace, known: readonly KnownImage[]) => {
      const filled = await fillVectors(place, known, embedder, settings, options);
      const images = known.filter(({ hash }) => filled.store.has(hash));
      const { vectors } = await filled.store.matrix(images.map(({ hash }) => hash));
      const model: Embedded = { vectors, dimension: embedder.dimension, metric, ...(weights && { weights }) };
      return { images, model, pixels: await floorOf(place, images, params, options), problems: filled.problems };
    };
    const own = await embed(workspace, inventory.images);
    const { images, model, pixels } = own;
    const problems = [...inventory.problems, ...own.problems];
    const { labels, names } = labelsOf(images);
    const rows = images.map((_, row) => row).filter(row => labels[row] >= 0);
    const queries =
      rows.length > (params.queries ?? QUERIES)
        ? sampleIndices(rows.length, params.queries ?? QUERIES, seeded(1, 'queries')).map(i => rows[i])
        : rows;
    const find = finder(images);
    const retrieve = (data: Embedded) => inSlices(retrievalSteps(data, labels, { queries }), signal);
    const retrieved = names.length > 1 ? await retrieve(model) : undefined;
    const judged = retrieved !== undefined && retrieved.queries > 0;
    const byExamples = async (at: string) => {
      const place = await open(path.resolve(at));
      const examples = await place.takeInventory(settings, options);
      refuseEmpty(at, examples.images, examples.problems);
      const embedded = await embed(place, examples.images);
      problems.push(...examples.problems, ...embedded.problems);
      const info = await judgeByExamples(own, embedded, params.neighbours ?? 1, options);
      if (params.guessesTo !== undefined) await writeGuesses(path.resolve(params.guessesTo), info.guesses);
      return info;
    };
    return {
      model: settings.model,
      backend: embedder.backend.name,
      images: images.length,
      classes: names.length,
      metric,
      ...(judged && {
        retrieval: retrieved,
        pixels: await retrieve(pixels),
        chance: retrievalChance(labels, queries),
      }),
      ...(params.examples !== undefined && { examples: await byExamples(params.examples) }),
      ...(params.oneShot !== undefined && {
        oneShot: await oneShotOf(path.resolve(params.oneShot), find, model, pixels, signal),
      }),
      ...(params.pairs !== undefined && {
        verification: await verificationOf(path.resolve(params.pairs), find, model, pixels, signal),
      }),
      notes: judged ? [] : notesOf(names, params),
      problems,
    };
  });
}

/** Why there is no retrieval by class, and what to do about it. */
function notesOf(names: readonly string[], { examples, oneShot, pairs }: EvaluateParams): string[] {
  // With one class alone every answer would be right, and say nothing.
  if (names.length === 1) {
    return [
      `All images that have a class are of one (“${names[0]}”): retrieval by class needs a second one to tell from.`,
    ];
  }
  if (names.length > 1) {
    return [
      'Each class has a single image, so there is no other to find: retrieval by class needs two images or more of a class.',
    ];
  }
  const asked = examples !== undefined || oneShot !== undefined || pairs !== undefined;
  return [
    'No image has a class, so there is no retrieval by class.',
    ...(asked
      ? []
      : [
          'To judge the model, sort images into one folder a class (--classes none switches that off), or give pairs (--pairs FILE), trials (--one-shot FILE) or examples of each class (--examples DIR).',
        ]),
  ];
}

async function floorOf(
  workspace: Workspace,
  images: readonly KnownImage[],
  { settings }: EvaluateParams,
  { signal }: JobOptions,
): Promise<Embedded> {
  const source = await workspace.pixelSource(FLOOR, settings, await PixelStore.open(workspace.cache, FLOOR));
  const dimension = source.pictureBytes;
  const vectors = new Float32Array(images.length * dimension);
  for (let at = 0; at < images.length; at += 256) {
    const chunk = images.slice(at, at + 256);
    const bytes = new Uint8Array(chunk.length * dimension);
    await source.batch(chunk, bytes, signal);
    for (const place of chunk.keys()) {
      const picture = bytes.subarray(place * dimension, (place + 1) * dimension);
      const mean = picture.reduce((sum, value) => sum + value, 0) / dimension;
      for (let k = 0; k < dimension; k++) vectors[(at + place) * dimension + k] = (picture[k] - mean) / 255;
    }
  }
  await source.options.store?.flush();
  return { vectors, dimension, metric: 'l2' };
}

/** From a path in a file to a row; throws what is wrong with the line. */
function finder(images: readonly KnownImage[]): (at: string, file: string, line: number) => number {
  const rows = new Map<string, number>();
  for (const [row, { paths }] of images.entries()) for (const at of paths) rows.set(at, row);
  return (at, file, line) => {
    const row = rows.get(at.replaceAll('\\', '/'));
    if (row === undefined) {
      throw new EngineError(
        'no-such-image',
        `${path.basename(file)}, line ${line}: there is no readable image “${at}” in the folder.`,
        'Paths are relative to the folder that is evaluated.',
      );
    }
    return row;
  };
}

async function readRows(file: string, columns: readonly string[]): Promise<{ line: number; values: string[] }[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new EngineError('unreadable', `${file} cannot be read: ${messageOf(error)}`, 'Give the path of a CSV file.', {
      cause: error,
    });
  });
  const [header, ...records] = parseCsv(text);
  const places = columns.map(name => header?.values.indexOf(name) ?? -1);
  const absent = columns.filter((_, i) => places[i] < 0);
  if (absent.length > 0) {
    throw new EngineError(
      'malformed',
      `${file} has no column ${absent.join(', ')}.`,
      `Its first line must name the columns ${columns.join(', ')}.`,
    );
  }
  return records.map(({ line, values }) => ({ line, values: places.map(at => values[at] ?? '') }));
}

async function oneShotOf(
  file: string,
  find: ReturnType<typeof finder>,
  model: Embedded,
  pixels: Embedded,
  signal: AbortSignal | undefined,
) {
  const trials = new Map<string, OneShotTrial & { candidates: number[] }>();
  for (const { line, values } of await readRows(file, ['run', 'trial', 'test', 'candidate', 'same'])) {
    const [run, number, test, candidate, same] = values;
    const key = `${run} ${number}`;
    let trial = trials.get(key);
    if (!trial) trials.set(key, (trial = { test: find(test, file, line), candidates: [], right: -1 }));
    if (same === '1') trial.right = trial.candidates.length;
    trial.candidates.push(find(candidate, file, line));
  }
  const all = [...trials.values()];
  const unanswerable = all.filter(({ right }) => right < 0).length;
  if (all.length === 0 || unanswerable > 0) {
    throw new EngineError(
      'malformed',
      `${file}: ${all.length === 0 ? 'there are no trials' : `${unanswerable} trials have no candidate with same = 1`}.`,
      'Each trial needs rows run,trial,test,candidate,same with exactly one same = 1.',
    );
  }
  const ways = Math.max(...all.map(({ candidates }) => candidates.length));
  const judge = async (data: Embedded) => {
    const { value, low, high } = await inSlices(oneShotSteps(data, all), signal);
    return { value, low, high };
  };
  const chance = all.reduce((sum, { candidates }) => sum + 1 / candidates.length, 0) / all.length;
  return { accuracy: await judge(model), trials: all.length, ways, pixels: await judge(pixels), chance };
}

async function verificationOf(
  file: string,
  find: ReturnType<typeof finder>,
  model: Embedded,
  pixels: Embedded,
  signal: AbortSignal | undefined,
) {
  const rows = await readRows(file, ['a', 'b', 'same']);
  const pairs = rows.map(({ line, values: [a, b, same] }) => ({
    a: find(a, file, line),
    b: find(b, file, line),
    same: same === '1',
  }));
  const same = pairs.map(pair => pair.same);
  if (!same.includes(true) || !same.includes(false)) {
    throw new EngineError(
      'malformed',
      `${file}: there are only ${same.includes(true) ? 'same' : 'different'} pairs, so there is nothing to tell apart.`,
      'It needs rows with same = 1 and rows with same = 0.',
    );
  }
  const distances = (data: Embedded) => inSlices(distanceSteps(data, pairs), signal);
  const judge = async (data: Embedded) => {
    const report = await inSlices(judgedVerificationSteps(await distances(data), same, pairs), signal);
    const { auc, equalErrorRate, fnmrAt } = report;
    const info: VerificationInfo = {
      auc,
      equalErrorRate,
      fnmrAt,
      roc: report.roc.map(({ fmr, tmr }) => ({ fmr, tmr })),
    };
    return { info, report };
  };
  const { info, report } = await judge(model);
  return {
    pairs: report.pairs,
    same: report.same,
    ...info,
    threshold: report.threshold,
    pixels: (await judge(pixels)).info,
    chance: 0.5,
  };
}
