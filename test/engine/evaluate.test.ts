import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { distanceSteps, oneShotSteps } from '../../src/core/evaluation';
import { Engine } from '../../src/engine/engine';
import { shapeImage, writeShapes } from '../support/images';
import { builtAssets, SETTINGS as settings } from '../support/settings';

const assets = builtAssets();

let home: string;
let folder: string;
let examples: string;
let engine: Engine;

beforeAll(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'margin-evaluate-'));
  folder = path.join(home, 'shapes');
  await writeShapes(folder, 8);
  examples = path.join(home, 'examples');
  // Others than those of the folder, of two of its three classes, and one that lies in both.
  for (const shape of ['circle', 'square']) {
    await mkdir(path.join(examples, shape), { recursive: true });
    for (let i = 20; i < 24; i++)
      await writeFile(path.join(examples, shape, `${String(i)}.png`), await shapeImage(shape, i));
  }
  await writeFile(path.join(examples, 'circle', 'same.png'), await shapeImage('circle', 0));
  engine = new Engine(assets, { log: () => undefined, changed: () => undefined });
}, 60_000);

afterAll(async () => {
  await engine.dispose();
  await rm(home, { recursive: true, force: true });
});

describe('evaluating a model', () => {
  it('puts chance and raw pixels beside every figure', async () => {
    const trials = ['run,trial,test,candidate,same'];
    for (const [trial, shape] of ['circle', 'square', 'triangle'].entries())
      for (const other of ['circle', 'square', 'triangle'])
        trials.push(`1,${trial},${shape}/00.png,${other}/01.png,${other === shape ? 1 : 0}`);
    const pairs = ['fold,a,b,same', '1,circle/00.png,circle/01.png,1', '1,circle/00.png,square/01.png,0'];
    const [oneShot, verification] = [path.join(home, 'trials.csv'), path.join(home, 'pairs.csv')];
    await writeFile(oneShot, trials.join('\n'));
    await writeFile(verification, pairs.join('\n'));
    const result = await engine.evaluate({ folder, settings, oneShot, pairs: verification });
    // seven of the 23 others are of the query's class
    expect(result.chance!.precisionAt1).toBeCloseTo(7 / 23);
    expect(result.chance!.rPrecision).toBeCloseTo(7 / 23);
    expect(result.chance!.mapAtR).toBeLessThan(7 / 23);
    expect(Object.keys(result.chance!.recallAt)).toEqual(Object.keys(result.retrieval!.recallAt));
    expect(result.oneShot).toMatchObject({ trials: 3, ways: 3 });
    expect(result.oneShot!.chance).toBeCloseTo(1 / 3);
    expect(result.verification!.chance).toBe(0.5);
    // Whatever it is, there is an interval around it, of the model and of raw pixels.
    const { verification: { pixels, ...own } = { pixels: undefined } } = result;
    const spans = [own, pixels!].flatMap(info => [
      (info as NonNullable<typeof pixels>).auc,
      (info as NonNullable<typeof pixels>).equalErrorRate,
      ...Object.values((info as NonNullable<typeof pixels>).fnmrAt),
    ]);
    for (const { value, low, high } of [...spans, ...Object.values(result.retrieval!.recallAt)]) {
      expect(low).toBeLessThanOrEqual(value);
      expect(value).toBeLessThanOrEqual(high);
    }
    expect(spans).toHaveLength(10);
    expect(result.notes).toEqual([]);
  }, 60_000);

  it('guesses classes from the nearest of a folder of examples, and counts what cannot be asked', async () => {
    const { examples: info } = await engine.evaluate({ folder, settings, examples });
    // 8 triangles have no example, one circle is one.
    expect(info).toMatchObject({ examples: 9, queries: 15, passedOver: 9 });
    expect(info!.classes.map(({ name, examples: given, queries }) => [name, given, queries])).toEqual([
      ['circle', 5, 7],
      ['square', 4, 8],
    ]);
    expect(info!.chance).toBeCloseTo((7 * (5 / 9) + 8 * (4 / 9)) / 15);
    const right = info!.classes.reduce((sum, { queries, accuracy }) => sum + queries * accuracy.value, 0);
    expect(info!.accuracy!.value).toBeCloseTo(right / 15);
    expect(info!.accuracy!.value).toBeGreaterThan(info!.chance!);
    expect(info!.pixels!.value).toBeGreaterThan(0);
    // The triangles are guessed too, and the one that is an example is not.
    expect(info!.guesses).toHaveLength(23);
    expect(info!.guessed.map(({ name }) => name)).toEqual(['circle', 'square']);
    expect(info!.guessed.reduce((sum, { images }) => sum + images, 0)).toBe(23);
    const triangle = info!.guesses.find(({ path: at }) => at === 'triangle/00.png')!;
    expect(triangle).toMatchObject({ class: 'triangle', agreement: 1 });
    expect(triangle.nearest).toMatch(new RegExp(`^${triangle.guess}/`));
    expect(triangle.distance).toBeGreaterThan(0);
  }, 60_000);

  it('classifies a folder without any classes, scores nothing, and writes one guess a line', async () => {
    const flat = path.join(home, 'flat');
    await mkdir(flat, { recursive: true });
    const truth = new Map<string, string>();
    for (const [i, shape] of ['circle', 'square', 'circle'].entries()) {
      truth.set(`${String(i)}, it.png`, shape);
      await writeFile(path.join(flat, `${String(i)}, it.png`), await shapeImage(shape as 'circle', 40 + i));
    }
    for (const [file, neighbours] of [
      ['guesses.jsonl', 1],
      ['guesses.csv', 3],
    ] as const) {
      const guessesTo = path.join(home, file);
      const {
        examples: info,
        notes,
        classes,
      } = await engine.evaluate({
        folder: flat,
        settings,
        examples,
        guessesTo,
        neighbours,
      });
      expect(classes).toBe(0);
      expect(info).toMatchObject({ queries: 0, passedOver: 3, neighbours, classes: [] });
      expect(info!.accuracy).toBeUndefined();
      expect(info!.guesses.map(({ path: at }) => at).sort()).toEqual([...truth.keys()]);
      expect(notes).toEqual(['No image has a class, so there is no retrieval by class.']);
      const text = await readFile(guessesTo, 'utf8');
      if (file === 'guesses.jsonl') {
        const rows = text.trimEnd().split('\n');
        expect(rows.map(line => JSON.parse(line) as object)).toEqual(info!.guesses);
      } else {
        expect(text).toMatch(/^path,class,guess,nearest,distance,agreement,near_tie\n"0, it.png",,/);
        expect(text.trimEnd().split('\n')).toHaveLength(4);
      }
    }
  }, 60_000);

  it('writes guesses to a file of a known kind only, and says so before any work', async () => {
    const guessesTo = path.join(home, 'guesses.txt');
    await expect(engine.evaluate({ folder, settings, examples, guessesTo })).rejects.toMatchObject({
      code: 'bad-choice',
      message: expect.stringMatching(/neither in .csv nor in .jsonl/) as string,
    });
  });

  it('says of a folder without classes what is missing and what to do', async () => {
    const result = await engine.evaluate({ folder, settings: { ...settings, classes: 'none' } });
    expect(result).toMatchObject({ classes: 0 });
    expect(result.retrieval).toBeUndefined();
    expect(result.notes.join(' ')).toMatch(/No image has a class.*one folder a class.*--pairs.*--examples/);
  }, 60_000);

  it('says of examples that tell nothing apart what is missing', async () => {
    const one = path.join(home, 'one');
    await mkdir(path.join(one, 'circle'), { recursive: true });
    await writeFile(path.join(one, 'circle', 'a.png'), await shapeImage('circle', 40));
    await expect(engine.evaluate({ folder, settings, examples: one })).rejects.toMatchObject({
      code: 'no-examples',
      message: expect.stringMatching(/only one class/) as string,
    });
  }, 60_000);

  it('does not call one class alone perfect', async () => {
    const alone = path.join(home, 'alone');
    await writeShapes(alone, 4, ['circle']);
    const result = await engine.evaluate({ folder: alone, settings });
    expect(result.retrieval).toBeUndefined();
    expect(result.chance).toBeUndefined();
    expect(result.notes[0]).toMatch(/needs a second one/);
  }, 60_000);

  it('can be left between any two trials, and every 64 pairs', () => {
    const data = { vectors: new Float32Array(200), dimension: 1, metric: 'l2' as const };
    const trials = Array.from({ length: 9 }, () => ({ test: 0, candidates: [1, 2], right: 0 }));
    expect([...oneShotSteps(data, trials)]).toHaveLength(9);
    expect([...distanceSteps(data, new Array(129).fill({ a: 0, b: 1 }) as { a: number; b: number }[])]).toHaveLength(3);
  });
});
