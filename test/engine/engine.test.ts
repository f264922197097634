import { appendFile, chmod, cp, mkdir, mkdtemp, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { existsSync, renameSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine';
import type { MineParams, PairItem, Progress, TripletItem } from '../../src/rpc/engine-protocol';
import { shapeImage, writeShapes } from '../support/images';
import { builtAssets, SETTINGS as settings } from '../support/settings';

// The engine as both the editor and the command line use it: real files, the shipped starter, the built workers.
const assets = builtAssets();

let home: string;
let pristine: string;
let engine: Engine;
const logs: string[] = [];

beforeAll(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'margin-engine-'));
  pristine = path.join(home, 'pristine');
  await writeShapes(pristine, 8);
  engine = open();
}, 60_000);

afterEach(() => {
  logs.length = 0;
});

afterAll(async () => {
  await engine.dispose();
  await rm(home, { recursive: true, force: true });
});

function open(): Engine {
  return new Engine(assets, { log: (_, message) => logs.push(message), changed: () => undefined });
}

/** Lets go of every folder, as closing the window does. */
async function restart(): Promise<void> {
  await engine.dispose();
  engine = open();
}

let copies = 0;
async function fresh(): Promise<string> {
  const folder = path.join(home, `copy ${++copies}`);
  await cp(pristine, folder, { recursive: true });
  return folder;
}

const mining = (folder: string, over: Partial<MineParams> = {}): MineParams => ({
  folder,
  settings,
  lane: 'semi-hard-triplets',
  metric: 'auto',
  margin: 0.5,
  strategy: 'nearest',
  topK: 200,
  perImage: 20,
  seed: 1,
  ...over,
});

describe('scan', () => {
  it('counts images and classes, names what cannot be used, and says which backend and decoder run', async () => {
    const folder = await fresh();
    await writeFile(path.join(folder, 'notes.txt'), 'x');
    const result = await engine.scan({ folder, settings });
    expect(result).toMatchObject({ images: 24, distinct: 24, unclassed: 0, skipped: { txt: 1 } });
    expect(result.classes).toEqual(['circle', 'square', 'triangle'].map(name => ({ name, images: 8 })));
    expect(['node', 'wasm', 'onnx']).toContain(result.backend.name);
    expect(result.backend.why.length).toBeGreaterThan(0);
    expect(result.decoder.name).toMatch(/sharp/);
  });
});

describe('embed', () => {
  it('embeds once: an unchanged folder costs nothing, a renamed file nothing, a changed file one', async () => {
    const folder = await fresh();
    expect(await engine.embed({ folder, settings })).toMatchObject({ embedded: 24, fromCache: 0, problems: [] });
    expect(await engine.embed({ folder, settings })).toMatchObject({ embedded: 0, fromCache: 24 });
    await rename(path.join(folder, 'circle/00.png'), path.join(folder, 'circle/renamed.png'));
    expect(await engine.embed({ folder, settings })).toMatchObject({ embedded: 0, fromCache: 24 });
    await writeFile(path.join(folder, 'square/03.png'), await shapeImage('square', 99));
    expect(await engine.embed({ folder, settings })).toMatchObject({ embedded: 1, fromCache: 23 });
    const again = open();
    expect(await again.embed({ folder, settings })).toMatchObject({ embedded: 0, fromCache: 24 });
    await again.dispose();
  });

  it('names files that do not decode and goes on', async () => {
    const folder = await fresh();
    const whole = await shapeImage('circle', 50, 'jpeg');
    await writeFile(path.join(folder, 'circle/cut.jpg'), whole.subarray(0, whole.length - 200));
    await writeFile(path.join(folder, 'circle/text.jpg'), 'not a picture');
    await writeFile(path.join(folder, 'circle/empty.png'), '');
    const result = await engine.embed({ folder, settings });
    expect(result.embedded).toBe(24);
    expect(result.problems.map(p => p.path).sort()).toEqual(['circle/cut.jpg', 'circle/empty.png', 'circle/text.jpg']);
    for (const { reason } of result.problems) expect(reason.length).toBeGreaterThan(10);
  });

  it('cancels and takes up where it stopped', async () => {
    const folder = await fresh();
    for (let i = 0; i < 200; i++)
      await writeFile(path.join(folder, `circle/more${i}.png`), await shapeImage('square', 100 + i));
    const controller = new AbortController();
    const stages: Progress[] = [];
    const running = engine.embed(
      { folder, settings },
      {
        signal: controller.signal,
        report: progress => {
          stages.push(progress);
          if (progress.stage === 'embed' && progress.done > 0) controller.abort();
        },
      },
    );
    await expect(running).rejects.toThrow(/abort/i);
    expect(stages.map(({ stage }) => stage)).toContain('embed');
    const rest = await engine.embed({ folder, settings });
    expect(rest.embedded + rest.fromCache).toBe(rest.images);
    expect(rest.fromCache).toBeGreaterThan(0);
  });
});

