import type {
  ClassOffer,
  ContradictionAnswer,
  ContradictionNow,
  Item,
  LabelWindow,
  SaidBy,
} from '../../src/rpc/engine-protocol';
import { t } from '../ui/text';
import { distanceText as distance, verdictTitle } from '../ui/verdicts';

/** What an item's pictures are called, in their order. */
export function roleTitles(item: Item): string[] {
  return item.kind === 'pair' ? [t('First'), t('Second')] : [t('Anchor'), t('Positive'), t('Negative')];
}

/**
 * What the model thinks, or others said: shown only after the answer, or where the person asks for it.
 * @param whole people by their whole address, and not only what tells them apart
 */
export function opinion(item: Item, whole = false): string {
  const about = item.reason === undefined ? [] : [item.reason];
  if (item.kind === 'triplet') {
    const [positive, negative] = [distance(item.positiveDistance), distance(item.negativeDistance)];
    return [t('positive {0}, negative {1}', positive, negative), ...about].join(' · ');
  }
  const apart = item.distance === undefined ? [] : [t('distance {0}', distance(item.distance))];
  const group = item.group ? [t('group {0}: {1} images', item.group.number, item.group.size)] : [];
  return [...saidTexts(item.said ?? [], whole), ...apart, ...group, ...about].join(' · ');
}

/** What each person said of a pair, such as `ada: Same`. */
function saidTexts(said: readonly SaidBy[], whole: boolean): string[] {
  const short = ({ by }: SaidBy) => by.slice(0, by.lastIndexOf('@') > 0 ? by.lastIndexOf('@') : undefined);
  const isClear = whole ? false : new Set(said.map(short)).size === said.length;
  return said.map(one =>
    t('{0}: {1}', one.mine ? t('you') : isClear ? short(one) : one.by, verdictTitle(one.relation)),
  );
}

/** What is so, in one line. */
export function contradictionTitle({ answers, more }: ContradictionNow): string {
  const title =
    answers.length === 1 ? t('This answer contradicts itself') : t('{0} answers contradict each other', answers.length);
  return more > 0 ? `${title} · ${t('{0} more', more)}` : title;
}

/** An answer of a contradiction, for those who listen. */
export function suspectLabel({ a, b, relation, by, mine, probability }: ContradictionAnswer, index: number): string {
  const who = mine ? t('you') : by;
  const said = `${String(index + 1)}: ${nameOf(a.path)}, ${nameOf(b.path)}: ${verdictTitle(relation)} (${who})`;
  return `${said}, ${t('{0} % likely wrong', Math.round(100 * probability))}`;
}

/** The end of a path says most. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1) || t('(gone)');
}

/** What two images that are the same may mean for their classes. */
export function offerTitle(offer: ClassOffer): string {
  const { a, b } = offer;
  if (a.class === undefined || b.class === undefined) return t('One of the two has no class');
  return t('“{0}” and “{1}”: one class?', classTitle(a.class, offer), classTitle(b.class, offer));
}

/** The last part of a class's path, where that tells the two classes apart. */
export function classTitle(name: string, { a, b }: ClassOffer): string {
  const last = (path = '') => path.slice(path.lastIndexOf('/') + 1);
  return last(a.class) === last(b.class) ? name : last(name);
}

/** How long the rest takes, in a word or two; honest means rounded. */
export function timeLeftText(seconds: number): string {
  if (seconds < 60) return t('< 1 min');
  if (seconds < 3600) return t('{0} min', roundly(seconds / 60));
  return t('{0} h', seconds < 36_000 ? (Math.round(seconds / 1800) / 2).toLocaleString() : Math.round(seconds / 3600));
}

/** 1 to 10 as they are, above by fives: nobody's pace is known better. */
function roundly(minutes: number): number {
  return minutes <= 10 ? Math.max(1, Math.round(minutes)) : Math.round(minutes / 5) * 5;
}

/** Below this chance that the next hundred answers change anything, the page says so. */
const LITTLE = 0.15;

/** That there is little left to learn here, or nothing while there is. */
export function stoppingHint({ chanceOfChange }: Pick<LabelWindow, 'chanceOfChange'>): string | undefined {
  if (chanceOfChange === undefined || chanceOfChange >= LITTLE) return undefined;
  return t('Nearly done: a {0} % chance that 100 more answers change anything.', Math.round(100 * chanceOfChange));
}
