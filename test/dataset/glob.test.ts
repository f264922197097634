import { describe, expect, it } from 'vitest';
import { globMatcher } from '../../src/dataset/glob';

const cases: [pattern: string, path: string, matches: boolean][] = [
  ['*.png', 'a.png', true],
  ['*.png', 'deep/er/a.png', true],
  ['*.png', 'a.png.jpg', false],
  ['raw', 'raw/a.jpg', true],
  ['raw', 'x/raw/y/a.jpg', true],
  ['raw', 'raws/a.jpg', false],
  ['x/raw', 'x/raw/a.jpg', true],
  ['x/raw', 'y/x/raw/a.jpg', false],
  ['**/raw/**', 'y/x/raw/a.jpg', true],
  ['**/raw', 'raw', true],
  ['a/**/b.jpg', 'a/b.jpg', true],
  ['a/**/b.jpg', 'a/x/y/b.jpg', true],
  ['a/*/b.jpg', 'a/x/y/b.jpg', false],
  ['./a/', 'a/1.jpg', true],
  ['a\\b', 'a/b/1.jpg', true],
  ['{cats,dogs}/*.jpg', 'dogs/1.jpg', true],
  ['{cats,dogs}/*.jpg', 'cows/1.jpg', false],
  ['img?.jpg', 'img1.jpg', true],
  ['img?.jpg', 'img12.jpg', false],
  ['img[0-3].jpg', 'img2.jpg', true],
  ['img[!0-3].jpg', 'img2.jpg', false],
  ['a[.png', 'a[.png', true],
  ['{a', '{a', true],
  ['a+b (1).jpg', 'a+b (1).jpg', true],
  ['日本*', '日本語/1.jpg', true],
];

describe('globMatcher', () => {
  it.each(cases)('%s on %s: %s', (pattern, path, matches) => {
    expect(globMatcher([pattern])(path)).toBe(matches);
  });

  it('matches nothing without patterns, and on empty ones', () => {
    expect(globMatcher([])('a.png')).toBe(false);
    expect(globMatcher(['', '  ', '/'])('a.png')).toBe(false);
  });

  it('takes any of several patterns', () => {
    expect(globMatcher(['x', '*.png'])('b/a.png')).toBe(true);
  });
});
