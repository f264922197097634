import type { Metric } from '../../core/types';
import type { ModelEmbedding } from '../card';
import { BACKBONE_DEFAULTS } from '../network/choices';
import type { Backbone } from '../network/choices';

/** Contrastive: Hadsell 2006. Triplet: the hinge. Soft-margin: Hermans 2017. Hoffer-Ailon 2015. Cross-entropy: Koch 2015. */
export type Loss = 'contrastive' | 'triplet' | 'soft-margin' | 'hoffer-ailon' | 'cross-entropy';
export const LOSSES: readonly Loss[] = ['contrastive', 'triplet', 'soft-margin', 'hoffer-ailon', 'cross-entropy'];

/** How a batch's pairs or triplets are chosen. */
export type OnlineMining =
  /** every pair, or every triplet, of the batch */
  | 'all'
  /** Hermans 2017: each anchor with its farthest positive and its nearest negative */
  | 'batch-hard'
  /** Schroff 2015: each positive pair with the nearest negative farther than the positive */
  | 'semi-hard'
  /** Wu 2017: a negative drawn with the inverse of how likely its distance is on the sphere */
  | 'distance-weighted';
export const ONLINE_MININGS: readonly OnlineMining[] = ['all', 'batch-hard', 'semi-hard', 'distance-weighted'];

export const OPTIMISERS = ['adam', 'sgd'] as const;
export const SCHEDULES = ['constant', 'cosine', 'decay'] as const;

/** Random changes that leave a picture's class as it is; what would change it is to be switched off. */
export interface Augmentation {
  /** Koch 2015: rotation +-10 degrees, shear +-0.3, scale 0.8-1.2, shift +-2 %, each with probability 1/2 */
  affine: boolean;
  flipHorizontal: boolean;
  flipVertical: boolean;
  /** a random part of 70-100 % of the area, stretched to the whole */
  crop: boolean;
  /** brightness, contrast and (for colour) saturation by +-25 % */
  colour: boolean;
  /** instead of that, everything about colour but where it changes: for classes that colour says nothing of */
  recolour: boolean;
}

/**
 * Classes made of classes: each turned by 0, 90, 180 and 270 degrees is four (Santoro 2016, for characters); `dihedral`
 * mirrors as well and makes eight.
 */
export type Synthesis = 'none' | 'rotations' | 'dihedral';

export interface TrainOptions {
  /** `own`: continue from the network given as `from` */
  backbone: Backbone | 'own';
  loss: Loss;
  distance: Metric;
  /** scale embeddings to unit length */
  normalise: boolean;
  /** of an own network 0: as many numbers as it gives */
  embeddingSize: number;
  /** multiplies the backbone's number of filters */
  widen: number;
  /** `auto`: as fits the distances of the network as it begins */
  margin: number | 'auto';
  mining: OnlineMining;
  /** classes a batch (P) and images a class (K) */
  classesPerBatch: number;
  imagesPerClass: number;
  /** share of batches drawn from classes of one folder alone (`alphabet/letter`): siblings are the hardest to tell apart */
  siblings: number;
  /** share of batches of single pictures, each changed at random several times and told from all others */
  instances: number;
  epochs: number;
  /** steps an epoch; 0: so many that each image comes about once */
  stepsPerEpoch: number;
  /** Adam with decoupled weight decay, or momentum SGD with the decay in its gradient (Koch) */
  optimiser: (typeof OPTIMISERS)[number];
  learningRate: number;
  /** `cosine`: to zero over the whole run, by its steps or its minutes; `decay`: x 0.99 an epoch (Koch) */
  schedule: (typeof SCHEDULES)[number];
  /** lambda of the penalty lambda/2 |w|^2: of the network's weights, and with cross-entropy of the learned distance's too */
  weightDecay: number;
  augmentation: Augmentation;
  synthesis: Synthesis;
  /** of an own network: train its head only */
  freeze: boolean;
  /** in the end: scale what varies within classes alike in every direction, where that is better on what is held out */
  whiten: boolean;
  /** epochs without a better held-out figure before stopping; 0: never */
  patience: number;
  /** share of the classes (or components) held out */
  heldOut: number;
  seed: number;
  /** replicas that share each batch; part of what a seed repeats */
  threads: number;
  /** stop after so many minutes, keeping the best so far; 0: no limit */
  maxMinutes: number;
}

