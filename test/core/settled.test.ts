import { describe, expect, it } from 'vitest';
import { isPairSettled, isTripletSettled, verdictOf } from '../../src/core/settled';
import { pairKey, relationsOfVerdict } from '../../src/core/pairs';
import type { Relation } from '../../src/core/types';

const A = 'sha256:a' as const;
const P = 'sha256:p' as const;
const N = 'sha256:n' as const;

function knowing(positive?: Relation, negative?: Relation) {
  const map = new Map([
    [pairKey(A, P), positive],
    [pairKey(A, N), negative],
  ]);
  return (a: typeof A, b: typeof P) => map.get(pairKey(a, b));
}

describe('what is settled', () => {
  it('a pair is, once anything is known of it', () => {
    expect(isPairSettled(A, P, knowing() as never)).toBe(false);
    for (const relation of ['same', 'different', 'incomparable'] as const) {
      expect(isPairSettled(P, A, knowing(relation) as never)).toBe(true);
    }
  });

  it.each([
    [undefined, undefined, false],
    ['same', undefined, false],
    [undefined, 'different', false],
    ['same', 'different', true],
    ['different', undefined, true],
    [undefined, 'same', true],
    ['incomparable', undefined, true],
    [undefined, 'incomparable', true],
  ] as const)('a triplet with positive %s and negative %s: %s', (positive, negative, settled) => {
    expect(isTripletSettled(A, P, N, knowing(positive, negative) as never)).toBe(settled);
  });

  it('verdicts and relations are each other’s inverse', () => {
    for (const verdict of ['good', 'positive-wrong', 'negative-same', 'both-wrong', 'incomparable'] as const) {
      const { positive, negative } = relationsOfVerdict(verdict);
      expect(verdictOf(positive, negative)).toBe(verdict);
    }
    expect(verdictOf('same', undefined)).toBeUndefined();
    expect(verdictOf('same', 'incomparable')).toBe('incomparable');
  });
});
