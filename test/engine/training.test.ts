import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine';
import { measureBefore, oldAnswers, pairKnowledge } from '../../src/engine/jobs/train-answers';
import { RelationGraph } from '../../src/core/relations';
import type { Relation } from '../../src/core/types';
import type { KnownImage } from '../../src/engine/inventory';
import { Knowledge } from '../../src/engine/knowledge';
import type { Workspace } from '../../src/engine/workspace';
import type { Progress, TrainParams, TrainResult, TripletItem } from '../../src/rpc/engine-protocol';
import { shapeImage, writeShapes } from '../support/images';
import { builtAssets, SETTINGS as settings } from '../support/settings';

// Networks small enough to train in a second, on folders with and without classes.
const assets = builtAssets();
let home: string;
let engine: Engine;

beforeAll(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'margin-training-'));
  engine = new Engine(assets, { log: () => undefined, changed: () => undefined });
});

afterAll(async () => {
  await engine.dispose();
  await rm(home, { recursive: true, force: true });
});

const quick = {
  ...({ backbone: 'conv4', inputSize: 16, widen: 0.125, embeddingSize: 8, map: false } as const),
  ...{ epochs: 2, stepsPerEpoch: 2, classesPerBatch: 3, imagesPerClass: 3 },
} as const;

const training = (folder: string, over: Partial<TrainParams> = {}): TrainParams => ({
  ...{ folder, settings, name: 'trained' },
  ...quick,
  ...over,
});

const say = (folder: string, a: string, b: string, relation: Relation, by = settings.by) =>
  engine.answerFiles({ folder, settings: { ...settings, by }, a, b, relation });

interface Card {
  training: Record<string, unknown>;
  evaluation: Record<string, unknown>;
}

const cardOf = async (folder: string, name = 'trained') =>
  JSON.parse(await readFile(path.join(folder, '.margin/models', name, 'card.json'), 'utf8')) as Card;

const checkpointOf = (folder: string, name = 'trained') => path.join(folder, '.margin/cache/training', name);

async function exists(at: string): Promise<boolean> {
  return stat(at).then(
    () => true,
    () => false,
  );
}

let folders = 0;
async function shapes(each = 6): Promise<string> {
  const folder = path.join(home, `shapes ${++folders}`);
  await writeShapes(folder, each);
  return folder;
}

const KINDS = ['circle', 'square', 'triangle'];
const flatFile = (i: number) => `${String(i).padStart(3, '0')}.png`;

/** A folder without classes, its images of the three shapes in turn, and truthful answers about pairs of them. */
async function flat(images: number, pairs: [number, number][]): Promise<string> {
  const folder = path.join(home, `flat ${++folders}`);
  await mkdir(folder);
  for (let i = 0; i < images; i++) await writeFile(path.join(folder, flatFile(i)), await shapeImage(KINDS[i % 3], i));
  for (const [a, b] of pairs) await say(folder, flatFile(a), flatFile(b), a % 3 === b % 3 ? 'same' : 'different');
  return folder;
}

const image = (name: string) => ({ hash: `sha256:${name}`, paths: [name], class: null }) as unknown as KnownImage;

/** What people say of pairs of images; several relations: one by each person. */
const knowledgeOf = (pairs: readonly [string, string, ...Relation[]][]) =>
  new Knowledge(
    undefined as never,
    RelationGraph.of(
      pairs.map(([a, b, ...relations], i) => ({
        a: image(a).hash,
        b: image(b).hash,
        judgements: relations.map((relation, k) => ({ id: `${i}-${k}`, relation, by: `person-${k}` })),
      })),
    ),
  );

