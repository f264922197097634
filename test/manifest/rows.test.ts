import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ImageHash } from '../../src/core/types';
import { buildRows, type KnownPair, type RowChoice, type RowData, type RowOrigin } from '../../src/manifest';
import { imagesOf, type PairRow, type TripletRow } from '../../src/manifest/types';
import { at, DATA, image, known } from './support/folder';

const build = (data: RowData, choice: Partial<RowChoice & { split: number[]; by: 'class' | 'component' }>) =>
  buildRows(data, { shape: 'pairs', from: ['answers'], seed: 1, split: [], ...choice });
const pairs = (data: RowData, choice: Parameters<typeof build>[1] = {}) =>
  build(data, choice).parts.flatMap(part => part.rows) as PairRow[];
const triplets = (data: RowData, choice: Parameters<typeof build>[1] = {}) =>
  build(data, { ...choice, shape: 'triplets' }).parts.flatMap(part => part.rows) as TripletRow[];
const words = (rows: readonly (PairRow | TripletRow)[]): string[] =>
  rows
    .map(row =>
      imagesOf(row)
        .map(one => one.path)
        .join(' '),
    )
    .sort();

/** A folder of `sizes[i]` images in class `c<i>`. */
function folder(sizes: number[], more: Partial<RowData> = {}): RowData {
  const images = sizes.flatMap((size, i) => Array.from({ length: size }, (_, j) => image(`c${i}/${j}`, 1000 * i + j)));
  return { images, answers: [], implied: [], mined: [], ...more };
}

