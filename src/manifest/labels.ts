import type { Relation } from '../core/types';

/**
 * The one place where the words `same` and `different` become numbers. Trainers disagree about which is 1
 * (contrastive loss as printed in 2006 has 0 for alike, most libraries since have 1), so each format names its convention
 * here, in its column and in its card.
 */
export type NumberConvention = 'one-is-same' | 'one-is-different';

/** `by-place`: no label; the column, list or folder that an image stands in says what it is. */
export type LabelConvention = NumberConvention | 'words' | 'by-place';

/**
 * A relation as a number.
 * @returns null where the convention has no number for it: `incomparable`, or not judged
 */
export function labelOf(relation: Relation | null, convention: NumberConvention): 0 | 1 | null {
  if (relation !== 'same' && relation !== 'different') return null;
  return (relation === 'same') === (convention === 'one-is-same') ? 1 : 0;
}

/** The word for a number that a file written with `convention` holds; null for anything but 0 and 1. */
export function relationOf(label: number, convention: NumberConvention): Relation | null {
  if (label !== 0 && label !== 1) return null;
  return (label === 1) === (convention === 'one-is-same') ? 'same' : 'different';
}

/** The convention in words, for cards. */
export function describeConvention(convention: LabelConvention): string {
  switch (convention) {
    case 'words':
      return 'the words same, different and incomparable; no numbers';
    case 'by-place':
      return 'none; where an image stands says what it is';
    case 'one-is-same':
      return '1 = same, 0 = different';
    case 'one-is-different':
      return '1 = different, 0 = same';
  }
}

/** The word itself, if it is one. */
export function relationWord(text: unknown): Relation | null {
  return text === 'same' || text === 'different' || text === 'incomparable' ? text : null;
}
