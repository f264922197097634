import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explain, type Judgement, RelationGraph } from '../../../src/core/relations';
import type { ImageHash, Relation } from '../../../src/core/types';

const image = (name: string | number) => `sha256:${String(name).padStart(64, '0')}` as ImageHash;
let ids = 0;
const says = (...relations: Relation[]): Judgement[] =>
  relations.map((relation, i) => ({ id: `e${ids++}`, relation, by: `p${i}` }));
const [A, B, C, D, E] = ['a', 'b', 'c', 'd', 'e'].map(image) as [ImageHash, ImageHash, ImageHash, ImageHash, ImageHash];

describe('what follows', () => {
  it('same of same is same, different of same is different, different of different is open', () => {
    const graph = new RelationGraph();
    graph.set(A, B, says('same'));
    graph.set(B, C, says('same'));
    graph.set(C, D, says('different'));
    graph.set(D, E, says('different'));
    expect(graph.known(A, C)).toEqual({ relation: 'same', from: 'implied', contradicted: false });
    expect(graph.known(A, D)).toEqual({ relation: 'different', from: 'implied', contradicted: false });
    expect(graph.known(A, B)?.from).toBe('answer');
    expect(graph.known(A, E)).toBeUndefined();
    expect(graph.counts()).toEqual({
      images: 5,
      components: 1,
      largest: 3,
      judgedSame: 2,
      judgedDifferent: 2,
      impliedSame: 1,
      impliedDifferent: 2,
      contradictedComponents: 0,
    });
  });

  it('incomparable implies nothing', () => {
    const graph = new RelationGraph();
    graph.set(A, B, says('incomparable'));
    graph.set(B, C, says('same'));
    expect(graph.known(A, B)).toBeUndefined();
    expect(graph.known(A, C)).toBeUndefined();
    expect(graph.judgements(B, A)).toHaveLength(1);
  });

  it('is explained by the fewest answers, in their order', () => {
    const graph = new RelationGraph();
    graph.set(A, B, says('same'));
    graph.set(B, C, says('same'));
    graph.set(D, C, says('different'));
    graph.set(D, E, says('same'));
    const pairs = explain(graph, A, E).map(({ a, b, relation }) => `${a.at(-1)}${b.at(-1)} ${relation}`);
    expect(pairs).toEqual(['ab same', 'bc same', 'dc different', 'de same']);
    expect(explain(graph, A, C)).toHaveLength(2);
    expect(explain(graph, A, B)).toHaveLength(1);
    expect(explain(graph, A, image('x'))).toEqual([]);
  });

  it('refuses an image with itself', () => {
    expect(() => new RelationGraph().set(A, A, says('same'))).toThrow(RangeError);
  });
});

describe('a contradiction', () => {
  it('is told the moment it arises, whichever answer comes last', () => {
    for (const last of [0, 1, 2]) {
      const graph = new RelationGraph();
      const answers: [ImageHash, ImageHash, Relation][] = [
        [A, B, 'same'],
        [B, C, 'same'],
        [A, C, 'different'],
      ];
      const order = [...answers.filter((_, i) => i !== last), answers[last]];
      const told = order.map(([a, b, relation]) => graph.set(a, b, says(relation)).contradictions);
      expect(told).toEqual([[], [], [[A, C]]]);
      expect(graph.isContradicted(B)).toBe(true);
      expect(graph.contradictedComponents().map(images => images.length)).toEqual([3]);
      expect(graph.known(A, C)).toEqual({ relation: 'different', from: 'answer', contradicted: true });
      expect(graph.counts()).toMatchObject({ impliedSame: 0, contradictedComponents: 1 });
      graph.set(A, C, says('same'));
      expect(graph.isContradicted(B)).toBe(false);
    }
  });

  it('between two people on one pair is one', () => {
    const graph = new RelationGraph();
    expect(graph.set(A, B, says('same', 'different')).contradictions).toEqual([[A, B]]);
    expect(graph.set(A, B, says('same', 'same')).contradictions).toEqual([]);
    expect(graph.isContradicted(A)).toBe(false);
  });

  it('ends when an answer is taken back, and so does what it implied', () => {
    const graph = new RelationGraph();
    graph.set(A, B, says('same'));
    graph.set(B, C, says('same'));
    graph.set(A, C, says('different'));
    const { images } = graph.set(B, C, []);
    expect(new Set(images)).toEqual(new Set([A, B, C]));
    expect(graph.isContradicted(A)).toBe(false);
    expect(graph.known(B, C)).toEqual({ relation: 'different', from: 'implied', contradicted: false });
    expect(graph.judgements(B, C)).toEqual([]);
  });
});

