import { mkdtemp, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { assetsBeside } from '../../src/engine/assets';
import { Engine } from '../../src/engine/engine';
import type { ManifestView } from '../../src/rpc/manifest-rows';
import { shapeImage, writeShapes } from '../support/images';
import { SETTINGS as settings } from '../support/settings';

let folder: string;
let engine: Engine;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'margin-manifest-'));
  await writeShapes(folder, 4);
  engine = new Engine(assetsBeside(path.join(folder, 'no-assets-needed')), {
    log: () => undefined,
    changed: () => undefined,
  });
});

afterAll(async () => {
  await engine.dispose();
  await rm(folder, { recursive: true, force: true });
});

const ref = () => ({ folder, settings, file });
const rowsOf = (view: ManifestView = {}, from = 0, count = 100) =>
  engine.manifests.rows({ ...ref(), view, from, count });
const linesOf = async (view: ManifestView) => (await rowsOf(view)).rows.map(({ line }) => line);
const token = () => `t-${String(Math.random()).slice(2)}`;

async function manifest(name: string, rows: (object | string)[]): Promise<void> {
  file = path.join(folder, name);
  await writeFile(file, rows.map(row => (typeof row === 'string' ? row : JSON.stringify(row)) + '\n').join(''));
}

const PAIRS = [
  { a: 'circle/00.png', b: 'circle/01.png', relation: 'same', source: 'answer', distance: 0.4 },
  { a: 'circle/00.png', b: 'square/00.png', relation: 'different', source: 'class', distance: 0.1 },
  'this is no row',
  '',
  { a: 'square/00.png', b: 'gone/00.png', relation: 'same', source: 'mined', distance: 0.2 },
  { a: 'triangle/00.png', b: 'square/01.png', a_class: 'tent', relation: null, source: 'mined' },
];

