import type { Item } from '../../src/rpc/engine-protocol';
import { t } from '../ui/text';
import { distanceText as distance } from '../ui/verdicts';

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
