import type { ImageHash, Relation, TripletVerdict } from './types';

/** What is already known of a pair: answered, or implied by answers. */
export type Known = (a: ImageHash, b: ImageHash) => Relation | undefined;

/** A pair holds no question once anything is known of it. */
export function isPairSettled(a: ImageHash, b: ImageHash, known: Known): boolean {
  return known(a, b) !== undefined;
}

/**
 * A triplet holds no question once both its pairs are known, or once one of them is known to make it no triplet:
 * a positive that is different, a negative that is the same, or either incomparable.
 */
export function isTripletSettled(anchor: ImageHash, positive: ImageHash, negative: ImageHash, known: Known): boolean {
  return isTripletSettledBy(known(anchor, positive), known(anchor, negative));
}

/** The same, of what is known of its two pairs. */
export function isTripletSettledBy(p: Relation | undefined, n: Relation | undefined): boolean {
  if (p === 'different' || p === 'incomparable' || n === 'same' || n === 'incomparable') return true;
  return p !== undefined && n !== undefined;
}

/** The verdict that two relations of one triplet amount to; `undefined` while either is unknown. */
export function verdictOf(positive: Relation | undefined, negative: Relation | undefined): TripletVerdict | undefined {
  if (positive === undefined || negative === undefined) return undefined;
  if (positive === 'incomparable' || negative === 'incomparable') return 'incomparable';
  if (positive === 'same') return negative === 'different' ? 'good' : 'negative-same';
  return negative === 'different' ? 'positive-wrong' : 'both-wrong';
}
