import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UnionFind } from '../../src/core/union-find';

test('one member stands for all that joins connect, and for nothing else', () => {
  const joins = fc.array(fc.tuple(fc.nat(15), fc.nat(15)), { maxLength: 20 });
  fc.assert(
    fc.property(joins, pairs => {
      const sets = new UnionFind<number>();
      for (const [a, b] of pairs) sets.join(a, b);
      // the naive way: labels spread until nothing changes
      const label = Array.from({ length: 16 }, (_, i) => i);
      for (let changed = true; changed;) {
        changed = false;
        for (const [a, b] of pairs) {
          const least = Math.min(label[a], label[b]);
          changed ||= label[a] !== least || label[b] !== least;
          label[a] = label[b] = least;
        }
      }
      for (let a = 0; a < 16; a++)
        for (let b = 0; b < 16; b++) expect(sets.find(a) === sets.find(b)).toBe(label[a] === label[b]);
    }),
  );
});
