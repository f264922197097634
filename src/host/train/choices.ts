import type { Metric } from '../../core/types';
import type { BackboneChoice, LossChoice } from '../../rpc/engine-protocol';

/** What is offered of a training, and which of it goes together; the engine refuses the rest with its reason. */

export const BACKBONES: readonly BackboneChoice[] = ['resnet', 'conv4', 'mobile', 'koch'];

const LOSSES: readonly LossChoice[] = ['triplet', 'contrastive', 'soft-margin', 'hoffer-ailon', 'cross-entropy'];

/** By loss, the distances that it can be trained with; the usual one first. */
const DISTANCES: Readonly<Record<LossChoice, readonly Metric[]>> = {
  triplet: ['l2', 'sql2', 'cosine', 'l1', 'weightedL1'],
  // the contrastive loss squares the distance itself
  contrastive: ['l2', 'cosine', 'l1', 'weightedL1'],
  'soft-margin': ['l2', 'sql2', 'cosine', 'l1', 'weightedL1'],
  'hoffer-ailon': ['l2', 'sql2', 'cosine', 'l1', 'weightedL1'],
  // of the probability that the learned weights give
  'cross-entropy': ['weightedL1'],
};

/** The losses, the one that suits the base network first. */
export function lossesFor(backbone: BackboneChoice | undefined): readonly LossChoice[] {
  const usual: LossChoice = backbone === 'koch' ? 'cross-entropy' : 'triplet';
  return [usual, ...LOSSES.filter(loss => loss !== usual)];
}

/** The distances that make sense with a loss, the usual one first. */
export function distancesFor(loss: LossChoice): readonly Metric[] {
  return DISTANCES[loss];
}

/** A model's name is a folder's name. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._ -]{0,79}$/u;

export function isModelName(name: string): boolean {
  return NAME.test(name) && name !== 'starter' && !/[. ]$/.test(name);
}

/** `model-1`, or the first of its kind that is not taken. */
export function freeName(taken: readonly string[]): string {
  for (let n = 1; ; n++) {
    const name = `model-${String(n)}`;
    if (!taken.includes(name)) return name;
  }
}