/** A choice that cannot train; `message` says why. */
export class OptionsError extends RangeError {
  override name = 'OptionsError';
}

/** Momentum SGD takes steps of about the gradient's length, where Adam's are of the rate's: its rate must be larger. */
const SGD_RATE = 10;

/**
 * Completes what a person chose with defaults that suit the backbone and loss.
 * @param from what the card of an own network says: how its embeddings are compared stays as it was unless that is chosen
 */
export function completeOptions(
  chosen: Partial<Omit<TrainOptions, 'augmentation'>> & { augmentation?: Partial<Augmentation> },
  input: { channels: number },
  cores: number,
  from?: ModelEmbedding,
): TrainOptions {
  const backbone = chosen.backbone ?? (input.channels === 3 ? 'resnet' : 'conv4');
  const loss = chosen.loss ?? usualLoss(backbone, chosen.distance ?? from?.metric, chosen.normalise ?? from?.normalise);
  const learned = loss === 'cross-entropy';
  const kept = from && METRICS_OF[loss].includes(from.metric) ? from.metric : undefined;
  const distance = chosen.distance ?? kept ?? (learned ? 'weightedL1' : 'l2');
  // Koch's cross-entropy is on embeddings as they are, whatever the model did with them.
  const normalise = chosen.normalise ?? (learned ? false : (from?.normalise ?? distance !== 'weightedL1'));
  const options: TrainOptions = {
    backbone,
    loss,
    distance,
    normalise,
    embeddingSize: backbone === 'own' ? 0 : BACKBONE_DEFAULTS[backbone].embeddingSize,
    widen: 1,
    margin: usualMargin(loss, distance, normalise),
    mining: learned
      ? 'all'
      : normalise && distance === 'l2' && loss === 'contrastive'
        ? 'distance-weighted'
        : 'semi-hard',
    classesPerBatch: 16,
    imagesPerClass: backbone === 'mobile' ? 2 : 4,
    siblings: 0.5,
    instances: 0,
    epochs: 30,
    stepsPerEpoch: 0,
    optimiser: 'adam',
    learningRate: (backbone === 'koch' ? 1e-4 : 1e-3) * (chosen.optimiser === 'sgd' ? SGD_RATE : 1),
    schedule: 'cosine',
    weightDecay: 1e-4,
    synthesis: 'none',
    freeze: false,
    whiten: false,
    patience: 10,
    heldOut: 0.2,
    seed: 1,
    threads: Math.max(1, Math.min(4, cores)),
    maxMinutes: 0,
    ...withoutUndefined(chosen),
    augmentation: {
      affine: true,
      flipHorizontal: input.channels === 3,
      flipVertical: false,
      crop: true,
      colour: true,
      recolour: false,
      ...withoutUndefined(chosen.augmentation ?? {}),
    },
  };
  checkOptions(options);
  return options;
}

/** By loss, the distances that it is defined on, or learns anything by; see `checkOptions` for why. */
const METRICS_OF: Record<Loss, readonly Metric[]> = {
  contrastive: ['l2', 'l1', 'weightedL1', 'cosine'],
  triplet: ['l2', 'sql2', 'l1', 'weightedL1', 'cosine'],
  'soft-margin': ['l2', 'sql2', 'l1', 'weightedL1', 'cosine'],
  'hoffer-ailon': ['l2', 'sql2', 'l1', 'weightedL1', 'cosine'],
  'cross-entropy': ['weightedL1'],
};

function usualLoss(
  backbone: TrainOptions['backbone'],
  distance: Metric | undefined,
  normalise: boolean | undefined,
): Loss {
  if (distance === 'weightedL1') return normalise ? 'soft-margin' : 'cross-entropy';
  return backbone === 'koch' && distance === undefined ? 'cross-entropy' : 'triplet';
}

/** Whether distances order as those of unit vectors do, whose scale is the same whatever the network. */
function onSphere({ distance, normalise }: Pick<TrainOptions, 'distance' | 'normalise'>): boolean {
  return distance === 'cosine' || (normalise && (distance === 'l2' || distance === 'sql2'));
}