describe('pairs', () => {
  it('of answers are all of them, oriented by hash, with their reasons', () => {
    const rows = pairs(DATA);
    expect(rows.length).toBe(DATA.answers.length);
    for (const row of rows) expect(row.a.hash < row.b.hash).toBe(true);
    const first = rows.find(row => row.provenance.rank === 0)!;
    expect(first).toMatchObject({
      relation: 'same',
      source: 'answer',
      weight: 1,
      provenance: { by: 'ada@example.org', distance: 0.5 },
    });
  });

  it('take the strongest source where several have a pair', () => {
    const one = known(at(0, 0), at(0, 1), 'same');
    const data: RowData = {
      ...DATA,
      answers: [one],
      implied: [one, known(at(0, 1), at(0, 2), 'same')],
      mined: [{ kind: 'pair', a: at(0, 1).hash, b: at(0, 2).hash }],
    };
    const rows = pairs(data, { from: ['mined', 'classes', 'implied', 'answers'], limit: 100_000 });
    const source = (x: number, y: number) =>
      rows
        .filter(row => [row.a.hash, row.b.hash].sort().join() === [at(0, x).hash, at(0, y).hash].sort().join())
        .map(row => row.source);
    expect(source(0, 1)).toEqual(['answer']);
    expect(source(1, 2)).toEqual(['implied']);
    expect(source(2, 3)).toEqual(['class']);
  });

  it('of classes yield to answers that are not ticked', () => {
    const data = { ...folder([2, 2]), answers: [] as KnownPair[] };
    data.answers = [known(data.images[0]!, data.images[1]!, 'different')];
    const { parts, leftOut } = build(data, { from: ['classes'] });
    expect(words(parts[0]!.rows as PairRow[])).not.toContain('c0/0 c0/1');
    expect(parts[0]!.rows.length).toBe(5);
    expect(leftOut).toEqual({ 'answered-otherwise': 1 });
  });

  it('of mined candidates follow the classes, and stay open where there are none', () => {
    const bare = [image('x', 90_001), image('y', 90_002)].map(one => ({ ...one, class: undefined }));
    const data = { ...folder([2, 1]), mined: [] as RowData['mined'] };
    const [p, q, r, x, y] = [...data.images, ...bare].map(one => one.hash) as [
      ImageHash,
      ImageHash,
      ImageHash,
      ImageHash,
      ImageHash,
    ];
    data.mined = [
      { kind: 'pair', a: p, b: q },
      {
        kind: 'triplet',
        anchor: p,
        positive: q,
        negative: r,
        provenance: { positiveDistance: 1, negativeDistance: 2 },
      },
      { kind: 'pair', a: x, b: y },
    ];
    const rows = pairs({ ...data, images: [...data.images, ...bare] }, { from: ['mined'] });
    expect(
      rows
        .map(row => [words([row])[0]!.split(' ').sort().join(' '), row.relation, row.source, row.provenance.distance])
        .sort(),
    ).toEqual([
      ['c0/0 c0/1', 'same', 'mined', undefined],
      ['c0/0 c1/0', 'different', 'mined', 2],
      ['x y', null, 'mined', undefined],
    ]);
  });

  it('leave out what is gone or flagged, and count it', () => {
    const data = {
      ...DATA,
      images: DATA.images.filter(one => one.hash !== at(0, 0).hash),
      flagged: new Set([at(1, 0).hash]),
    };
    const { parts, leftOut } = build(data, {});
    const touching = DATA.answers.filter(({ a, b }) =>
      [a, b].some(hash => hash === at(0, 0).hash || hash === at(1, 0).hash),
    ).length;
    expect(parts[0]!.rows.length).toBe(DATA.answers.length - touching);
    expect((leftOut.flagged ?? 0) + (leftOut['image-missing'] ?? 0)).toBe(touching);
  });

  it('of one content at two paths are one image, called by the smaller path', () => {
    const copy = { ...at(0, 0), path: 'a copy of it.bmp' };
    const rows = pairs({ ...DATA, images: [...DATA.images, copy] });
    expect(rows.length).toBe(DATA.answers.length);
    expect(rows.flatMap(imagesOf).some(one => one.path === 'a copy of it.bmp')).toBe(true);
  });

  it('of classes are all there are when few, half of each relation when many', () => {
    expect(pairs(folder([3, 2]), { from: ['classes'] }).length).toBe(10);
    const rows = pairs(folder([200, 100, 5]), { from: ['classes'], limit: 600 });
    const same = rows.filter(row => row.relation === 'same');
    expect([rows.length, same.length]).toEqual([600, 300]);
    // spread over the classes, as far as they have pairs: 10 of the small one, half of the rest each
    expect(['c0', 'c1', 'c2'].map(name => same.filter(row => row.a.class === name).length)).toEqual([145, 145, 10]);
    // no image is left out, none is in the lot
    const uses = new Map<string, number>();
    for (const row of rows.filter(one => one.relation === 'different'))
      for (const one of imagesOf(row)) uses.set(one.path, (uses.get(one.path) ?? 0) + 1);
    expect(Math.max(...uses.values())).toBeLessThan(15);
  });

  it('weigh by source', () => {
    const rows = pairs(DATA, { from: ['answers', 'mined'], weights: { mined: 0.25 } });
    expect(new Set(rows.map(row => `${row.source} ${row.weight}`))).toEqual(new Set(['answer 1', 'mined 0.25']));
  });
});