describe('a manifest of pairs, looked at', () => {
  beforeEach(() => manifest('x.pairs.jsonl', PAIRS));

  it('is summed up', async () => {
    const summary = await engine.manifests.summary(ref());
    expect(summary).toMatchObject({ shape: 'pairs', rows: 5, broken: 1, classes: ['circle', 'square', 'triangle'] });
    expect(summary.distances![0]).toBeCloseTo(0.1);
    expect(summary.distances![1]).toBeCloseTo(0.4);
    expect(summary.relations).toContainEqual({ relation: 'same', rows: 2 });
    expect(summary.sources).toContainEqual({ source: 'mined', rows: 2 });
  });

  it('gives rows with who their images are, marks what is missing, and shows a line that is no row', async () => {
    const { total, rows } = await rowsOf();
    expect(total).toBe(5);
    expect(rows[0]).toMatchObject({ row: 0, line: 1, kind: 'pair', claim: 'same', source: 'answer', distance: 0.4 });
    expect(rows[0]!.images[0]).toMatchObject({ path: 'circle/00.png', class: 'circle' });
    expect(rows[0]!.images[0]!.hash).toMatch(/^sha256:/);
    expect(rows[2]).toMatchObject({ line: 3, kind: 'broken', text: 'this is no row', images: [] });
    expect(rows[3]).toMatchObject({ line: 5 });
    expect(rows[3]!.images[1]).toEqual({ path: 'gone/00.png' });
    expect(rows[4]).toMatchObject({ claim: null, images: [{ class: 'tent' }, { class: 'square' }] });
  });

  it('is filtered by relation, source, class, path and what is missing, and sorted', async () => {
    expect(await linesOf({ relations: ['same'] })).toEqual([1, 5]);
    expect(await linesOf({ sources: ['class', 'answer'] })).toEqual([1, 2]);
    expect(await linesOf({ class: 'tent' })).toEqual([6]);
    // the file gives that image another class than its folder
    expect(await linesOf({ class: 'triangle' })).toEqual([]);
    expect(await linesOf({ class: 'square', relations: ['different'] })).toEqual([2]);
    expect(await linesOf({ text: 'CIRCLE/01' })).toEqual([1]);
    expect(await linesOf({ text: 'answer' })).toEqual([]); // a source is no path
    expect(await linesOf({ only: 'missing' })).toEqual([5]);
    expect((await linesOf({ sort: 'distance' })).slice(0, 3)).toEqual([2, 5, 1]);
    expect((await linesOf({ sort: 'distance', descending: true })).slice(0, 3)).toEqual([1, 5, 2]);
  });

  it('gives windows into the view', async () => {
    expect((await rowsOf({}, 1, 2)).rows.map(({ line }) => line)).toEqual([2, 3]);
    expect(await rowsOf({}, 99, 5)).toMatchObject({ total: 5, from: 5, rows: [] });
    expect((await rowsOf({}, -3, 2)).from).toBe(0);
  });

  it('takes an answer into the ledger, shows it, finds it among those that differ, and takes it back', async () => {
    const [row] = (await rowsOf({ relations: ['different'] })).rows;
    const images = row!.images.map(({ hash }) => hash!);
    const answer = { ...ref(), line: row!.line, images, verdict: 'same' as const, ms: 812.4, token: token() };
    await engine.manifests.answer(answer);
    await engine.manifests.answer(answer); // sent again after a crash
    const after = (await rowsOf({ only: 'differs' })).rows;
    expect(after).toHaveLength(1);
    expect(after[0]).toMatchObject({ line: 2, claim: 'different', said: { verdict: 'same', from: 'you' } });
    const ledger = (await readFile(path.join(folder, '.margin/answers.jsonl'), 'utf8')).trim().split('\n');
    expect(ledger).toHaveLength(1);
    expect(JSON.parse(ledger[0]!)).toMatchObject({
      kind: 'answer',
      relation: 'same',
      ms: 812,
      why: { lane: 'manifest', manifest: 'x.pairs.jsonl', line: 2 },
    });
    const { canUndo } = await rowsOf();
    expect(canUndo).toBe(true);
    await engine.undo({ folder, settings, token: token() });
    expect((await rowsOf({ only: 'differs' })).rows).toEqual([]);
    expect((await rowsOf()).canUndo).toBe(false);
  });

  it('refuses a verdict of another kind and an image that is gone', async () => {
    const [row] = (await rowsOf()).rows;
    const images = row!.images.map(({ hash }) => hash!);
    const base = { ...ref(), line: 1, ms: 1, token: token() };
    await expect(engine.manifests.answer({ ...base, images, verdict: 'good' })).rejects.toMatchObject({
      code: 'bad-verdict',
    });
    const gone = `sha256:${'0'.repeat(64)}` as const;
    await expect(
      engine.manifests.answer({ ...base, images: [images[0]!, gone], verdict: 'same' }),
    ).rejects.toMatchObject({
      code: 'image-gone',
    });
    await expect(
      engine.manifests.answer({ ...base, images: [images[0]!, images[0]!], verdict: 'same' }),
    ).rejects.toMatchObject({ code: 'same-image' });
  });

  it('follows the file when it is written again, and the folder when images come and go', async () => {
    expect((await rowsOf()).total).toBe(5);
    await writeFile(`${file}.new`, JSON.stringify({ a: 'circle/00.png', b: 'late/00.png', relation: 'same' }));
    await rename(`${file}.new`, file);
    const [before] = (await rowsOf()).rows;
    expect(before!.images[1]!.hash).toBeUndefined();
    await writeShapes(folder, 0, ['late']);
    await writeFile(path.join(folder, 'late/00.png'), await shapeImage('square', 77));
    const [found] = (await rowsOf()).rows;
    expect(found!.images[1]!.hash).toMatch(/^sha256:/);
    await unlink(path.join(folder, 'late/00.png'));
    const [after] = (await rowsOf()).rows;
    expect(after!.images[1]!.hash).toBeUndefined();
  });
});

describe('a manifest of triplets, looked at', () => {
  it('judges both sides in one act', async () => {
    await manifest('y.triplets.jsonl', [
      {
        ...{ anchor: 'circle/02.png', positive: 'circle/03.png', negative: 'square/03.png' },
        ...{ source: 'mined', positive_distance: 0.5, negative_distance: 0.3 },
      },
    ]);
    expect((await engine.manifests.summary(ref())).shape).toBe('triplets');
    const [row] = (await rowsOf()).rows;
    expect(row).toMatchObject({ kind: 'triplet', claim: null, distance: 0.5, negativeDistance: 0.3 });
    const images = row!.images.map(({ hash }) => hash!);
    await engine.manifests.answer({ ...ref(), line: 1, images, verdict: 'negative-same', ms: 5, token: token() });
    expect((await rowsOf()).rows[0]!.said).toEqual({ verdict: 'negative-same', from: 'you' });
    await engine.undo({ folder, settings, token: token() });
    expect((await rowsOf()).rows[0]!.said).toBeUndefined();
  });
});

it('says what is wrong with a file that is not there, and reads it again after it was closed', async () => {
  file = path.join(folder, 'nowhere.pairs.jsonl');
  await expect(rowsOf()).rejects.toMatchObject({ code: 'file' });
  await manifest('x.pairs.jsonl', PAIRS);
  expect((await rowsOf()).total).toBe(5);
  await engine.manifests.close({ file });
  expect((await rowsOf()).total).toBe(5);
});
