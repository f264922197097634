import type { Relation, TripletVerdict } from '../../src/core/types';
import { t } from './text';

/** The verdicts as every page names, orders and keys them. */

export type Verdict = Relation | TripletVerdict;

export const PAIR_CHOICES: readonly Relation[] = ['same', 'different', 'incomparable'];
export const TRIPLET_CHOICES: readonly TripletVerdict[] = [
  'good',
  'positive-wrong',
  'negative-same',
  'both-wrong',
  'incomparable',
];

/** The key of each verdict, as shown on its button. */
export const VERDICT_KEYS: Readonly<Record<Verdict, string>> = {
  same: 'S',
  different: 'D',
  incomparable: 'U',
  good: 'Y',
  'positive-wrong': 'P',
  'negative-same': 'N',
  'both-wrong': 'B',
};

/** What a verdict is called on its button. */
export function verdictTitle(verdict: Verdict): string {
  switch (verdict) {
    case 'same':
      return t('Same');
    case 'different':
      return t('Different');
    case 'incomparable':
      return t("Can't tell");
    case 'good':
      return t('Good');
    case 'positive-wrong':
      return t('Positive wrong');
    case 'negative-same':
      return t('Negative same');
    case 'both-wrong':
      return t('Both wrong');
  }
}

/** A distance, as short as it can be told apart by eye. */
export function distanceText(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
