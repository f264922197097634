import { mix32 } from '../core/random';
import type { ImageHash, Relation } from '../core/types';
import type { Knowledge } from './knowledge';

/**
 * Whether a pair belongs to the share that every person is asked, so that their agreement can be measured: drawn from the
 * two contents alone, so that everybody draws the same.
 * @param share 0 to 1
 */
export function isShared(a: ImageHash, b: ImageHash, share: number): boolean {
  if (!(share > 0)) return false;
  const [x, y] = a < b ? [a, b] : [b, a];
  const word = (hash: ImageHash) => Number.parseInt(hash.slice(-8), 16);
  return mix32(mix32(word(x)) ^ word(y)) / 2 ** 32 < share;
}

/**
 * What a person need not be asked: all that is known, but for pairs of the shared part that others judged and they did not.
 * The function takes a pair and what is known of it.
 */
export function settledFor(
  { knowledge, by }: { knowledge: Knowledge; by: string },
  share: () => number,
): (a: ImageHash, b: ImageHash, known: Relation | undefined) => Relation | undefined {
  return (a, b, known) => {
    if (known === undefined || !isShared(a, b, share())) return known;
    // Of a pair that somebody settled, those who differed are not asked again.
    const said = knowledge.ledger.state.saidOf(a, b);
    return said.length > 0 && said.every(answer => answer.by !== by) ? undefined : known;
  };
}
