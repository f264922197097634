import type { MinedLane } from '../types';
import type { Strategy } from './types';

/** What a person may choose of a search beside its lane, by the names of a request's fields and guards. */
export const MINING_CHOICES = [
  'margin',
  'strategy',
  'perPair',
  'boundary',
  'relativeMargin',
  'rankWindow',
  'quantile',
  'threshold',
  'duplicateDistance',
  'neighbours',
  'minDistance',
  'perDuplicateGroup',
] as const;
export type MiningChoice = (typeof MINING_CHOICES)[number];

/** The rest of a request that decides whether a choice means something. */
export interface ChoiceContext {
  lane: MinedLane;
  strategy?: Strategy | undefined;
  perDuplicateGroup?: number | undefined;
}

/**
 * Why a choice changes nothing in a lane, as words that go on from the choice's name; undefined where the lane's rule heeds
 * it. One table for whoever refuses what would be ignored, and for whoever shows only what counted.
 */
export function whyIgnored(
  choice: MiningChoice,
  { lane, strategy, perDuplicateGroup }: ChoiceContext,
): string | undefined {
  const only = (heeds: boolean, what: string) => (heeds ? undefined : `says something of ${what} only`);
  const triplets = lane === 'hard-triplets' || lane === 'semi-hard-triplets';
  switch (choice) {
    case 'margin':
      return only(
        triplets || lane === 'hard-negatives' || lane === 'uncertain-pairs',
        'triplets, hard negatives and uncertain pairs',
      );
    case 'strategy':
    case 'rankWindow':
      return only(triplets, 'triplets');
    case 'perPair':
      return only(triplets && strategy === 'all', 'triplets by the strategy “all”');
    case 'boundary':
      return only(lane === 'semi-hard-triplets', 'semi-hard triplets');
    case 'relativeMargin':
      // a hard negative is no farther than the positive: a share beyond it leaves none
      return only(lane === 'semi-hard-triplets', 'semi-hard triplets');
    case 'quantile':
      return only(lane === 'hard-positives', 'hard positives');
    case 'threshold':
      return only(lane === 'uncertain-pairs', 'uncertain pairs');
    case 'duplicateDistance':
      return only(
        lane === 'near-duplicates' || perDuplicateGroup !== undefined,
        'near duplicates, and of a cap on their groups',
      );
    case 'neighbours':
      return only(lane === 'label-errors', 'suspected label errors');
    case 'minDistance':
      return lane === 'near-duplicates' ? 'would leave out what near duplicates are about' : undefined;
    case 'perDuplicateGroup':
      return lane === 'near-duplicates' ? 'means other lanes: this one is the groups themselves' : undefined;
  }
}
