import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { rowDistance } from '../../core/distances';
import { oneShot, retrievalSteps, verification } from '../../core/evaluation';
import type { Embedded, OneShotTrial } from '../../core/evaluation';
import { sampleIndices, seeded } from '../../core/splits';
import { PixelStore } from '../../dataset';
import { parseCsv } from '../../manifest/csv';
import type { EvaluateParams, EvaluateResult } from '../../rpc/engine-protocol';
import type { Embedders } from '../embedders';
import { EngineError, messageOf } from '../errors';
import type { KnownImage } from '../inventory';
import type { JobOptions } from '../progress';
import type { Workspace } from '../workspace';
import { inSlices } from '../slices';
import { labelsOf, refuseUnminable } from './mine';
import { fillVectors } from './vectors';

/** The raw-pixel floor sees pictures at this size, grey, with their mean taken off. */
const FLOOR = { width: 28, height: 28, channels: 1, fit: 'fill' } as const;
/** More images asked with than this tell nothing new, and take long. */
const QUERIES = 2000;

/** Judges a model on the folder: retrieval by classes, one-shot trials and verification pairs where files give them. */
export async function evaluateModel(
  workspace: Workspace,
  params: EvaluateParams,
  embedders: Embedders,
  options: JobOptions,
): Promise<EvaluateResult> {
  const { settings, folder } = params;
  const inventory = await workspace.takeInventory(settings, options);
  refuseUnminable(folder, inventory.images, inventory.problems, 'uncertain-pairs');
  return embedders.use(folder, settings, options.signal, async embedder => {
    const filled = await fillVectors(workspace, inventory.images, embedder, settings, options);
    const images = inventory.images.filter(({ hash }) => filled.store.has(hash));
    const { vectors } = await filled.store.matrix(images.map(({ hash }) => hash));
    const { metric, weights, dimension } = embedder;
    const model: Embedded = { vectors, dimension, metric, ...(weights && { weights }) };
    const pixels = await floorOf(workspace, images, params, options);
    const { labels } = labelsOf(images);
    const rows = images.map((_, row) => row).filter(row => labels[row] >= 0);
    const queries =
      rows.length > (params.queries ?? QUERIES)
        ? sampleIndices(rows.length, params.queries ?? QUERIES, seeded(1, 'queries')).map(i => rows[i])
        : rows;
    const find = finder(images);
    const retrieve = (data: Embedded) => inSlices(retrievalSteps(data, labels, { queries }), options.signal);
    const retrieved = rows.length > 1 ? await retrieve(model) : undefined;
    const judged = retrieved !== undefined && retrieved.queries > 0;
    return {
      model: settings.model,
      backend: embedder.backend.name,
      images: images.length,
      metric,
      ...(judged && {
        retrieval: retrieved,
        pixels: await retrieve(pixels),
        chance: chanceOf(labels, queries),
      }),
      ...(params.oneShot !== undefined && {
        oneShot: await oneShotOf(path.resolve(params.oneShot), find, model, pixels),
      }),
      ...(params.pairs !== undefined && {
        verification: await verificationOf(path.resolve(params.pairs), find, model, pixels),
      }),
      problems: [...inventory.problems, ...filled.problems],
    };
  });
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

/** P@1 of a guess: the share of the others that are of the query's class. */
function chanceOf(labels: Int32Array, queries: readonly number[]): number {
  const sizes = new Map<number, number>();
  let classed = 0;
  for (const label of labels) {
    if (label < 0) continue;
    classed++;
    sizes.set(label, (sizes.get(label) ?? 0) + 1);
  }
  const asked = queries.filter(row => (sizes.get(labels[row]) ?? 0) > 1);
  return asked.reduce((sum, row) => sum + (sizes.get(labels[row])! - 1) / (classed - 1), 0) / Math.max(1, asked.length);
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

async function oneShotOf(file: string, find: ReturnType<typeof finder>, model: Embedded, pixels: Embedded) {
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
  const { trials: count, ...accuracy } = oneShot(model, all);
  const { trials: _, ...floor } = oneShot(pixels, all);
  void _;
  return { accuracy, trials: count, ways, pixels: floor };
}

async function verificationOf(file: string, find: ReturnType<typeof finder>, model: Embedded, pixels: Embedded) {
  const rows = await readRows(file, ['a', 'b', 'same']);
  const pairs = rows.map(({ line, values: [a, b, same] }) => ({
    a: find(a, file, line),
    b: find(b, file, line),
    same: same === '1',
  }));
  const same = pairs.map(pair => pair.same);
  const distances = ({ metric, dimension, weights, vectors }: Embedded) => {
    const between = rowDistance(metric, dimension, weights);
    return pairs.map(({ a, b }) => between(vectors, a, vectors, b));
  };
  const report = verification(distances(model), same);
  const { auc, equalErrorRate, threshold, fnmrAt } = report;
  return {
    pairs: report.pairs,
    auc,
    equalErrorRate,
    threshold,
    fnmrAt,
    roc: report.roc.map(({ fmr, tmr }) => ({ fmr, tmr })),
    pixelsAuc: verification(distances(pixels), same).auc.value,
  };
}
