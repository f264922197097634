import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LineIndex } from '../../src/manifest';
import { exported } from './support/exported';
import { DATA } from './support/folder';
import { temporaryFolder } from '../support/data';

let root: string;
let file: string;
const opened: LineIndex[] = [];
beforeEach(() => {
  root = temporaryFolder();
  file = path.join(root, 'all.pairs.jsonl');
});
afterEach(async () => {
  for (const index of opened.splice(0)) await index.close();
  rmSync(root, { recursive: true, force: true });
});

async function indexOf(text: string): Promise<LineIndex> {
  writeFileSync(file, text);
  const index = await LineIndex.open(file);
  opened.push(index);
  return index;
}

const row = (i: number, more: object = {}): string =>
  JSON.stringify({
    a: `a/${i}.jpg`,
    b: `b/${i}.jpg`,
    relation: i % 2 ? 'same' : 'different',
    source: 'answer',
    distance: i / 8,
    ...more,
  });

describe('a manifest by its lines', () => {
  it('gives each row its text and its line, past blank lines, a byte-order mark, Windows line ends and a missing last one', async () => {
    const index = await indexOf(`\ufeff${row(0)}\r\n\r\n${row(1)}\n   \n\n${row(2)}`);
    expect(index.count).toBe(3);
    expect(await index.read([0, 1, 2])).toEqual([
      { row: 0, line: 1, text: `\ufeff${row(0)}` },
      { row: 1, line: 3, text: row(1) },
      { row: 2, line: 6, text: row(2) },
    ]);
    expect((await index.read([2, 0])).map(one => one.line)).toEqual([6, 1]);
    await expect(index.read([3])).rejects.toThrow(RangeError);
  });

  it('finds in each row what a JSON parser finds', async () => {
    const value = fc.oneof(
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constant(null),
      fc.boolean(),
      fc.array(fc.string()),
      fc.dictionary(fc.constantFrom('distance', 'relation', 'x"}{'), fc.string()),
    );
    const record = fc.record(
      {
        'a"b\\': value,
        relation: fc.oneof(fc.constantFrom('same', 'different', 'incomparable'), value),
        source: fc.oneof(fc.constantFrom('answer', 'implied', 'class', 'mined'), value),
        distance: value,
        nested: fc.record({ distance: fc.double(), relation: fc.constant('same') }),
        rank: fc.oneof(fc.nat(), value),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 12 }), fc.boolean(), async (records, spaced) => {
        const index = await indexOf(
          records
            .map(one => `${spaced ? JSON.stringify(one, null, 1).replaceAll('\n', '\t') : JSON.stringify(one)}\n`)
            .join(''),
        );
        expect([index.count, index.broken]).toEqual([records.length, 0]);
        for (const relation of ['same', 'different', 'incomparable'] as const)
          expect([...index.view({ relations: [relation] })]).toEqual(
            records.flatMap((one, i) => (one.relation === relation ? [i] : [])),
          );
        for (const source of ['answer', 'mined'] as const)
          expect([...index.view({ sources: [source] })]).toEqual(
            records.flatMap((one, i) => (one.source === source ? [i] : [])),
          );
        const key = (i: number): number =>
          typeof records[i]!.distance === 'number' ? Math.fround(records[i]!.distance) : NaN;
        const order = records
          .map((_, i) => i)
          .sort((x, y) =>
            Number.isNaN(key(x))
              ? Number.isNaN(key(y))
                ? x - y
                : 1
              : Number.isNaN(key(y))
                ? -1
                : key(x) - key(y) || x - y,
          );
        expect([...index.view({ sort: 'distance' })]).toEqual(order);
      }),
      { numRuns: 60 },
    );
  });

  it('sorts both ways with what has no value last, and filters by distance', async () => {
    const index = await indexOf(
      [row(3), row(1), JSON.stringify({ a: 'x', b: 'y', relation: null, distance: null }), row(2)].join('\n'),
    );
    expect([...index.view({ sort: 'distance' })]).toEqual([1, 3, 0, 2]);
    expect([...index.view({ sort: 'distance', descending: true })]).toEqual([0, 3, 1, 2]);
    expect([...index.view({ distance: [0.2, 0.3] })]).toEqual([3]);
    expect([...index.view({ relations: [null] })]).toEqual([2]);
    expect([...index.view({ descending: true })]).toEqual([3, 2, 1, 0]);
    expect(index.distanceRange()).toEqual([0.125, 0.375]);
    expect(index.counts().relations).toEqual(
      new Map([
        ['same', 2],
        ['different', 1],
        [null, 1],
      ]),
    );
  });

  it('keeps broken lines where a person can see them', async () => {
    const index = await indexOf(`${row(0)}\n{"a": "torn\nnot json\n[1]\n{"a":1} trailing\n{}\n`);
    expect([index.count, index.broken]).toEqual([6, 4]);
    expect((await index.read([2]))[0]).toEqual({ row: 2, line: 3, text: 'not json' });
  });

  it('reads triplets by their gap', async () => {
    await exported({
      folder: root,
      out: root,
      shape: 'triplets',
      from: ['mined', 'answers', 'classes'],
      limit: 40,
      data: DATA,
    });
    const index = await LineIndex.open(path.join(root, 'all.triplets.jsonl'));
    opened.push(index);
    expect(index.shape).toBe('triplets');
    const rows = await index.read(index.view({ sort: 'gap' }));
    const gaps = rows
      .map(({ text }) => JSON.parse(text) as { positive_distance: number | null; negative_distance: number | null })
      .flatMap(one =>
        one.positive_distance === null || one.negative_distance === null
          ? []
          : [one.negative_distance - one.positive_distance],
      );
    expect(gaps.length).toBeGreaterThan(1);
    expect(gaps).toEqual([...gaps].sort((x, y) => x - y));
  });

  it('finds text across the borders of what is read at once', async () => {
    // 4 MiB are read at once: rows of 64 KiB put the border inside of one
    const wide = Array.from({ length: 200 }, (_, i) => row(i, { note: `${'x'.repeat(65_000 + i)}needle-${i % 3}` }));
    const index = await indexOf(`${wide.join('\n')}\n`);
    expect(index.count).toBe(200);
    expect([...(await index.find('needle-1'))]).toEqual(wide.flatMap((_, i) => (i % 3 === 1 ? [i] : [])));
    expect([...(await index.find('a/199.jpg'))]).toEqual([199]);
    expect([...(await index.find('nowhere'))]).toEqual([]);
    expect([...(await index.find(''))]).toEqual([]);
    const texts = await index.read(index.view({ descending: true }));
    expect(texts.map(one => one.text)).toEqual([...wide].reverse());
  });

  it('stops when asked, says what it cannot open, and holds an empty file', async () => {
    writeFileSync(file, `${row(0)}\n`);
    await expect(LineIndex.open(file, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    await expect(LineIndex.open(path.join(root, 'nowhere'))).rejects.toMatchObject({ code: 'file' });
    const empty = await indexOf('');
    expect([empty.count, [...empty.view()], empty.distanceRange()]).toEqual([0, [], null]);
  });

  it('gives what was there when it was opened, although the file grew', async () => {
    const index = await indexOf(`${row(0)}\n`);
    appendFileSync(file, `${row(1)}\n`);
    expect(await index.read([0])).toEqual([{ row: 0, line: 1, text: row(0) }]);
  });
});