describe('mined triplets', () => {
  it('are what is learned from where they are asked for: those still true, of the model that is followed', async () => {
    const folder = await shapes();
    const wanted = training(folder, { use: ['mined'], heldOut: 0 });
    const stages = new Set<string>();
    await expect(engine.train(wanted, { report: ({ stage }) => stages.add(stage) })).rejects.toMatchObject({
      code: 'not-mined',
      message: expect.stringMatching(/No triplets mined by “starter”/) as string,
      hint: expect.stringMatching(/margin mine/) as string,
    });
    expect(stages).not.toContain('decode');
    const lane = {
      ...({ lane: 'hard-triplets', metric: 'auto', margin: 'auto', strategy: 'all' } as const),
      ...{ topK: 40, perImage: 20, seed: 1 },
    } as const;
    const { candidates } = await engine.mine({ folder, settings, ...lane }).then(async () => ({
      candidates: await engine.candidates({ folder, settings, lane: 'hard-triplets' }),
    }));
    const triplets = candidates.filter((item): item is TripletItem => item.kind === 'triplet');
    expect(triplets.length).toBeGreaterThan(3);
    const first = await engine.train(wanted);
    const all = { triplets: triplets.length, stored: triplets.length, model: 'starter' };
    expect(first.mined).toEqual(all);
    expect((await cardOf(folder)).training).toMatchObject({ mined: all, triplets: triplets.length });

    // What was answered otherwise since is learned from no more, nor what a flagged image is in.
    const [{ anchor, negative }] = triplets;
    await say(folder, anchor.path, negative.path, 'same');
    const flagged = triplets.find(
      item => ![item.anchor, item.positive, item.negative].some(({ hash }) => hash === anchor.hash),
    )!;
    await engine.flag({ folder, settings, image: flagged.negative.hash, token: 'f' });
    const gone = triplets.filter(
      item =>
        [item.positive, item.negative, item.anchor].some(({ hash }) => hash === flagged.negative.hash) ||
        ([anchor.hash, negative.hash].includes(item.anchor.hash) &&
          [anchor.hash, negative.hash].includes(item.negative.hash)),
    );
    const second = await engine.train(wanted);
    expect(second.mined!.stored).toBe(triplets.length);
    expect(second.mined!.triplets).toBe(triplets.length - gone.length);

    // Another model's triplets are not these.
    const { backbone: _b, inputSize: _s, widen: _w, ...rest } = wanted;
    void [_b, _s, _w];
    await expect(engine.train({ ...rest, name: 'other', from: 'trained' })).rejects.toMatchObject({
      code: 'not-mined',
      message: expect.stringMatching(/No triplets mined by “trained”.*only some by “starter”/) as string,
    });
    await expect(engine.train({ folder, settings, name: 'map', map: true, use: ['mined'] })).rejects.toMatchObject({
      code: 'bad-choice',
    });
  }, 300_000);
});

describe('what answers leave open', () => {
  const known = (...pairs: [string, string, ...Relation[]][]) => {
    const names = [...new Set(pairs.flatMap(([a, b]) => [a, b]))].sort();
    const found = pairKnowledge({ knowledge: knowledgeOf(pairs) } as Workspace, names.map(image));
    const text = ({ a, b }: { a: number; b: number }) => [names[a], names[b]].sort().join('');
    return {
      answers: found.answers.map(answer => `${text(answer)} ${answer.relation}`).sort(),
      unknown: found.unknown.map(text).sort(),
      out: found.incomparable.map(row => names[row]).sort(),
    };
  };

  it('is a pair that nobody could tell, also where others imply it; an image with no other answer stays out', () => {
    expect(
      known(['a', 'b', 'same'], ['b', 'c', 'same'], ['a', 'c', 'incomparable'], ['c', 'd', 'incomparable']),
    ).toEqual({
      answers: ['ab same', 'bc same'],
      unknown: ['ac', 'cd'],
      out: ['d'],
    });
  });

  it('is a pair that people answer one way and the other, and those of a chain that contradicts itself', () => {
    expect(known(['a', 'b', 'same', 'different'], ['c', 'd', 'same', 'incomparable'])).toMatchObject({
      answers: ['cd same'],
      unknown: ['ab'],
      out: [],
    });
    expect(
      known(['a', 'b', 'same'], ['b', 'c', 'same'], ['a', 'c', 'different'], ['c', 'd', 'different']),
    ).toMatchObject({
      unknown: expect.arrayContaining(['ab', 'ac', 'bc']) as string[],
      out: [],
    });
  });

  it('keeps an image out of a training by classes too', async () => {
    const folder = await shapes();
    await say(folder, 'circle/00.png', 'square/00.png', 'incomparable');
    await engine.train(training(folder, { heldOut: 0, use: ['classes'] }));
    expect((await cardOf(folder)).training['images']).toBe(16);
  }, 300_000);
});