describe('mine, judge, undo', () => {
  it('takes the margin that fits the model where nobody chose one, and says which and why', async () => {
    const folder = await fresh();
    const triplets = await engine.mine(mining(folder, { margin: 'auto' }));
    expect(triplets.lane.margin).toBe(0.2);
    expect(triplets.report.notes).toContain('margin 0.200: the model was trained with it');
    const negatives = await engine.mine(mining(folder, { margin: 'auto', lane: 'hard-negatives' }));
    expect(negatives.lane.margin).not.toBe(0.2);
    expect(negatives.report.notes[0]).toMatch(/^margin 0\.\d+: a quarter of the images/);
    // That is what the margin promises: images with a negative within it.
    expect(negatives.lane.total).toBeGreaterThan(0);
  });

  it('mines a lane whose items hold real images, repeatably', async () => {
    const folder = await fresh();
    const { lane, report } = await engine.mine(mining(folder));
    expect(lane.total).toBeGreaterThan(10);
    expect(lane.remaining).toBe(lane.total);
    expect(report).toMatchObject({ images: 24, classes: 3, partial: false });
    const { items } = await engine.window({ folder, settings, lane: lane.lane, count: 9 });
    expect(items).toHaveLength(9);
    for (const item of items as TripletItem[]) {
      expect(item.anchor.class).toBe(item.positive.class);
      expect(item.negative.class).not.toBe(item.anchor.class);
      const t = item.negativeDistance - item.positiveDistance;
      expect(t).toBeGreaterThan(0);
      expect(t).toBeLessThan(0.5);
      await stat(path.join(folder, item.anchor.path));
    }
    const again = await engine.mine(mining(folder));
    const second = await engine.window({ folder, settings, lane: lane.lane, count: 9 });
    expect(again.lane.total).toBe(lane.total);
    expect(second.items).toEqual(items);
  });

  it('keeps the lane that is stored when mining it again is cancelled, and gives what was found beside it', async () => {
    const folder = path.join(home, 'many');
    await writeShapes(folder, 120);
    const whole = await engine.mine(mining(folder));
    const before = await engine.window({ folder, settings, lane: whole.lane.lane, count: 1000 });
    const cancelled = async (items: number) => {
      const stop = new AbortController();
      const report = ({ stage }: Progress) => {
        if (stage === 'mine') stop.abort();
      };
      // draws are made by the plain kernel, image by image: the first report comes long before the end
      return engine.mine(mining(folder, { strategy: 'distance-weighted', items }), { signal: stop.signal, report });
    };
    const part = await cancelled(5);
    expect(part.report.partial).toBe(true);
    expect(part.lane.total).toBeLessThan(whole.lane.total);
    expect(part.kept).toEqual(whole.lane);
    expect(part.items).toHaveLength(Math.min(5, part.lane.total));
    expect(await engine.window({ folder, settings, lane: whole.lane.lane, count: 1000 })).toEqual(before);
    await restart();
    expect((await engine.window({ folder, settings, lane: whole.lane.lane, count: 1000 })).items).toEqual(before.items);
    // where nothing was mined before, a part is better than nothing; a whole lane takes its place
    await engine.clearCache({ folder, settings });
    const first = await cancelled(0);
    expect(first.kept).toBeUndefined();
    expect(await engine.lanes({ folder, settings })).toEqual([first.lane]);
    expect((await engine.mine(mining(folder))).kept).toBeUndefined();
    expect((await engine.lanes({ folder, settings }))[0].total).toBe(whole.lane.total);
  });

  it('counts files with the same bytes, and asks first about those that lie in two classes, by their paths', async () => {
    const folder = await fresh();
    await cp(path.join(folder, 'circle/00.png'), path.join(folder, 'circle/again.png'));
    await cp(path.join(folder, 'square/03.png'), path.join(folder, 'triangle/square.png'));
    const lane = mining(folder, { lane: 'label-errors', items: 100 });
    const { report, items = [] } = await engine.mine(lane);
    expect(report.leftOut['identicalFiles']).toBe(2);
    expect(report.images).toBe(24);
    const [first] = items as PairItem[];
    const [suspect, witness] = first.suspect === 'a' ? [first.a, first.b] : [first.b, first.a];
    expect(suspect).toMatchObject({ path: 'square/03.png', class: 'square' });
    expect(witness.class).toBe('triangle');
    expect(first.reason).toBe(
      'square/03.png: filed under “square”, and with the same bytes as triangle/square.png (“triangle”): at most one class is right',
    );
    const { items: asked } = await engine.window({ folder, settings, lane: 'label-errors', count: 9 });
    expect(asked[0]).toMatchObject({ suspect: first.suspect, reason: first.reason });
    // the path is where the file lies now
    await rename(path.join(folder, 'square/03.png'), path.join(folder, 'square/renamed.png'));
    await engine.scan({ folder, settings });
    const { items: later } = await engine.window({ folder, settings, lane: 'label-errors', count: 100 });
    expect(later.find(({ id }) => id === first.id)?.reason).toMatch(/^square\/renamed\.png: filed under/);
    // a class that a person names settles it
    const review = await engine.review({ folder, settings });
    await review.reclass([suspect.hash], 'square', 'r');
    const after = await engine.mine(lane);
    for (const { reason } of after.items ?? []) expect(reason).not.toContain('filed under');
  });

  it('has an answer on disk before the window moves on, never asks it again, and brings it back on undo', async () => {
    const folder = await fresh();
    const { lane } = await engine.mine(mining(folder));
    const before = await engine.window({ folder, settings, count: 9 });
    const [first] = before.items as TripletItem[];
    const after = await engine.answer({
      folder,
      settings,
      lane: lane.lane,
      itemId: first.id,
      verdict: 'good',
      ms: 812,
      token: 't-1',
    });
    const lines = (await readFile(path.join(folder, '.margin/answers.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toHaveLength(2);
    expect(lines.map(line => line['relation'])).toEqual(['same', 'different']);
    expect(lines[0]).toMatchObject({
      kind: 'answer',
      by: 'ada@example.org',
      ms: 812,
      paths: [first.anchor.path, first.positive.path],
    });
    expect(lines[0]['why']).toMatchObject({ lane: lane.lane, model: 'starter', margin: 0.5, rank: 0 });
    expect(after.items.map(item => item.id)).not.toContain(first.id);
    expect(after.lane?.remaining).toBeLessThan(lane.total);
    expect(after.history?.[0]).toMatchObject({ id: first.id, verdict: 'good' });
    expect(after).toMatchObject({ answers: 2, canUndo: true });

    await engine.mine(mining(folder));
    const ids = (await engine.window({ folder, settings, count: 1000 })).items.map(item => item.id);
    expect(ids).not.toContain(first.id);

    const undone = await engine.undo({ folder, settings, lane: lane.lane, token: 'u-1' });
    expect(undone.answers).toBe(0);
    await engine.mine(mining(folder));
    expect((await engine.window({ folder, settings, count: 1 })).items[0].id).toBe(first.id);
  });

  it('writes an answer once however often it is sent', async () => {
    const folder = await fresh();
    const { lane } = await engine.mine(mining(folder));
    const [item] = (await engine.window({ folder, settings, count: 1 })).items;
    const params = {
      folder,
      settings,
      lane: lane.lane,
      itemId: item.id,
      verdict: 'incomparable',
      ms: 5,
      token: 'once',
    } as const;
    await Promise.all([engine.answer(params), engine.answer(params)]);
    const other = open();
    await other.answer(params);
    await other.dispose();
    const text = await readFile(path.join(folder, '.margin/answers.jsonl'), 'utf8');
    expect(text.trim().split('\n')).toHaveLength(2);
  });

  it('outlives a restart: lane, answers and undo', async () => {
    const folder = await fresh();
    const { lane } = await engine.mine(mining(folder));
    const { items } = await engine.window({ folder, settings, count: 3 });
    await engine.answer({ folder, settings, lane: lane.lane, itemId: items[0].id, verdict: 'good', ms: 1, token: 'a' });
    await restart();
    const other = open();
    const window = await other.window({ folder, settings, count: 1 });
    expect(window.items[0].id).toBe(items[1].id);
    const undone = await other.undo({ folder, settings, lane: lane.lane, token: 'b' });
    expect(undone.undone?.id).toBe(items[0].id);
    expect(undone.items[0].id).toBe(items[0].id);
    await other.dispose();
  });

  it('leads back to the very same question by undo, and by a restart, however far one went', async () => {
    const folder = await fresh();
    const { lane } = await engine.mine(mining(folder));
    const first = async (from: Engine) =>
      (await from.window({ folder, settings, count: 9 })).items.map(item => item.id);
    const trail = [await first(engine)];
    for (let i = 0; i < 12; i++) {
      const verdict = i % 3 === 0 ? 'good' : i % 3 === 1 ? 'negative-same' : 'incomparable';
      const itemId = trail[i][0];
      await engine.answer({ folder, settings, lane: lane.lane, itemId, verdict, ms: 1, token: `f${i}` });
      trail.push(await first(engine));
    }
    await restart();
    const other = open();
    expect(await first(other)).toEqual(trail[12]);
    for (let i = 11; i >= 0; i--) {
      await other.undo({ folder, settings, lane: lane.lane, token: `b${i}` });
      expect(await first(other)).toEqual(trail[i]);
    }
    await other.dispose();
  });

  it('takes in what another window answered', async () => {
    const folder = await fresh();
    const { lane } = await engine.mine(mining(folder));
    const { items } = await engine.window({ folder, settings, count: 2 });
    const other = open();
    const theirs = { ...settings, by: 'bob@example.org' };
    await other.answer({
      folder,
      settings: theirs,
      lane: lane.lane,
      itemId: items[0].id,
      verdict: 'good',
      ms: 1,
      token: 'c',
    });
    await other.dispose();
    const window = await engine.window({ folder, settings, count: 1000 });
    expect(window.answers).toBe(2);
    expect(window.items.map(item => item.id)).not.toContain(items[0].id);
  });

  it('leaves flagged images alone', async () => {
    const folder = await fresh();
    const { lane } = await engine.mine(mining(folder));
    const [item] = (await engine.window({ folder, settings, count: 1 })).items as TripletItem[];
    const window = await engine.flag({ folder, settings, lane: lane.lane, image: item.anchor.hash, token: 'f' });
    for (const { anchor, positive, negative } of window.items as TripletItem[]) {
      expect([anchor.hash, positive.hash, negative.hash]).not.toContain(item.anchor.hash);
    }
    const back = await engine.undo({ folder, settings, lane: lane.lane, token: 'g' });
    expect(back.lane?.remaining).toBe(lane.total);
  });

  it('gives thumbnails as bytes, also where the file was renamed since', async () => {
    const folder = await fresh();
    await engine.mine(mining(folder));
    const [item] = (await engine.window({ folder, settings, count: 1 })).items as TripletItem[];
    const thumbnail = await engine.thumbnail({ folder, settings, hash: item.anchor.hash, size: 256 });
    expect(thumbnail).toMatchObject({ hash: item.anchor.hash, width: 64, height: 64 });
    expect(thumbnail.bytes.length).toBeGreaterThan(50);
  });

  it('refuses an item or verdict that is none', async () => {
    const folder = await fresh();
    const { lane } = await engine.mine(mining(folder));
    const [item] = (await engine.window({ folder, settings, count: 1 })).items;
    const params = { folder, settings, lane: lane.lane, itemId: item.id, ms: 1, token: 'x' };
    await expect(engine.answer({ ...params, verdict: 'same' })).rejects.toMatchObject({ code: 'bad-verdict' });
    await expect(engine.answer({ ...params, itemId: 'pair:no', verdict: 'good' })).rejects.toMatchObject({
      code: 'unknown-item',
    });
  });
});

describe('bad input', () => {
  const refused = async (folder: string, code: string) => {
    const error = await engine.mine(mining(folder)).catch((e: unknown) => e);
    expect(error).toMatchObject({ code });
    expect((error as Error).message.length).toBeGreaterThan(20);
    expect((error as { data?: { hint?: string }; hint?: string }).hint ?? '').not.toBe('');
  };

  it('an empty folder', async () => {
    const folder = path.join(home, 'empty');
    await mkdir(folder);
    await refused(folder, 'no-images');
  });

  it('an empty folder, or one of which no image can be read, for every job', async () => {
    const folder = path.join(home, 'nothing to read');
    await mkdir(folder);
    const jobs = [
      () => engine.embed({ folder, settings }),
      () => engine.train({ folder, settings, name: 'never' }),
      () => engine.evaluate({ folder, settings }),
      () =>
        engine.export({
          ...{ folder, settings, as: 'pairs', format: 'jsonl', out: path.join(home, 'never') },
          ...{ split: [], seed: 1, from: ['answers', 'classes'] },
        }),
    ];
    for (const job of jobs) await expect(job()).rejects.toMatchObject({ code: 'no-images' });
    await writeFile(path.join(folder, 'a.jpg'), 'no picture');
    for (const job of jobs) await expect(job()).rejects.toMatchObject({ code: 'no-readable-images' });
  });

  it('a folder that vanishes in the middle, and comes back', async () => {
    const folder = await fresh();
    const away = `${folder} (away)`;
    const vanished = engine.embed(
      { folder, settings },
      {
        report: ({ stage, done, total }) => {
          if (stage === 'identify' && done === total && existsSync(folder)) renameSync(folder, away);
        },
      },
    );
    await expect(vanished).rejects.toMatchObject({ code: 'folder-vanished' });
    expect(existsSync(folder)).toBe(false);
    await rename(away, folder);
    expect(await engine.embed({ folder, settings })).toMatchObject({ images: 24, problems: [] });
  });

  it('one image', async () => {
    const folder = path.join(home, 'one');
    await writeShapes(folder, 1, ['circle']);
    await refused(folder, 'one-image');
  });

  it('one class', async () => {
    const folder = path.join(home, 'one class');
    await writeShapes(folder, 4, ['circle']);
    await refused(folder, 'one-class');
  });

  it('every class with a single image', async () => {
    const folder = path.join(home, 'singles');
    await writeShapes(folder, 1);
    await refused(folder, 'all-singletons');
  });

  it('every image unreadable', async () => {
    const folder = path.join(home, 'unreadable');
    await mkdir(path.join(folder, 'a'), { recursive: true });
    for (const name of ['1.jpg', '2.png', '3.webp']) await writeFile(path.join(folder, 'a', name), 'no picture');
    await refused(folder, 'no-readable-images');
  });

  it('a folder that is not there', async () => {
    const error = await engine.mine(mining(path.join(home, 'nowhere'))).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'folder-missing' });
  });

  it('a model that does not load', async () => {
    const folder = await fresh();
    const error = await engine
      .mine(mining(folder, { settings: { ...settings, model: 'nonesuch' } }))
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'model' });
    expect((error as Error).message).toContain('nonesuch');
  });

  it.skipIf(process.getuid?.() === 0)(
    'no write permission: mines with a cache elsewhere, keeps answers in memory and says so',
    async () => {
      const folder = await fresh();
      await chmod(folder, 0o555);
      const { lane } = await engine.mine(mining(folder));
      const [item] = (await engine.window({ folder, settings, count: 1 })).items;
      const window = await engine.answer({
        folder,
        settings,
        lane: lane.lane,
        itemId: item.id,
        verdict: 'good',
        ms: 1,
        token: 'r',
      });
      expect(window.unsaved).toMatchObject({ count: 1 });
      await chmod(folder, 0o755);
    },
  );

  it('a .margin that cannot be written: mines all the same, keeps answers in memory and says so', async () => {
    const folder = await fresh();
    await writeFile(path.join(folder, '.margin'), 'a file where the folder should be');
    const { lane } = await engine.mine(mining(folder));
    const [item] = (await engine.window({ folder, settings, count: 1 })).items;
    const window = await engine.answer({
      folder,
      settings,
      lane: lane.lane,
      itemId: item.id,
      verdict: 'good',
      ms: 1,
      token: 'r',
    });
    expect(window.unsaved).toMatchObject({ count: 1 });
    expect(window.unsaved?.reason).toBeTruthy();
    await rm(path.join(folder, '.margin'));
  });

  it('a ledger with torn and foreign lines is read, and they are named', async () => {
    const folder = await fresh();
    const { lane } = await engine.mine(mining(folder));
    const [item] = (await engine.window({ folder, settings, count: 1 })).items;
    await engine.answer({ folder, settings, lane: lane.lane, itemId: item.id, verdict: 'good', ms: 1, token: 'q' });
    await appendFile(path.join(folder, '.margin/answers.jsonl'), '<<<<<<< HEAD\n{"v":1,"id":"torn');
    const other = open();
    const window = await other.window({ folder, settings, count: 1 });
    expect(window.answers).toBe(2);
    expect(logs.some(line => line.includes('line 3'))).toBe(true);
    await other.dispose();
  });

  it('an edited image loses its answers, and the log says so', async () => {
    const folder = await fresh();
    const { lane } = await engine.mine(mining(folder));
    const [item] = (await engine.window({ folder, settings, count: 1 })).items as TripletItem[];
    await engine.answer({ folder, settings, lane: lane.lane, itemId: item.id, verdict: 'good', ms: 1, token: 'e' });
    const file = path.join(folder, item.anchor.path);
    await writeFile(file, await shapeImage('circle', 77));
    await utimes(file, new Date(), new Date(Date.now() + 5000));
    await engine.mine(mining(folder));
    expect(logs.some(line => line.includes(item.anchor.path) && line.includes('edited'))).toBe(true);
  });
});
