import { pixelKey, vectorKey } from '../../dataset';
import { tripletsAmong, usableRows } from '../../model';
import type { TrainingData } from '../../model';
import type { TrainParams, TrainResult } from '../../rpc/engine-protocol';
import type { Assets } from '../assets';
import { EngineError } from '../errors';
import type { KnownImage } from '../inventory';
import type { Workspace } from '../workspace';
import type { StoredTriplet } from '../lanes';
import { DEFAULT_USE } from './earlier-model';
import { sourceOf } from './learn-map';
import { labelsOf } from './mine';
import { pairKnowledge } from './train-answers';
import { pixelSpec } from './vectors';

/** The lanes whose candidates are triplets. */
const TRIPLET_LANES = ['hard-triplets', 'semi-hard-triplets'] as const;

/**
 * What a network learns from: classes, answers, mined triplets, as `use` says. What people could not tell, or tell
 * otherwise each time, is left open whatever is used, and flagged images stay out, as those do of which no answer says more
 * than `incomparable`.
 * @param pixels of the images, one after another
 * @param found where mined triplets are to be used: those of the lanes
 * @throws EngineError `not-mined` where none of them can be learned from
 */
export function trainingData(
  workspace: Workspace,
  images: readonly KnownImage[],
  pixels: Uint8Array,
  params: TrainParams,
  found?: MinedTriplets,
): { data: TrainingData; classes: number; mined?: Omit<NonNullable<TrainResult['mined']>, 'triplets'> } {
  const { use = DEFAULT_USE } = params;
  const { knowledge } = workspace;
  // Mined triplets are of classes: these say what pictures of a batch are to each other, and judge.
  const known = use.includes('classes') || use.includes('mined');
  const { labels, names } = labelsOf(known ? images : images.map(image => ({ ...image, class: null })));
  const { answers, unknown, incomparable } = pairKnowledge(workspace, images);
  const flagged = images.flatMap(({ hash }, row) => (knowledge.isFlagged(hash) ? [row] : []));
  const excluded = [...new Set([...flagged, ...incomparable])].sort((a, b) => a - b);
  const data: TrainingData = {
    pixels,
    count: images.length,
    labels,
    ...(known && { classNames: names }),
    ...(use.includes('answers') && { answers }),
    unknown,
    excluded,
  };
  if (!found) return { data, classes: names.length };
  const mined = { stored: found.candidates.length, model: found.model };
  const triplets = Int32Array.from(byRow(found.candidates, images).flat());
  // What was answered holds, also where answers are not what is learned from.
  const all = { ...data, answers, triplets };
  const kept = Int32Array.from(tripletsAmong(all, new Set(usableRows(all))).flat());
  if (kept.length === 0) {
    throw new EngineError(
      'not-mined',
      `Of ${mined.stored} triplets mined by “${mined.model}” none can be learned from: their images are flagged or gone, or they were answered otherwise.`,
      'Mine again, or learn from classes and answers.',
    );
  }
  return {
    data: { ...data, triplets: kept, drawClasses: use.includes('classes') },
    classes: names.length,
    mined,
  };
}

/** What the lanes mined last hold for the model that training follows. */
export interface MinedTriplets {
  candidates: StoredTriplet[];
  model: string;
}

/** @throws EngineError `not-mined` where there are none */
export async function minedTriplets(
  workspace: Workspace,
  { from, settings }: TrainParams,
  assets: Assets,
): Promise<MinedTriplets> {
  const model = from ?? settings.model;
  const { card, key } = await sourceOf(workspace, model, assets);
  const vectors = vectorKey(card.name, key, pixelKey(pixelSpec(card)));
  const stored = TRIPLET_LANES.flatMap(lane => workspace.lanes.get(lane) ?? []);
  const fitting = stored.filter(lane => lane.vectors.key === vectors);
  const candidates = fitting.flatMap(lane => lane.candidates).filter(candidate => candidate.kind === 'triplet');
  if (candidates.length === 0) {
    const others = [...new Set(stored.flatMap(lane => (lane.candidates.length > 0 ? [lane.model] : [])))];
    const found = others.map(other => `“${other}”`).join(' and ');
    const changed = others.includes(model) ? ' as it was before' : '';
    throw new EngineError(
      'not-mined',
      `No triplets mined by “${model}” are here to learn from${others.length > 0 ? `, only some by ${found}${changed}` : ''}.`,
      'Mine hard or semi-hard triplets with it first (margin mine --lane semi-hard-triplets), or learn from classes and answers.',
    );
  }
  return { candidates, model };
}

function byRow(candidates: readonly StoredTriplet[], images: readonly KnownImage[]): [number, number, number][] {
  const rows = new Map(images.map(({ hash }, row) => [hash, row]));
  return candidates.flatMap(({ anchor, positive, negative }): [number, number, number][] => {
    const [a, p, n] = [rows.get(anchor), rows.get(positive), rows.get(negative)];
    return a === undefined || p === undefined || n === undefined ? [] : [[a, p, n]];
  });
}
