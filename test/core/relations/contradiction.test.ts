import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random';
import {
  calibrate,
  contradictionAt,
  contradictions,
  type CutEdge,
  logOddsRight,
  minCut,
  type PlacedJudgement,
  rankSuspects,
  RelationGraph,
} from '../../../src/core/relations';
import { finish } from '../../../src/core/steps';
import type { ImageHash } from '../../../src/core/types';

const image = (name: string | number) => `sha256:${String(name).padStart(64, '0')}` as ImageHash;

function graphOf(text: string): RelationGraph {
  const graph = new RelationGraph();
  for (const word of text.split(' ')) {
    const [, a, sign, b] = /^(\w)([=#])(\w)$/.exec(word)!;
    graph.set(image(a), image(b), [{ id: word, relation: sign === '=' ? 'same' : 'different' }]);
  }
  return graph;
}

describe('the minimum cut', () => {
  it('is the cheapest of all cuts', () => {
    const edge = fc.record({ a: fc.nat(5), b: fc.nat(5), weight: fc.integer({ min: 0, max: 9 }) });
    fc.assert(
      fc.property(fc.array(edge, { maxLength: 14 }), edges => {
        const list: CutEdge[] = edges.filter(({ a, b }) => a !== b);
        let least = Infinity;
        for (let mask = 0; mask < 32; mask++) {
          const side = (node: number) => node === 0 || (node !== 5 && ((mask >> node) & 1) === 1);
          const cost = list.reduce((sum, { a, b, weight }) => sum + (side(a) !== side(b) ? weight : 0), 0);
          least = Math.min(least, cost);
        }
        const cut = minCut(list, 0, 5);
        expect(cut.weight).toBeCloseTo(least, 9);
        expect(cut.side.has(0) && !cut.side.has(5)).toBe(true);
        expect(cut.edges.reduce((sum, i) => sum + list[i].weight, 0)).toBeCloseTo(least, 9);
      }),
      { numRuns: 500 },
    );
  });

  it('goes through chains of thousands, and says where nothing may be cut', () => {
    const chain = Array.from({ length: 5000 }, (_, i) => ({ a: i, b: i + 1, weight: i === 3000 ? 1 : 2 }));
    expect(minCut(chain, 0, 5000)).toMatchObject({ weight: 1, edges: [3000] });
    expect(minCut([{ a: 0, b: 1, weight: Infinity }], 0, 1).weight).toBe(Infinity);
    expect(minCut([], 0, 1)).toEqual({ weight: 0, edges: [], side: new Set([0]) });
  });
});

describe('a contradiction explained', () => {
  const flat = () => 3;
  const proposed = (graph: RelationGraph, weightOf: (j: PlacedJudgement) => number, at = 'a') =>
    contradictionAt(graph, image(at), weightOf)
      ?.suspects.filter(suspect => suspect.proposed)
      .map(({ id }) => id)
      .sort();

  it('is none without one', () => {
    expect(contradictionAt(graphOf('a=b b=c'), image('a'), flat)).toBeUndefined();
    expect(contradictionAt(graphOf('a=b'), image('z'), flat)).toBeUndefined();
  });

  it('proposes the answer of least weight in a triangle, ranks the others, and sums to one', () => {
    const graph = graphOf('a=b b=c a#c');
    const weights: Record<string, number> = { 'a=b': 3, 'b=c': 1, 'a#c': 2 };
    const found = contradictionAt(graph, image('a'), ({ id }) => weights[id])!;
    expect(found.suspects.map(({ id }) => id)).toEqual(['b=c', 'a#c', 'a=b']);
    expect(found.suspects[0]).toMatchObject({ proposed: true, flipTo: 'different', a: image('b'), b: image('c') });
    const [p1, p2, p3] = found.suspects.map(({ probability }) => probability);
    expect(p1 + p2 + p3).toBeCloseTo(1, 9);
    expect(p1 / p2).toBeCloseTo(Math.E, 9);
    expect(found.pairs).toEqual([[image('a'), image('c')]]);
    expect(new Set(found.images)).toEqual(new Set([image('a'), image('b'), image('c')]));
  });

  it('believes many over one: a clique outvotes a different, many differents a bridge', () => {
    expect(proposed(graphOf('a=b b=c a=c c=d a=d b=d a#b'), flat)).toEqual(['a#b']);
    expect(proposed(graphOf('a=b b=c d=e e=f c=d a#f b#e a#d c#f'), flat)).toEqual(['c=d']);
  });

  it('takes two separate faults as two', () => {
    const graph = graphOf('a=b b=c a=c d=e e=f d=f g=h h=i g=i c=d f=g a#f b#e b#d d#i e#h e#g');
    expect(proposed(graph, flat)).toEqual(['c=d', 'f=g']);
  });

  it('shows both sides where two people differ on one pair', () => {
    const graph = new RelationGraph();
    graph.set(image('a'), image('b'), [
      { id: 's', relation: 'same', by: 'ada' },
      { id: 'd', relation: 'different', by: 'bob' },
    ]);
    const found = contradictionAt(graph, image('a'), ({ by }) => (by === 'ada' ? 3 : 2))!;
    expect(found.suspects.map(({ id, flipTo }) => `${id} ${flipTo}`)).toEqual(['d same', 's different']);
  });

  it('of hundreds of images joined by wrong answers is taken apart by groups', () => {
    // Twenty things of twenty images, each image compared with some of its own and some others, five per cent wrong.
    const random = new Random(2);
    const graph = new RelationGraph();
    const wrong = new Set<string>();
    for (let i = 0; i < 4000; i++) {
      const a = random.below(400);
      const b = random.below(2) === 0 ? Math.floor(a / 20) * 20 + random.below(20) : random.below(400);
      if (a === b || graph.judgements(image(a), image(b)).length > 0) continue;
      const flip = random.below(20) === 0;
      const same = (Math.floor(a / 20) === Math.floor(b / 20)) !== flip;
      if (flip) wrong.add(`${i}`);
      graph.set(image(a), image(b), [{ id: `${i}`, relation: same ? 'same' : 'different' }]);
    }
    expect(graph.contradictedComponents().map(images => images.length)).toEqual([400]);
    const { suspects } = contradictionAt(graph, image(0), flat)!;
    const named = suspects.filter(suspect => suspect.proposed).map(({ id }) => id);
    const found = named.filter(id => wrong.has(id));
    // Where a wrong "same" is the only answer between two things, nothing contradicts it.
    expect(found.length / named.length).toBeGreaterThan(0.95);
    expect(found.length / wrong.size).toBeGreaterThan(0.85);
    const ranked = finish(rankSuspects(graph, { weightOf: flat })).slice(0, wrong.size);
    expect(ranked.filter(({ id }) => wrong.has(id)).length / wrong.size).toBeGreaterThan(0.85);
    for (const { a, b } of suspects.filter(suspect => suspect.proposed)) graph.set(a, b, []);
    expect(graph.contradictedComponents()).toEqual([]);
  });

  it('is gone once the proposed answers are flipped', () => {
    const answer = fc.record({
      a: fc.nat(6),
      b: fc.nat(6),
      same: fc.boolean(),
      weight: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 20 }), answers => {
        const graph = new RelationGraph();
        const weights = new Map<string, number>();
        for (const [i, { a, b, same, weight }] of answers.entries()) {
          if (a === b) continue;
          weights.set(String(i), weight);
          graph.set(image(a), image(b), [{ id: String(i), relation: same ? 'same' : 'different' }]);
        }
        for (let round = 0; round < 5; round++) {
          const found = contradictions(graph, ({ id }) => weights.get(id)!);
          if (found.length === 0) return;
          for (const { suspects } of found) {
            expect(suspects.some(suspect => suspect.proposed)).toBe(true);
            for (const { a, b, id, probability, proposed: flip } of suspects) {
              expect(probability).toBeGreaterThanOrEqual(0);
              expect(probability).toBeLessThanOrEqual(1 + 1e-9);
              // Taken back: flipped to same, a pair could contradict a third.
              if (flip) graph.set(a, b, graph.judgements(a, b).filter(judgement => judgement.id !== id)); // prettier-ignore
            }
          }
          expect(contradictions(graph, ({ id }) => weights.get(id)!)).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('evidence', () => {
  it('weighs by the odds of each piece', () => {
    const prior = logOddsRight('same', {});
    expect(prior).toBeCloseTo(Math.log(0.97 / 0.03), 9);
    expect(logOddsRight('same', { probabilitySame: 0.9 }) - prior).toBeCloseTo(Math.log(9), 9);
    expect(logOddsRight('different', { probabilitySame: 0.9 }) - prior).toBeCloseTo(-Math.log(9), 9);
    expect(logOddsRight('incomparable', { probabilitySame: 0.9 })).toBe(prior);
    expect(logOddsRight('same', { ms: 100 }) - prior).toBeCloseTo(-Math.LN2, 9);
    expect(logOddsRight('same', { ms: 900, ageDays: 1e9 }) - prior).toBeCloseTo(-Math.LN2, 9);
    expect(logOddsRight('same', { agreeing: 1 })).toBeCloseTo(2 * prior, 9);
    expect(logOddsRight('same', { contrary: 1 })).toBeCloseTo(0, 9);
  });

  it('calibrates a distance, also with some answers wrong', () => {
    const random = new Random(3);
    const pairs = Array.from({ length: 4000 }, () => {
      const distance = random.next() * 2;
      const same = random.next() < 1 / (1 + Math.exp(6 * (distance - 0.8)));
      return { distance, relation: same ? ('same' as const) : ('different' as const) };
    });
    const found = calibrate(pairs)!;
    expect(found.threshold).toBeCloseTo(0.8, 1);
    expect(found.slope).toBeGreaterThan(5);
    expect(found.slope).toBeLessThan(7);
    expect(found.probability(0.8)).toBeCloseTo(0.5, 1);
    const wrong = pairs.map(({ distance, relation }, i) => ({
      distance,
      relation: i % 20 === 0 ? (relation === 'same' ? ('different' as const) : ('same' as const)) : relation,
    }));
    expect(calibrate(wrong)!.threshold).toBeCloseTo(0.8, 1);
  });

  it('calibrates nothing where there is nothing to go by', () => {
    expect(calibrate([{ distance: 1, relation: 'same' }])).toBeUndefined();
    const reversed = [0, 1, 2, 3].map(distance => ({
      distance,
      relation: distance > 1 ? ('same' as const) : ('different' as const),
    }));
    expect(calibrate(reversed)).toBeUndefined();
    const separable = [0, 1, 2, 3].map(distance => ({
      distance,
      relation: distance < 2 ? ('same' as const) : ('different' as const),
    }));
    expect(calibrate(separable)!.threshold).toBeCloseTo(1.5, 6);
  });
});

describe('suspects', () => {
  it('lead with the answers that the model and the company of their images speak against', () => {
    // Two tight groups on a line, every chain answer right but two.
    const place = (i: number) => (i < 20 ? i * 0.01 : 5 + i * 0.01);
    const graph = new RelationGraph();
    const answers: [number, number, 'same' | 'different'][] = [];
    for (let i = 0; i < 38; i++) if (i !== 18 && i !== 19) answers.push([i, i + 2, 'same']);
    for (let i = 0; i < 20; i += 2) answers.push([i, 39 - i, 'different']);
    answers.push([7, 30, 'same'], [3, 11, 'different']);
    for (const [a, b, relation] of answers) graph.set(image(a), image(b), [{ id: `${a}-${b}`, relation }]);
    const position = new Map(Array.from({ length: 40 }, (_, i) => [image(i), place(i)]));
    const probabilitySame = (a: ImageHash, b: ImageHash) =>
      Math.abs(position.get(a)! - position.get(b)!) < 1 ? 0.8 : 0.2;
    const weightOf = ({ a, b, relation }: PlacedJudgement) =>
      logOddsRight(relation, { probabilitySame: probabilitySame(a, b) });
    const ranked = finish(rankSuspects(graph, { weightOf, probabilitySame }));
    expect(ranked).toHaveLength(answers.length);
    expect(new Set(ranked.slice(0, 2).map(({ id }) => id))).toEqual(new Set(['7-30', '3-11']));
  });
});
