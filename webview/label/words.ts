import type { Relation, TripletVerdict } from '../../src/core/types';
import type { Item } from '../../src/rpc/engine-protocol';
import { t } from '../ui/text';

/** What a verdict is called on its button. */
export function verdictTitle(verdict: Relation | TripletVerdict): string {
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

/** What an item's pictures are called, in their order. */
export function roleTitles(item: Item): string[] {
  return item.kind === 'pair' ? [t('First'), t('Second')] : [t('Anchor'), t('Positive'), t('Negative')];
}

/** The model's opinion: shown only after the answer, or where the person asks for it. */
export function opinion(item: Item): string {
  const reason = item.reason === undefined ? '' : ` · ${item.reason}`;
  return item.kind === 'pair'
    ? t('distance {0}', distance(item.distance)) + reason
    : t('positive {0}, negative {1}', distance(item.positiveDistance), distance(item.negativeDistance)) + reason;
}

function distance(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
