import { describe, expect, test } from 'vitest';
import { parseSplit } from '../../src/host/export/split';

describe('the shares of a split', () => {
  test.each([
    ['0.8, 0.1, 0.1', [0.8, 0.1, 0.1]],
    ['80/10/10', [0.8, 0.1, 0.1]],
    ['1', [1]],
    ['50 50', [0.5, 0.5]],
  ])('%s', (text, shares) => {
    expect(parseSplit(text)).toEqual(shares);
  });

  test.each(['', 'a, b', '0.8, 0.1', '1, 0', '-1, 2', '0.25,0.25,0.25,0.25', '80, 30'])('"%s" is none', text => {
    expect(parseSplit(text)).toBeUndefined();
  });
});