describe('a training that goes on from a model', () => {
  it('is judged beside that one, and its card says which it was', async () => {
    const folder = await shapes();
    await engine.train(training(folder, { name: 'base', heldOut: 0 }));
    const { backbone: _b, inputSize: _s, widen: _w, ...rest } = training(folder, { from: 'base', heldOut: 0.34 });
    void [_b, _s, _w];
    const result = await engine.train(rest);
    expect(result.modelBefore).toBe('base');
    const card = await cardOf(folder);
    expect(card.training).toMatchObject({ from: 'base', fromKey: expect.any(String) as string });
    expect(card.evaluation).toMatchObject({ before: { model: 'base' } });
    const alone = await engine.train(training(folder, { name: 'alone', heldOut: 0.34 }));
    expect(alone.modelBefore).toBe('starter');
    expect(alone.heldOutBy).toBe('image');
    expect((await cardOf(folder, 'alone')).training).not.toHaveProperty('from');
    // The model before is judged also where the new one takes its place, and by a path as by a name.
    const from = path.join(folder, '.margin/models/base');
    const inPlace = await engine.train({ ...rest, from, epochs: 12, stepsPerEpoch: 8, name: 'base' });
    expect(inPlace.modelBefore).toBe(from);
    expect(inPlace.unchanged).toBeUndefined();
    expect(inPlace.after!.mapAtR.value).not.toBeCloseTo(inPlace.before!.mapAtR.value, 5);
    expect(inPlace.before!.mapAtR.value).toBeCloseTo(result.before!.mapAtR.value, 5);
  }, 300_000);
});

describe('a training on answers alone', () => {
  it('is judged by held-out pairs of both kinds, before and after, with intervals', async () => {
    const pairs: [number, number][] = [];
    // Eight small components and a `different` between each two.
    for (let c = 0; c < 8; c++) {
      const at = (k: number) => (c % 3) + 3 * (Math.floor(c / 3) * 3 + k);
      pairs.push([at(0), at(1)], [at(1), at(2)]);
    }
    for (let c = 0; c < 8; c++)
      for (let d = c + 1; d < 8; d++)
        if (c % 3 !== d % 3) pairs.push([(c % 3) + 9 * Math.floor(c / 3), (d % 3) + 9 * Math.floor(d / 3)]);
    const folder = await flat(27, pairs);
    const result = await engine.train(training(folder));
    expect(result).toMatchObject({ classes: 0, measure: 'auc', heldOutBy: 'component' });
    expect(Math.min(result.pairs!.same, result.pairs!.different)).toBeGreaterThan(0);
    for (const auc of [result.pairs!.before!, result.pairs!.after!]) {
      expect(auc.low).toBeLessThanOrEqual(auc.value);
      expect(auc.high).toBeGreaterThanOrEqual(auc.value);
    }
    expect(result.history.every(({ heldOut }) => heldOut !== undefined)).toBe(true);
    expect((await cardOf(folder)).evaluation).toMatchObject({
      pairs: { model: 'starter', before: result.pairs!.before },
    });
  }, 300_000);

  it('says why it is not judged where no part of them can be held out', async () => {
    const folder = await flat(6, [
      [0, 3],
      [0, 1],
    ]);
    const result = await engine.train(training(folder));
    expect(result.heldOutWhy).toMatch(/Nothing could be held out/);
    expect(result.pairs).toBeUndefined();
    expect((await cardOf(folder)).evaluation).toMatchObject({ why: result.heldOutWhy });
    expect((await cardOf(folder)).training).toMatchObject({ heldOut: { by: 'none', why: result.heldOutWhy } });
  }, 300_000);
});