describe('any order of answers and corrections', () => {
  const step = fc.record({
    a: fc.integer({ min: 0, max: 9 }),
    b: fc.integer({ min: 0, max: 9 }),
    relations: fc.array(fc.constantFrom<Relation>('same', 'different', 'incomparable'), { maxLength: 2 }),
  });

  /** The definition, straight: closure over all pairs. */
  function naive(standing: Map<string, { a: number; b: number; relations: Relation[] }>) {
    const root = Array.from({ length: 10 }, (_, i) => i);
    const all = [...standing.values()];
    for (let changed = true; changed;) {
      changed = false;
      for (const { a, b, relations } of all) {
        if (!relations.includes('same') || root[a] === root[b]) continue;
        const [low, high] = [Math.min(root[a], root[b]), Math.max(root[a], root[b])];
        for (let i = 0; i < 10; i++) if (root[i] === high) root[i] = low;
        changed = true;
      }
    }
    const apart = all.filter(({ relations }) => relations.includes('different'));
    const bad = (r: number) => apart.some(({ a, b }) => root[a] === r && root[b] === r);
    const conflict = (r: number, s: number) =>
      apart.some(({ a, b }) => (root[a] === r && root[b] === s) || (root[a] === s && root[b] === r));
    return { root, bad, conflict };
  }

  it('gives what the definition gives', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const graph = new RelationGraph();
        const standing = new Map<string, { a: number; b: number; relations: Relation[] }>();
        for (const { a, b, relations } of steps) {
          if (a === b) continue;
          standing.set(`${Math.min(a, b)} ${Math.max(a, b)}`, { a, b, relations });
          graph.set(image(a), image(b), says(...relations));
        }
        const { root, bad, conflict } = naive(standing);
        const built = RelationGraph.of(graph.judged());
        let same = 0;
        let different = 0;
        for (let a = 0; a < 10; a++) {
          for (let b = 0; b < a; b++) {
            const relations = standing.get(`${b} ${a}`)?.relations ?? [];
            const joined = root[a] === root[b];
            const apart = conflict(root[a], root[b]);
            const own = relations.includes('same') !== relations.includes('different');
            const expected = own
              ? relations.includes('same')
                ? 'same'
                : 'different'
              : joined
                ? 'same'
                : apart
                  ? 'different'
                  : undefined;
            const contradicted = bad(root[a]) || bad(root[b]);
            expect(graph.known(image(a), image(b))?.relation).toBe(expected);
            expect(built.known(image(a), image(b))).toEqual(graph.known(image(a), image(b)));
            if (expected !== undefined) expect(graph.known(image(a), image(b))?.contradicted).toBe(contradicted);
            if (contradicted) continue;
            if (joined && !relations.includes('same')) same++;
            if (apart && !relations.includes('different')) different++;
            const chain = explain(graph, image(a), image(b));
            if (expected === undefined) expect(chain).toEqual([]);
            else if (own) expect(chain).toHaveLength(relations.filter(relation => relation === expected).length);
            else expect(chain.filter(({ relation }) => relation === 'different')).toHaveLength(joined ? 0 : 1);
          }
        }
        expect(graph.counts()).toMatchObject({ impliedSame: same, impliedDifferent: different });
        expect(built.counts()).toEqual(graph.counts());
      }),
      { numRuns: 300 },
    );
  });

  it('tells of every pair of which something else is known one image at least, and of every component that grew or shrank', () => {
    const all = Array.from({ length: 10 }, (_, i) => image(i));
    const pairs = all.flatMap((a, i) => all.slice(0, i).map((b): [ImageHash, ImageHash] => [a, b]));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), steps => {
        const graph = new RelationGraph();
        const known = () => pairs.map(([a, b]) => JSON.stringify([graph.known(a, b), graph.judgements(a, b).length]));
        const sizes = () => all.map(each => graph.sizeOf(each));
        for (const { a, b, relations } of steps) {
          if (a === b) continue;
          const before = { known: known(), sizes: sizes() };
          const { images, resized } = graph.set(image(a), image(b), says(...relations));
          const now = { known: known(), sizes: sizes() };
          const told = new Set(images);
          for (const [i, pair] of pairs.entries()) {
            if (now.known[i] !== before.known[i]) expect(pair.some(each => told.has(each))).toBe(true);
          }
          for (const [i, each] of all.entries()) {
            if (now.sizes[i] === before.sizes[i] || told.has(each)) continue;
            const own = resized.filter(other => graph.membersOf(other.image).includes(each));
            expect(own.map(({ from }) => from)).toContain(before.sizes[i]);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
