import type { Metric } from '../../core/types';
import type { TrainChoice } from '../../rpc/train-protocol';
import { distancesFor, lossesFor } from './choices';

/** The further choices of a training: what each may be, and which of them go with the rest. Words are elsewhere. */

export type AdvancedKey = keyof Pick<
  TrainChoice,
  | 'inputSize'
  | 'channels'
  | 'embeddingSize'
  | 'normalise'
  | 'margin'
  | 'mining'
  | 'classesPerBatch'
  | 'imagesPerClass'
  | 'whiten'
  | 'instances'
  | 'learningRate'
  | 'heldOut'
  | 'maxMinutes'
>;

/** Bounds of a number, both inclusive. */
export interface Bounds {
  low: number;
  high: number;
  whole?: boolean;
}

export type Advanced = { key: AdvancedKey } & ({ bounds: Bounds } | { values: readonly (string | number | boolean)[] });

/** By base network: the smallest input that its layers leave anything of. */
const SMALLEST = { conv4: 16, resnet: 16, mobile: 32, koch: 65 } as const;
/** The least that is above 0, for who types it. */
const LEAST = 1e-6;
const MOST = 1e6;
/** By base network: the numbers of an embedding where nothing else is chosen. */
const EMBEDDING = { conv4: 64, resnet: 128, mobile: 128, koch: 4096 } as const;

function embeddingSizeOf({ backbone = 'resnet', from, embeddingSize }: TrainChoice): number {
  return embeddingSize ?? (from === undefined ? EMBEDDING[backbone] : Infinity);
}

/** The largest distance between two unit vectors of `size` numbers; a margin must be less. */
function reachOf(metric: Metric, size: number): number {
  if (metric === 'l1') return Math.min(MOST, 2 * Math.sqrt(size));
  return metric === 'weightedL1' ? MOST : metric === 'sql2' ? 4 : 2;
}

/** The further choices that mean something with those that were made, in the order in which they are listed. */
export function advancedFor(choice: TrainChoice): Advanced[] {
  if (choice.map) return [];
  const { backbone = 'resnet', from } = choice;
  const loss = choice.loss ?? lossesFor(from === undefined ? backbone : undefined)[0]!;
  const metric = choice.metric ?? distancesFor(loss)[0]!;
  const learned = loss === 'cross-entropy';
  // Whether a model to go on from is normalised, it knows itself.
  const normalise = choice.normalise ?? (from === undefined && !learned && metric !== 'weightedL1');
  const onSphere = metric === 'cosine' || (normalise && (metric === 'l2' || metric === 'sql2'));
  const reach = normalise || metric === 'cosine' ? reachOf(metric, embeddingSizeOf(choice)) : MOST;
  const koch = from === undefined && backbone === 'koch';
  const all: (Advanced | false)[] = [
    // A model to go on from has its own.
    from === undefined && { key: 'inputSize', bounds: { low: SMALLEST[backbone], high: 512, whole: true } },
    from === undefined && { key: 'channels', values: [3, 1] },
    { key: 'embeddingSize', bounds: { low: 2, high: 4096, whole: true } },
    { key: 'normalise', values: [true, false] },
    (loss === 'triplet' || loss === 'contrastive') && {
      key: 'margin',
      bounds: { low: LEAST, high: reach < MOST ? Math.floor(100 * reach - 1) / 100 : MOST },
    },
    !learned && {
      key: 'mining',
      values: ['all', 'batch-hard', 'semi-hard', ...(onSphere ? ['distance-weighted'] : [])],
    },
    { key: 'classesPerBatch', bounds: { low: 2, high: 256, whole: true } },
    { key: 'imagesPerClass', bounds: { low: 2, high: 64, whole: true } },
    onSphere && normalise && !koch && { key: 'whiten', values: [true, false] },
    { key: 'instances', bounds: { low: 0, high: 1 } },
    { key: 'learningRate', bounds: { low: LEAST, high: 1 } },
    { key: 'heldOut', bounds: { low: 0, high: 0.9 } },
    { key: 'maxMinutes', bounds: { low: 0.1, high: 10_000 } },
  ];
  return all.filter(each => each !== false);
}

/** A number as it was typed; undefined where it is none or out of bounds. */
export function numberIn(text: string, { low, high, whole }: Bounds): number | undefined {
  const value = Number(text.trim().replace(',', '.'));
  if (text.trim() === '' || !Number.isFinite(value) || value < low || value > high) return undefined;
  return whole && !Number.isInteger(value) ? undefined : value;
}

/** The choices without those further ones that no longer go with the rest. */
export function withoutIdle(choice: TrainChoice): TrainChoice {
  const known = new Map(advancedFor(choice).map(each => [each.key, each]));
  const fits = (key: AdvancedKey, value: unknown): boolean => {
    const advanced = known.get(key);
    if (!advanced) return false;
    return 'values' in advanced
      ? advanced.values.includes(value as string)
      : numberIn(String(value), advanced.bounds) !== undefined;
  };
  return Object.fromEntries(
    Object.entries(choice).filter(([key, value]) => !KEYS.has(key) || fits(key as AdvancedKey, value)),
  ) as TrainChoice;
}

const KEYS = new Set<string>([
  ...(['inputSize', 'channels', 'embeddingSize', 'normalise', 'margin', 'mining', 'classesPerBatch'] as const),
  ...(['imagesPerClass', 'whiten', 'instances', 'learningRate', 'heldOut', 'maxMinutes'] as const),
]);

/** How many of the further choices were made. */
export function chosenOf(choice: TrainChoice): AdvancedKey[] {
  return advancedFor(choice).flatMap(({ key }) => (choice[key] === undefined ? [] : [key]));
}