describe('a training’s checkpoint', () => {
  it('goes with a training that ended; the same one is then done anew', async () => {
    const folder = await shapes();
    const wanted = training(folder, { patience: 1, epochs: 12 });
    const runs: TrainResult[] = [];
    for (let i = 0; i < 2; i++) {
      runs.push(await engine.train(wanted));
      expect(await exists(checkpointOf(folder))).toBe(false);
    }
    expect(runs.map(({ resumedFrom }) => resumedFrom)).toEqual([0, 0]);
    expect(runs[1].history).toEqual(runs[0].history);
  }, 300_000);

  it('stays with one that was cancelled, which goes on; on other data it is begun anew, and that is said', async () => {
    const folder = await shapes();
    const wanted = training(folder, { epochs: 400, stepsPerEpoch: 4, patience: 0 });
    const until = async (epoch: number) => {
      const abort = new AbortController();
      const heard: Progress[] = [];
      const result = await engine.train(wanted, {
        signal: abort.signal,
        report: progress => {
          heard.push(progress);
          if ((progress.training?.history.at(-1)?.epoch ?? 0) >= epoch) abort.abort();
        },
      });
      return { result, heard };
    };
    const first = await until(1);
    expect(first.result.ended).toBe('cancelled');
    expect(await exists(checkpointOf(folder))).toBe(true);
    const second = await until(first.result.epochs + 1);
    expect(second.result.resumedFrom).toBeGreaterThan(0);
    expect(second.result.otherData).toBeUndefined();
    const begun = second.heard.find(({ training: at }) => at)!.training!;
    expect(begun.resumedFrom).toBe(second.result.resumedFrom);
    expect(begun.history.slice(0, begun.resumedFrom)).toEqual(second.result.history.slice(0, begun.resumedFrom));

    await say(folder, 'circle/00.png', 'circle/01.png', 'incomparable');
    await say(folder, 'circle/00.png', 'circle/02.png', 'same');
    await say(folder, 'circle/01.png', 'circle/03.png', 'same');
    const third = await until(1);
    expect(third.result.resumedFrom).toBe(0);
    expect(third.result.otherData).toBeGreaterThanOrEqual(second.result.resumedFrom);
    expect(third.heard.find(({ training: at }) => at)!.training!.otherData).toBe(third.result.otherData);
  }, 300_000);
});

describe('old answers under a new model', () => {
  it('are those now easy, still violated and newly violated, beside the model before', async () => {
    const images = 'abcdefghijkl'.split('').map(image);
    const pairs: [string, string, Relation][] = [
      ['a', 'b', 'same'],
      ['c', 'd', 'same'],
      ['e', 'f', 'same'],
      ['g', 'h', 'different'],
      ['i', 'j', 'different'],
      ['k', 'l', 'different'],
      ['a', 'l', 'incomparable'],
    ];
    const workspace = { knowledge: knowledgeOf(pairs) } as Workspace;
    const by =
      (distances: Record<string, number>) =>
      (asked: readonly { a: number; b: number }[]): Promise<number[]> =>
        Promise.resolve(
          asked.map(
            ({ a, b }) =>
              distances[
                [images[a], images[b]]
                  .map(({ paths }) => paths[0])
                  .sort()
                  .join('')
              ],
          ),
        );
    const old = by({ ab: 0.1, cd: 0.9, ef: 0.8, gh: 0.95, ij: 0.2, kl: 0.9 });
    const now = by({ ab: 0.1, cd: 0.2, ef: 0.9, gh: 0.8, ij: 0.85, kl: 0.15 });
    const before = await measureBefore(workspace, images, 'old', old);
    const said = (await oldAnswers(workspace, images, { ...(before && { before }), after: now }))!;
    expect(said).toMatchObject({ judged: 6, same: 3, different: 3, violated: 2 });
    expect(said.compared).toMatchObject({
      ...{ model: 'old', violatedBefore: 3 },
      ...{ nowEasy: 2, stillViolated: 1, newlyViolated: 1 },
    });
    expect(said.stillViolated).toEqual([{ a: 'e', b: 'f', relation: 'same', before: 0.8, after: 0.9 }]);
    // Nothing can be said by a model that has the same farther apart than the different.
    const upside = by({ ab: 1, cd: 0.9, ef: 0.8, gh: 0.1, ij: 0.2, kl: 0.3 });
    expect(await oldAnswers(workspace, images, { after: upside })).toEqual({
      ...{ judged: 6, same: 3, different: 3, unsaid: 'no-order' },
    });
  });

  it('say nothing where all are of one kind, and why', async () => {
    const folder = await shapes();
    await say(folder, 'circle/00.png', 'circle/01.png', 'same');
    const { answers } = await engine.train(training(folder, { heldOut: 0 }));
    expect(answers).toEqual({ judged: 1, same: 1, different: 0, unsaid: 'one-kind' });
  }, 300_000);
});
