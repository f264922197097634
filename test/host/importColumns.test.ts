import { describe, expect, test } from 'vitest';
import { columnSamples, completed, speaksInWords } from '../../src/host/import/columns';

const preview = {
  columns: ['left', 'right', 'match', 'word'],
  rows: [
    ['a.png', 'b.png', '1', 'Same'],
    ['a.png', 'c.png', '0', ' different'],
    [null, 'd.png', '1', ''],
    ['e.png', 'f.png'],
  ],
  guess: null,
};

describe('the columns of a plain table', () => {
  test('are shown with the first different values that stand in them', () => {
    expect(columnSamples(preview)).toEqual([
      { name: 'left', values: ['a.png', 'e.png'] },
      { name: 'right', values: ['b.png', 'c.png', 'd.png'] },
      { name: 'match', values: ['1', '0'] },
      { name: 'word', values: ['Same', ' different'] },
    ]);
  });

  test('nobody is asked what 1 means where the label is a word', () => {
    expect(speaksInWords(preview, 'word')).toBe(true);
    expect(speaksInWords(preview, 'match')).toBe(false);
    expect(speaksInWords(preview, 'no such column')).toBe(false);
  });

  test('are complete once nothing is left to ask', () => {
    const pairs = { kind: 'pairs', a: 'left', b: 'right', label: 'match' };
    expect(completed(pairs)).toBeUndefined();
    expect(completed({ ...pairs, convention: 'one-is-different' })).toEqual({
      ...pairs,
      convention: 'one-is-different',
    });
    expect(completed({ kind: 'triplets', anchor: 'x', positive: 'y' })).toBeUndefined();
    const triplets = { kind: 'triplets', anchor: 'x', positive: 'y', negative: 'z' };
    expect(completed(triplets)).toEqual(triplets);
  });
});
