import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
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
    expect(info!.accuracy.value).toBeCloseTo(right / 15);
    expect(info!.accuracy.value).toBeGreaterThan(info!.chance);
    expect(info!.pixels.value).toBeGreaterThan(0);
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