function usualMargin(loss: Loss, distance: Metric, normalise: boolean): number | 'auto' {
  if (!onSphere({ distance, normalise })) return 'auto';
  return loss === 'contrastive' ? 1 : 0.2;
}

/**
 * Refuses combinations that make no sense.
 * @throws OptionsError with the reason
 */
export function checkOptions(o: TrainOptions): void {
  const refuse = (condition: boolean, why: string): void => {
    if (condition) throw new OptionsError(why);
  };
  refuse(
    o.loss === 'cross-entropy' && o.distance !== 'weightedL1',
    `Cross-entropy is on the probability sigmoid(b - distance) (Koch 2015), which has no scale of its own unless weights of the distance are learned: choose weightedL1, not ${o.distance}.`,
  );
  refuse(
    o.loss === 'contrastive' && o.distance === 'sql2',
    'The contrastive loss squares the distance itself (Hadsell 2006): choose the distance l2, not sql2.',
  );
  refuse(
    o.mining === 'distance-weighted' && !onSphere(o),
    `Distance-weighted mining draws by how likely a distance is between random points of the unit sphere (Wu 2017), which is known of l2 and sql2 of normalised embeddings and of cosine: choose those, not ${o.distance}${o.normalise ? '' : ' of embeddings as they are'}, or another mining.`,
  );
  const reach = o.normalise ? LARGEST[o.distance](o.embeddingSize || Infinity) : o.distance === 'cosine' ? 2 : Infinity;
  const usesMargin = o.loss === 'contrastive' || o.loss === 'triplet';
  refuse(
    usesMargin && o.margin !== 'auto' && !(o.margin > 0 && o.margin < reach),
    `A margin of ${o.margin} cannot be met: ${o.distance} distances ${reach === Infinity ? 'start at 0' : `lie between 0 and ${reach.toPrecision(3)} here`}.`,
  );
  refuse(
    o.whiten && o.backbone === 'koch',
    "Whitening changes a linear layer, and Koch's network ends in sigmoid units: choose another base network, or leave it out.",
  );
  refuse(
    o.whiten && !(o.normalise && o.distance !== 'weightedL1' && o.distance !== 'l1'),
    'Whitening is for normalised embeddings that l2, sql2 or cosine compares: choose those, or leave it out.',
  );
  for (const [name, least] of [
    ['embeddingSize', o.backbone === 'own' && o.embeddingSize === 0 ? 0 : 2],
    ['classesPerBatch', 2],
    ['imagesPerClass', 2],
    ['epochs', 1],
    ['stepsPerEpoch', 0],
    ['patience', 0],
    ['threads', 1],
  ] as const) {
    refuse(
      !Number.isInteger(o[name]) || o[name] < least,
      `${name} is ${o[name]}: a whole number from ${least} on is needed.`,
    );
  }
  refuse(!(o.learningRate > 0), `learningRate is ${o.learningRate}: it must be above 0.`);
  refuse(!(o.weightDecay >= 0 && o.weightDecay < Infinity), `weightDecay is ${o.weightDecay}: it must be 0 or more.`);
  refuse(!(o.widen > 0 && o.widen < Infinity), `widen is ${o.widen}: the filters must be multiplied by more than 0.`);
  refuse(!(o.siblings >= 0 && o.siblings <= 1), `siblings is ${o.siblings}: a share from 0 to 1 is needed.`);
  refuse(!(o.instances >= 0 && o.instances <= 1), `instances is ${o.instances}: a share from 0 to 1 is needed.`);
  refuse(
    o.instances > 0 && !Object.values(o.augmentation).some(Boolean),
    'A picture is told from others by what stays of it when it is changed at random: with instances switch an augmentation on.',
  );
  refuse(!(o.heldOut >= 0 && o.heldOut < 1), `heldOut is ${o.heldOut}: a share from 0 to below 1 is needed.`);
}

/** The largest distance between two unit vectors of d dimensions. */
const LARGEST: Record<Metric, (d: number) => number> = {
  l2: () => 2,
  sql2: () => 4,
  l1: d => 2 * Math.sqrt(d),
  weightedL1: () => Infinity,
  cosine: () => 2,
};

function withoutUndefined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Partial<T>;
}
