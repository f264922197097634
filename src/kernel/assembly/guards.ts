// The guards on identity.
import { ANY, answeredOthers, answeredStarts, copies, labels, SAME, side } from './plan';
import { at32 } from './numbers';

/** Whether a pair is of two images of which it is not known already, on the side that is looked at. */
// @ts-ignore: decorator
@inline export function mayPair(i: i32, j: i32): bool {
  if (i == j || at32(copies, i) == at32(copies, j) || isAnswered(i, j)) return false;
  return side == ANY || (at32(labels, i) == at32(labels, j)) == (side == SAME);
}

export function isAnswered(i: i32, j: i32): bool {
  let low = at32(answeredStarts, i);
  let high = at32(answeredStarts, i + 1);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = at32(answeredOthers, middle);
    if (other == j) return true;
    if (other < j) low = middle + 1;
    else high = middle;
  }
  return false;
}
