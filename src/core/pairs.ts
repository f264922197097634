import type { ImageHash, PairKey, Relation, TripletVerdict } from './types';

/**
 * Canonical key of an unordered pair, so that one pair has one identity however it is met.
 * @throws RangeError when both hashes are the same: an image is no pair with itself.
 */
export function pairKey(a: ImageHash, b: ImageHash): PairKey {
  if (a === b) throw new RangeError(`an image makes no pair with itself: ${a}`);
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

/** The two hashes of a key, smaller first. */
export function hashesOfPair(key: PairKey): [ImageHash, ImageHash] {
  return key.split(' ') as [ImageHash, ImageHash];
}

/**
 * The two answers that one verdict on (anchor, positive, negative) stands for:
 * what anchor-positive is, and what anchor-negative is.
 */
export function relationsOfVerdict(verdict: TripletVerdict): { positive: Relation; negative: Relation } {
  switch (verdict) {
    case 'good':
      return { positive: 'same', negative: 'different' };
    case 'positive-wrong':
      return { positive: 'different', negative: 'different' };
    case 'negative-same':
      return { positive: 'same', negative: 'same' };
    case 'both-wrong':
      return { positive: 'different', negative: 'same' };
    case 'incomparable':
      return { positive: 'incomparable', negative: 'incomparable' };
  }
}
