import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine';
import type { TrainParams } from '../../src/rpc/engine-protocol';
import { shapeImage } from '../support/images';
import { builtAssets, SETTINGS as settings } from '../support/settings';

// A flat folder without classes, truthful answers, and the shipped starter: what a person's first training is.
const assets = builtAssets();
const SHAPES = ['circle', 'square', 'triangle'];
const IMAGES = 60;

let home: string;
let folder: string;
let engine: Engine;

const shapeOf = (index: number) => SHAPES[index % SHAPES.length];
const fileOf = (index: number) => `${String(index).padStart(3, '0')}.png`;
const training = (over: Partial<TrainParams> = {}): TrainParams => ({ folder, settings, name: 'learned', ...over });

beforeAll(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'margin-map-'));
  folder = path.join(home, 'flat');
  await mkdir(folder);
  for (let i = 0; i < IMAGES; i++) await writeFile(path.join(folder, fileOf(i)), await shapeImage(shapeOf(i), i));
  engine = new Engine(assets, { log: () => undefined, changed: () => undefined });
  await answer(folder, 0, IMAGES);
}, 300_000);

afterAll(async () => {
  await engine.dispose();
  await rm(home, { recursive: true, force: true });
});

/** Says of each of these images what it and the three after the next are. */
async function answer(where: string, from: number, to: number): Promise<void> {
  const rows: string[] = ['a,b,same'];
  for (let i = from; i < to; i++) {
    for (const step of [1, 3]) {
      const j = from + ((i - from + step) % (to - from));
      // Small components: every tenth image begins a new one.
      if (step === 3 && Math.floor(i / 10) !== Math.floor(j / 10)) continue;
      rows.push(`${fileOf(i)},${fileOf(j)},${shapeOf(i) === shapeOf(j) ? 1 : 0}`);
    }
  }
  const file = path.join(home, `answers-${from}.csv`);
  await writeFile(file, `${rows.join('\n')}\n`);
  const columns = { kind: 'pairs', a: 'a', b: 'b', label: 'same', convention: 'one-is-same' } as const;
  await engine.import({ folder: where, settings, file, format: 'csv', columns });
}

/** The same images in a new folder, each in that of its class. */
async function inClasses(name: string, classOf: (index: number) => string): Promise<string> {
  const classed = path.join(home, name);
  for (let i = 0; i < IMAGES; i++) {
    await mkdir(path.join(classed, classOf(i)), { recursive: true });
    await cp(path.join(folder, fileOf(i)), path.join(classed, classOf(i), fileOf(i)));
  }
  return classed;
}

const cardOf = async (name: string) =>
  JSON.parse(await readFile(path.join(folder, '.margin/models', name, 'card.json'), 'utf8')) as Record<string, unknown>;

describe('training on answers alone', () => {
  it('learns a map of the model in use, judges it by answers that it did not see, and keeps it as a model that embeds', async () => {
    const result = await engine.train(training());
    expect(result.map).toMatchObject({ from: 'starter' });
    const map = result.map!;
    if (map.learned !== 'answers') throw new Error('the map is of classes');
    const { before, after, better, same, different } = map;
    expect(Math.min(same, different)).toBeGreaterThanOrEqual(10);
    expect(after.value > before.value).toBe(better);
    expect(result.answers!.judged).toBeGreaterThan(100);
    const card = await cardOf('learned');
    expect(card['evaluation']).toMatchObject({ answers: { before, after, better } });
    expect(card['description']).toMatch(better ? /“starter” with a linear map/ : /No better than “starter”/);
    const embedded = await engine.embed({ folder, settings: { ...settings, model: 'learned' } });
    expect(embedded).toMatchObject({ images: IMAGES, problems: [] });
  }, 300_000);

  it('repeats with a seed, and learns a model that is a map already anew from what that was made from', async () => {
    const weights = (name: string) => readFile(path.join(folder, '.margin/models', name, 'weights.bin'));
    const second = await engine.train(training({ name: 'second', from: 'learned' }));
    expect(second.map!.from).toBe('starter');
    expect(await weights('second')).toEqual(await weights('learned'));
  }, 300_000);

  it('trains a head on top of such a model too', async () => {
    const result = await engine.train(
      training({ name: 'headed', from: 'learned', freeze: true, epochs: 1, stepsPerEpoch: 2, loss: 'contrastive' }),
    );
    expect(result.map).toBeUndefined();
    expect(result.epochs).toBe(1);
  }, 300_000);

  it('refuses what a map has no choice of, and too few answers, with what to do', async () => {
    await expect(engine.train(training({ map: true, loss: 'contrastive' }))).rejects.toMatchObject({
      code: 'bad-choice',
      hint: expect.stringContaining('--no-map') as string,
    });
    const few = path.join(home, 'few');
    await cp(folder, few, { recursive: true, filter: from => !from.includes('.margin') });
    await answer(few, 0, 6);
    await expect(engine.train({ ...training(), folder: few })).rejects.toMatchObject({
      code: 'too-little',
      message: expect.stringMatching(/too few answers/) as string,
    });
    expect(await readdir(few)).not.toContain('models');
  }, 300_000);

  it('is not what a folder of classes gets unless it is asked for', async () => {
    const classed = await inClasses('classed', shapeOf);
    const quick = { epochs: 1, stepsPerEpoch: 2, heldOut: 0 } as const;
    expect((await engine.train({ ...training(quick), folder: classed })).map).toBeUndefined();
    // A head alone is judged on held-out images as any network is.
    const head = { ...training({ ...quick, from: 'starter', freeze: true, heldOut: 0.3 }), folder: classed };
    expect((await engine.train(head)).history[0].heldOut).toBeGreaterThan(0);
  }, 300_000);
});

describe('a map of classes', () => {
  it('is learned where it is asked for, judged by classes left out, and the model as it was where it is no better', async () => {
    const classed = await inClasses('mapped', shapeOf);
    const result = await engine.train({ ...training({ map: true }), folder: classed });
    expect(result).toMatchObject({ classes: SHAPES.length, images: IMAGES, measure: 'map-at-r' });
    const map = result.map!;
    if (map.learned !== 'classes') throw new Error('the map is of answers');
    expect(map).toMatchObject({ from: 'starter', by: 'class' });
    expect(map.before.queries).toBe(IMAGES);
    expect(map.after.mapAtR.value > map.before.mapAtR.value).toBe(map.better);
    const model = path.join(classed, '.margin/models/learned');
    const card = JSON.parse(await readFile(path.join(model, 'card.json'), 'utf8')) as Record<string, unknown>;
    expect(card['evaluation']).toMatchObject({ classes: { by: 'class', better: map.better } });
    const embedded = await engine.embed({ folder: classed, settings: { ...settings, model: 'learned' } });
    expect(embedded).toMatchObject({ images: IMAGES, problems: [] });
  }, 300_000);

  it('is judged by images left out where there are two classes, and needs that many', async () => {
    const two = await inClasses('two', i => (shapeOf(i) === 'circle' ? 'round' : 'edged'));
    const result = await engine.train({ ...training({ map: true, use: ['classes'] }), folder: two });
    expect(result.map).toMatchObject({ learned: 'classes', by: 'image' });
    const one = await inClasses('one', () => 'all');
    await expect(engine.train({ ...training({ map: true, use: ['classes'] }), folder: one })).rejects.toMatchObject({
      code: 'too-little',
    });
  }, 300_000);
});
