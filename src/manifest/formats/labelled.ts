import { type NumberConvention, labelOf } from '../labels';
import type { PairRow, Part, Row } from '../types';

/** Rows that a trainer can learn from: triplets, and pairs with a number. Others are counted, not written. */
function labelled(part: Part, convention: NumberConvention, leftOut: Record<string, number>): Row[] {
  return part.rows.filter(row => {
    if (row.kind === 'triplet' || labelOf(row.relation, convention) !== null) return true;
    const why = row.relation === null ? NOT_JUDGED : NOT_COMPARABLE;
    leftOut[why] = (leftOut[why] ?? 0) + 1;
    return false;
  });
}

/** Every part with the rows that have a label. */
export function labelledParts(
  parts: readonly Part[],
  convention: NumberConvention,
  leftOut: Record<string, number>,
): Part[] {
  return parts.map(part => ({ name: part.name, rows: labelled(part, convention, leftOut) }));
}

/** A labelled pair's number. */
export function numberOf(row: PairRow, convention: NumberConvention): 0 | 1 {
  const label = labelOf(row.relation, convention);
  if (label === null) throw new Error(`a pair that is ${row.relation ?? 'not judged'} has no label`);
  return label;
}

const NOT_JUDGED = 'not judged, and this format needs a label';
const NOT_COMPARABLE = 'nobody can tell, and this format needs same or different';
