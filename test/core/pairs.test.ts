import { describe, expect, it } from 'vitest';
import { hashesOfPair, pairKey, relationsOfVerdict } from '../../src/core/pairs';

describe('pairKey', () => {
  it('is the same for both orders', () => {
    expect(pairKey('sha256:b', 'sha256:a')).toBe('sha256:a sha256:b');
    expect(pairKey('sha256:a', 'sha256:b')).toBe('sha256:a sha256:b');
    expect(hashesOfPair(pairKey('sha256:b', 'sha256:a'))).toEqual(['sha256:a', 'sha256:b']);
  });

  it('refuses an image with itself', () => {
    expect(() => pairKey('sha256:a', 'sha256:a')).toThrow(RangeError);
  });
});

describe('relationsOfVerdict', () => {
  it('covers the four ways that two answers can fall, and the one that says nothing', () => {
    const seen = (['good', 'positive-wrong', 'negative-same', 'both-wrong', 'incomparable'] as const).map(v => {
      const { positive, negative } = relationsOfVerdict(v);
      return `${positive} ${negative}`;
    });
    expect(seen).toEqual([
      'same different',
      'different different',
      'same same',
      'different same',
      'incomparable incomparable',
    ]);
  });
});
