import path from 'node:path';
import { pairKey } from '../../core/pairs';
import { whyIgnored } from '../../core/mining/choices';
import { mine } from '../../kernel';
import type { ClassConflict, MiningData, MiningRequest } from '../../core/mining/types';
import type { ImageHash, Metric, PairKey, Relation } from '../../core/types';
import type { FileProblem, MineParams, MineResult } from '../../rpc/engine-protocol';
import type { Assets } from '../assets';
import { fittingMargin } from '../default-margin';
import type { Embedders } from '../embedders';
import { EngineError } from '../errors';
import type { Inventory, KnownImage } from '../inventory';
import { toStored } from '../lanes';
import type { StoredLane } from '../lanes';
import { StageProgress } from '../progress';
import { inSlices } from '../slices';
import { settledFor } from '../second-opinion';
import type { Report } from '../progress';
import type { Workspace } from '../workspace';
import { fillVectors, vectorsOf } from './vectors';

const NEEDS_CLASSES: readonly string[] = ['hard-triplets', 'semi-hard-triplets', 'hard-positives', 'label-errors'];

/** Class numbers of images, by the order in which names are first met; -1 for none. */
export function labelsOf(images: readonly KnownImage[]): { labels: Int32Array; names: string[] } {
  const numbers = new Map<string, number>();
  const labels = Int32Array.from(images, ({ class: name }) => {
    if (name === null) return -1;
    const known = numbers.get(name);
    if (known !== undefined) return known;
    numbers.set(name, numbers.size);
    return numbers.size - 1;
  });
  return { labels, names: [...numbers.keys()] };
}

/** Says of a folder in which no image can be used why that is so. */
export function refuseEmpty(
  folder: string,
  images: readonly KnownImage[],
  problems: readonly FileProblem[],
): asserts images is [KnownImage, ...KnownImage[]] {
  if (images.length > 0) return;
  if (problems.length === 0) {
    throw new EngineError(
      'no-images',
      `There are no images in ${folder}.`,
      'Put images (JPEG, PNG, WebP, GIF, TIFF, AVIF) into it, or open another folder.',
    );
  }
  throw new EngineError(
    'no-readable-images',
    `None of the ${problems.length} image files in ${folder} can be read; the first: ${problems[0].path}: ${problems[0].reason}`,
    '“Margin: Show Log” (or “margin scan”) lists them all.',
  );
}

/** What is wrong with a folder for mining, said before any work is done on it. */
export function refuseUnminable(
  folder: string,
  images: readonly KnownImage[],
  problems: readonly FileProblem[],
  lane: string,
): void {
  refuseEmpty(folder, images, problems);
  if (images.length === 1) {
    throw new EngineError(
      'one-image',
      `There is only one image in ${folder} (exact copies count once).`,
      'A pair takes two: add more images.',
    );
  }
  const sizes = new Map<string, number>();
  for (const { class: name } of images) if (name !== null) sizes.set(name, (sizes.get(name) ?? 0) + 1);
  const hint =
    'Sort the images into one folder a class, or choose with the setting “margin.classes” (or --classes) where classes come from; the lanes of near duplicates and uncertain pairs need none.';
  if (lane !== 'near-duplicates' && lane !== 'uncertain-pairs' && sizes.size < 2) {
    const what = sizes.size === 0 ? 'no classes' : `only one class (“${[...sizes.keys()][0]}”)`;
    throw new EngineError(
      'one-class',
      `There ${sizes.size === 1 ? 'is' : 'are'} ${what} in ${folder}: without a second one there are no negatives.`,
      hint,
    );
  }
  if (NEEDS_CLASSES.includes(lane) && [...sizes.values()].every(n => n < 2)) {
    throw new EngineError(
      'all-singletons',
      `Every class in ${folder} has a single image: without a second one there are no positives.`,
      hint,
    );
  }
}

/**
 * Scan, embed, mine: from the folder as it is now to a stored lane. A cancelled search gives what it found, as partial, and
 * stores it only where that loses nothing (`LaneStore.put`).
 */