describe('triplets', () => {
  it('combine every same with every different of an anchor, in both directions of a pair', () => {
    const [a, b, c, d] = folder([4]).images as [never, never, never, never];
    const data = { ...folder([4]), answers: [known(a, b, 'same'), known(a, c, 'different'), known(b, d, 'different')] };
    expect(words(triplets(data))).toEqual(['c0/0 c0/1 c0/2', 'c0/1 c0/0 c0/3']);
  });

  it('are as sure as their weaker half', () => {
    const [a, b, c] = folder([3]).images as [never, never, never];
    const data = { ...folder([3]), answers: [known(a, b, 'same')], implied: [known(a, c, 'different')] };
    expect(triplets(data, { from: ['answers', 'implied'] }).map(row => row.source)).toEqual(['implied']);
    expect(() => triplets(data, { from: ['answers'] })).toThrow(/No triplets can be made of 1 answers/);
  });

  it('keep what a judged triplet was shown for', () => {
    const why = { lane: 'semi-hard-triplets', model: 'starter', margin: 0.2, rank: 3, by: 'ada' } as const;
    const [a, b, c] = folder([3]).images as [never, never, never];
    const data = {
      ...folder([3]),
      answers: [
        known(a, b, 'same', { ...why, distance: 0.5, at: '2026-01-01T00:00:00.000Z' }),
        known(a, c, 'different', { ...why, distance: 0.6, at: '2026-01-01T00:00:01.000Z' }),
      ],
    };
    expect(triplets(data)[0]!.provenance).toEqual({
      ...why,
      metric: undefined,
      positiveDistance: 0.5,
      negativeDistance: 0.6,
      at: '2026-01-01T00:00:01.000Z',
    });
  });

  it('fill a missing half from the classes where those are ticked', () => {
    const data = { ...folder([3, 3]), answers: [] as KnownPair[] };
    data.answers = [known(data.images[0]!, data.images[1]!, 'same')];
    const rows = triplets(data, { from: ['answers', 'classes'], limit: 0 });
    expect(rows.length).toBe(2);
    for (const row of rows) expect([row.positive.class, row.negative.class, row.source]).toEqual(['c0', 'c1', 'class']);
  });

  it('of classes are true to the classes and to the answers', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 2, maxLength: 5 }),
        fc.array(fc.tuple(fc.nat(29), fc.nat(29), fc.constantFrom('same' as const, 'different' as const)), {
          maxLength: 6,
        }),
        fc.integer({ min: 1, max: 300 }),
        fc.integer(),
        (sizes, given, limit, seed) => {
          const data = folder(sizes);
          const n = data.images.length;
          const seen = new Set<string>();
          const answers = given.flatMap(([x, y, relation]) => {
            const [i, j] = [Math.min(x % n, y % n), Math.max(x % n, y % n)];
            if (i === j || seen.has(`${i} ${j}`)) return [];
            seen.add(`${i} ${j}`);
            return [known(data.images[i]!, data.images[j]!, relation)];
          });
          const says = new Map(
            answers.flatMap(({ a, b, relation }) => [[a + b, relation] as const, [b + a, relation] as const]),
          );
          let rows: TripletRow[] = [];
          try {
            rows = triplets({ ...data, answers }, { from: ['classes'], limit, seed });
          } catch (error) {
            expect(error).toMatchObject({ code: expect.stringMatching(/empty-selection|one-class/) as string });
          }
          expect(rows.length).toBeLessThanOrEqual(limit);
          expect(new Set(words(rows)).size).toBe(rows.length);
          for (const { anchor, positive, negative } of rows) {
            expect(anchor.hash).not.toBe(positive.hash);
            expect(anchor.class).toBe(positive.class);
            expect(anchor.class).not.toBe(negative.class);
            expect(says.get(anchor.hash + positive.hash)).not.toBe('different');
            expect(says.get(anchor.hash + negative.hash)).not.toBe('same');
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('of mined candidates fall where answers or classes speak against them', () => {
    const base = folder([3, 1]);
    const [a, b, c, n] = base.images.map(one => one.hash) as [never, never, never, never];
    const mined: RowData['mined'] = [
      { kind: 'triplet', anchor: a, positive: b, negative: n },
      { kind: 'triplet', anchor: a, positive: c, negative: n },
      { kind: 'triplet', anchor: b, positive: c, negative: a },
    ];
    const data = { ...base, mined, answers: [known(base.images[0]!, base.images[2]!, 'different')] };
    const { parts, leftOut } = build(data, { shape: 'triplets', from: ['mined'] });
    expect(words(parts[0]!.rows as TripletRow[])).toEqual(['c0/0 c0/1 c1/0']);
    expect(leftOut).toEqual({ 'answered-otherwise': 2 });
  });
});

describe('parts', () => {
  it('hold no row across, lose none within, and sample by their share', () => {
    const froms: RowOrigin[][] = [['classes'], ['answers', 'implied', 'classes', 'mined']];
    for (const from of froms) {
      for (const shape of ['pairs', 'triplets'] as const) {
        const { parts, plan } = build(folder(Array<number>(12).fill(10)), {
          shape,
          from,
          split: [0.5, 0.25, 0.25],
          limit: 400,
        });
        for (const [i, part] of parts.entries())
          for (const row of part.rows) for (const one of imagesOf(row)) expect(plan.partOf.get(one.hash)).toBe(i);
        expect(parts.map(part => part.rows.length)).toEqual([200, 100, 100]);
      }
    }
  });
});
