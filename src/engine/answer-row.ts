import type { ImageHash } from '../core/types';
import type { StandingAnswer } from '../dataset/ledger';
import type { AnswerRow, ImageRef } from '../rpc/engine-protocol';
import type { Opinion } from './opinion';

/** A standing answer for the eye: where its images lie now, and what the model says of them. */
export function answerRow(
  { id, a, b, relation, by, at, settled }: StandingAnswer,
  seen: ReadonlyMap<ImageHash, ImageRef>,
  opinion?: Opinion,
): AnswerRow {
  const distance = opinion?.distance(a, b);
  return {
    id,
    a: seen.get(a) ?? { hash: a, path: '' },
    b: seen.get(b) ?? { hash: b, path: '' },
    relation,
    by,
    at: new Date(at).toISOString(),
    missing: !seen.has(a) || !seen.has(b),
    ...(distance !== undefined && { distance }),
    ...(settled && { settled }),
  };
}