export async function mineLane(
  workspace: Workspace,
  params: MineParams,
  embedders: Embedders,
  assets: Assets,
  options: { signal?: AbortSignal; report?: Report } = {},
): Promise<MineResult> {
  const { settings, lane } = params;
  const inventory = await workspace.takeInventory(settings, options);
  refuseUnminable(workspace.folder, inventory.images, inventory.problems, lane);
  return embedders.use(workspace.folder, settings, options.signal, async embedder => {
    const metric: Metric = params.metric === 'auto' ? embedder.metric : params.metric;
    if (metric === 'weightedL1' && !embedder.weights) {
      throw new EngineError(
        'no-weights',
        `The model “${embedder.name}” has learned no weights for the weighted L1 distance.`,
        'Choose another distance, or a model trained with weighted L1.',
      );
    }
    const filled = await fillVectors(workspace, inventory.images, embedder, settings, options);
    const problems = [...inventory.problems, ...filled.problems];
    const usable = inventory.images.filter(({ hash }) => filled.store.has(hash));
    refuseUnminable(workspace.folder, usable, problems, lane);

    const ids = usable.map(({ hash }) => hash);
    const { vectors } = await filled.store.matrix(ids, options.signal);
    const { labels, names } = labelsOf(usable);
    const data: MiningData = { vectors, dimension: embedder.dimension, ids, labels, classNames: names };
    if (lane === 'label-errors') data.conflicts = conflictsOf(workspace, inventory.conflicts, ids, names);
    const fitting =
      params.margin === 'auto' ? fittingMargin(lane, metric, data, embedder.card, embedder.weights) : undefined;
    const chosen = fitting && (await inSlices(fitting, options.signal));
    const margin = chosen?.margin ?? (params.margin as number);
    const request: MiningRequest = {
      lane,
      metric,
      ...(embedder.weights && { weights: embedder.weights }),
      margin,
      strategy: params.strategy,
      perPair: params.perPair ?? 10,
      topK: params.topK,
      guards: {
        answered: answeredPairs(workspace),
        flagged: new Set(workspace.ledger.state.flagged().keys()),
        minDistance: params.minDistance,
        relativeMargin: params.relativeMargin,
        rankWindow: params.rankWindow,
        perImage: params.perImage,
        perClassPair: params.perClassPair,
        perDuplicateGroup: params.perDuplicateGroup,
      },
      seed: params.seed,
      boundary: params.boundary,
      quantile: params.quantile,
      threshold: params.threshold,
      duplicateDistance: params.duplicateDistance,
      neighbours: params.neighbours,
      indexAbove: params.indexAbove,
    };
    const progress = new StageProgress('mine', options.report);
    const { candidates, report, groups } = await mine(data, request, {
      signal: options.signal,
      onProgress: ({ done, total }) => progress.update(done, total),
      workerPath: path.join(assets.dist, 'kernel-worker.cjs'),
      wasmDir: path.join(assets.dist, 'wasm'),
      cache: await workspace.mining.of(embedder.key),
    });
    workspace.mining.keep(report.seconds);
    report.leftOut['identicalFiles'] = inventory.files - inventory.images.length;
    if (chosen && whyIgnored('margin', { lane }) === undefined)
      report.notes.unshift(`margin ${margin.toPrecision(3)}: ${chosen.why}`);
    const stored: StoredLane = {
      version: 1,
      lane,
      model: embedder.id,
      metric,
      margin,
      seed: params.seed,
      vectors: { ...vectorsOf(embedder), ...(embedder.weights && { weights: [...embedder.weights] }) },
      minedAt: new Date().toISOString(),
      report,
      candidates: candidates.map(candidate => toStored(candidate, ids)),
      ...(groups && { groups: groups.map(group => group.map(row => ids[row])) }),
    };
    if (workspace.cache === undefined)
      report.notes.push('Nothing here can be written: the vectors and this lane are kept in memory only.');
    const kept = await workspace.lanes.put(stored);
    const mined = workspace.labelling.mined(stored, params.items ?? 0);
    return {
      lane: mined.state,
      ...(kept && { kept: workspace.labelling.mined(kept, 0).state }),
      report,
      problems,
      ...(params.items !== undefined && { items: mined.items }),
    };
  });
}

/** Images whose bytes lie in folders of several classes, by row; those whose class a person named since are settled. */
function conflictsOf(
  { ledger }: Workspace,
  conflicts: Inventory['conflicts'],
  ids: readonly ImageHash[],
  names: readonly string[],
): NonNullable<MiningData['conflicts']> {
  const rows = new Map(ids.map((id, row) => [id, row]));
  const found = new Map<number, ClassConflict>();
  for (const { hash, places } of conflicts) {
    const row = rows.get(hash);
    if (row === undefined || ledger.state.classOf(hash)) continue;
    const [first, ...more] = places;
    const others = more.filter(place => place.class !== first.class);
    const where = others.map(place => `${place.path} (“${place.class}”)`).join(' and ');
    found.set(row, {
      labels: [...new Set(others.map(place => names.indexOf(place.class)))].filter(label => label >= 0),
      reason: `filed under “${first.class}”, and with the same bytes as ${where}: at most one class is right`,
    });
  }
  return found;
}

/**
 * What is known of pairs, for the miner to leave out (a pair known to be the same still serves as a positive). What others
 * judged and this person is asked all the same stays in.
 */
function answeredPairs({ knowledge, ledger, settings }: Workspace): Map<PairKey, Relation> {
  const settledAs = settledFor({ knowledge, by: ledger.by }, () => settings.overlap ?? 0);
  const pairs = new Map<PairKey, Relation>();
  for (const { a, b, relation } of knowledge.impliedPairs(IMPLIED_GUARD_LIMIT).pairs)
    pairs.set(pairKey(a, b), relation);
  for (const { a, b } of knowledge.graph.judged()) {
    const relation = settledAs(a, b, knowledge.known(a, b));
    if (relation) pairs.set(pairKey(a, b), relation);
  }
  return pairs;
}

/** Implied pairs beyond this many are not kept from the miner; the panel passes over them all the same. */
const IMPLIED_GUARD_LIMIT = 200_000;
