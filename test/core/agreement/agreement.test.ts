import { describe, expect, it } from 'vitest';
import { agreements, cohenKappa, consistency, disagreements } from '../../../src/core/agreement';
import type { ImageHash, Relation } from '../../../src/core/types';

const image = (name: string) => `sha256:${name.padStart(64, '0')}` as ImageHash;

function table(counts: [Relation, Relation, number][]): [Relation, Relation][] {
  return counts.flatMap(([x, y, n]) => Array.from({ length: n }, (): [Relation, Relation] => [x, y]));
}

describe("Cohen's kappa", () => {
  it('is 0.4 for the textbook table 20, 5, 10, 15', () => {
    const kappa = cohenKappa(
      table([
        ['same', 'same', 20],
        ['same', 'different', 5],
        ['different', 'same', 10],
        ['different', 'different', 15],
      ]),
    )!;
    expect(kappa.observed).toBeCloseTo(0.7, 12);
    expect(kappa.expected).toBeCloseTo(0.5, 12);
    expect(kappa.kappa).toBeCloseTo(0.4, 12);
    expect(kappa.standardError).toBeCloseTo(Math.sqrt(0.21 / 50) / 0.5, 12);
    expect(kappa.pairs).toBe(50);
  });

  it('is 1 for agreement, -1 for reversal, 0 for chance, and nothing for nothing', () => {
    const of = (counts: [Relation, Relation, number][]) => cohenKappa(table(counts))?.kappa;
    expect(of([['same', 'same', 3], ['different', 'different', 3]])).toBe(1); // prettier-ignore
    expect(of([['same', 'same', 9]])).toBe(1);
    expect(of([['same', 'different', 5], ['different', 'same', 5]])).toBe(-1); // prettier-ignore
    expect(of([['same', 'same', 4], ['same', 'different', 4], ['different', 'same', 4], ['different', 'different', 4]])).toBe(0); // prettier-ignore
    expect(of([])).toBeUndefined();
  });
});

describe('several people', () => {
  const said = (name: string, by: string, relation: Relation) => ({ a: image(name), b: image('z'), by, relation });
  const pairs = [
    [said('1', 'ada', 'same'), said('1', 'bob', 'same')],
    [said('2', 'bob', 'incomparable'), said('2', 'ada', 'same')],
    [said('3', 'ada', 'different'), said('3', 'bob', 'same'), said('3', 'eve', 'same')],
    [said('4', 'ada', 'different')],
  ];

  it('agree over the pairs that both judged', () => {
    expect(agreements(pairs).map(({ people, kappa }) => [...people, kappa.pairs, kappa.observed])).toEqual([
      ['ada', 'bob', 3, 1 / 3],
      ['ada', 'eve', 1, 0],
      ['bob', 'eve', 1, 1],
    ]);
  });

  it('differ: outright before half-heartedly', () => {
    expect(disagreements(pairs)).toEqual([pairs[2], pairs[1]]);
  });
});

describe('consistency', () => {
  it('compares hidden repeats with what was said before, and corrections with nothing', () => {
    const one = (relation: Relation, repeat = false) => ({ relation, repeat });
    const kappa = consistency([
      [one('same'), one('same', true)],
      [one('different'), one('same', true)],
      [one('different'), one('different', true)],
      [one('same'), one('different')],
      [one('same')],
    ]);
    expect(kappa).toMatchObject({ pairs: 3, observed: 2 / 3 });
    expect(consistency([[one('same')]])).toBeUndefined();
  });
});
