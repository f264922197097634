import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cp, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Relation, TripletVerdict } from '../../src/core/types';
import { Engine } from '../../src/engine/engine';
import type { EditedImage, ExportParams, Item, MineParams, PairItem, TripletItem } from '../../src/rpc/engine-protocol';
import { shapeImage, writeShapes } from '../support/images';
import { builtAssets, SETTINGS as ada } from '../support/settings';

// What a person meets while judging, beside the questions themselves: repeats, other people, contradictions, offers, full disks.
const assets = builtAssets();
const bob = { ...ada, by: 'bob@example.org' };

let home: string;
let copies = 0;
const engines: Engine[] = [];
const edited: EditedImage[] = [];
const changes: string[] = [];

beforeAll(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'margin-judging-'));
  const engine = open();
  for (const [name, lane] of [
    ['pairs', 'hard-negatives'],
    ['triplets', 'semi-hard-triplets'],
  ] as const) {
    await writeShapes(path.join(home, name), 8);
    await engine.mine(mining(path.join(home, name), { lane }));
  }
  await engine.dispose();
}, 60_000);

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.dispose();
  edited.length = 0;
  changes.length = 0;
});

afterAll(() => rm(home, { recursive: true, force: true }));

function open(): Engine {
  const engine = new Engine(assets, {
    log: () => undefined,
    changed: (_, what) => changes.push(what),
    edited: (_, images) => edited.push(...images),
  });
  engines.push(engine);
  return engine;
}

/** A folder with a mined lane, nothing answered yet. */
async function mined(name: 'pairs' | 'triplets'): Promise<string> {
  const folder = path.join(home, `copy ${++copies}`);
  await cp(path.join(home, name), folder, { recursive: true, preserveTimestamps: true });
  return folder;
}

const mining = (folder: string, over: Partial<MineParams> = {}): MineParams => ({
  folder,
  settings: ada,
  lane: 'hard-negatives',
  metric: 'auto',
  margin: 2,
  strategy: 'all',
  topK: 400,
  perImage: 100,
  seed: 1,
  ...over,
});

const tokens = { next: 0 };
const say = (engine: Engine, folder: string, item: Item, verdict: Relation | TripletVerdict, settings = ada) =>
  engine.answer({
    folder,
    settings,
    lane: item.lane,
    itemId: item.id,
    verdict,
    ms: 1500,
    token: `t${++tokens.next}`,
    ...(item.repeat && { repeat: true }),
  });

/** The whole lines of the ledger; a full disk may leave a torn one. */
const eventsOf = (folder: string): Record<string, unknown>[] =>
  readFileSync(path.join(folder, '.margin/answers.jsonl'), 'utf8')
    .split('\n')
    .flatMap(line => {
      try {
        return [JSON.parse(line) as Record<string, unknown>];
      } catch {
        return [];
      }
    });

describe('hidden repeats', () => {
  const repeating = { ...ada, repeatShare: 1 };
  const truth = (item: Item): Relation =>
    (item as PairItem).a.class === (item as PairItem).b.class ? 'same' : 'different';

  /** Twenty-five answers without repeats, then a window that has nothing but repeats. */
  async function answered(engine: Engine, folder: string) {
    for (let i = 0; i < 25; i++) {
      const [item] = (await engine.window({ folder, settings: ada, count: 1 })).items;
      await say(engine, folder, item, truth(item));
    }
    return engine.window({ folder, settings: repeating, count: 3 });
  }

  it('wait for twenty answers, are shown like any other question, and survive a restart', async () => {
    const folder = await mined('pairs');
    const engine = open();
    const early = await engine.window({ folder, settings: repeating, count: 9 });
    expect(early.items.some(({ repeat }) => repeat)).toBe(false);
    const { items } = await answered(engine, folder);
    expect(items[0]).toMatchObject({ repeat: true });
    expect(items[0]).not.toHaveProperty('verdict');
    await engine.dispose();
    const again = await open().window({ folder, settings: repeating, count: 3 });
    expect(again.items.map(({ id }) => id)).toEqual(items.map(({ id }) => id));
  });

  it('keep both answers, let the latest stand, say so, and are undone like any other', async () => {
    const folder = await mined('pairs');
    const engine = open();
    let window = await answered(engine, folder);
    // Some repeats were never judged, only implied: those are answered for the first time.
    const isSecond = (item: Item) =>
      eventsOf(folder).some(({ a, b }) => {
        const pair = item as PairItem;
        return [pair.a.hash, pair.b.hash].sort().join() === [a, b].sort().join();
      });
    while (!isSecond(window.items[0]))
      window = await say(engine, folder, window.items[0], truth(window.items[0]), repeating);
    const item = window.items[0];
    const before = eventsOf(folder).length;
    const after = await say(engine, folder, item, 'incomparable', repeating);
    expect(eventsOf(folder)).toHaveLength(before + 1);
    expect(eventsOf(folder).at(-1)).toMatchObject({ kind: 'answer', relation: 'incomparable', repeat: true });
    expect(after.history?.[0]).toMatchObject({ id: item.id, verdict: 'incomparable', before: truth(item) });
    const { consistency } = (await engine.review({ folder, settings: repeating })).summary();
    expect(consistency).toMatchObject({ pairs: expect.any(Number) as number });
    expect(consistency!.observed).toBeLessThan(1);

    const undone = await engine.undo({ folder, settings: repeating, lane: item.lane, token: 'u' });
    expect(undone.items[0]).toMatchObject({ id: item.id, repeat: true });
    const rows = (await engine.review({ folder, settings: repeating })).answers('', 0, 1000).rows;
    const { a, b } = item as PairItem;
    const standing = rows.find(row => [row.a.hash, row.b.hash].sort().join() === [a.hash, b.hash].sort().join());
    expect(standing?.relation).toBe(truth(item));
  });

  it('come ahead of time at the places where they will be asked', async () => {
    const folder = await mined('pairs');
    const engine = open();
    await answered(engine, folder);
    const some = { ...ada, repeatShare: 0.4 };
    let window = await engine.window({ folder, settings: some, count: 9 });
    let met = 0;
    for (let i = 0; i < 20; i++) {
      const [now, next] = window.items;
      met += Number(now.repeat === true);
      window = await say(engine, folder, now, truth(now), some);
      // The order of all other questions may change with what was answered.
      expect(window.items[0].repeat).toBe(next.repeat);
      if (next.repeat) expect(window.items[0].id).toBe(next.id);
    }
    expect(met).toBeGreaterThan(2);
    expect(met).toBeLessThan(18);
  });
});

describe('several people on one folder', () => {
  it('are not asked the same at once, and are when the other has left', async () => {
    const folder = await mined('pairs');
    const [one, two] = [open(), open()];
    const first = (await one.window({ folder, settings: ada, count: 9 })).items;
    const second = (await two.window({ folder, settings: bob, count: 9 })).items;
    const shown = new Set(first.slice(0, 3).map(({ id }) => id));
    for (const { id } of second.slice(0, 3)) expect(shown).not.toContain(id);
    // What one of them answered moves their leases on.
    await say(one, folder, first[0], 'different');
    expect((await two.window({ folder, settings: bob, count: 9 })).items.map(({ id }) => id)).not.toContain(
      first[0].id,
    );
    await one.dispose();
    const left = (await two.window({ folder, settings: bob, count: 400 })).items;
    expect(left.map(({ id }) => id)).toEqual(expect.arrayContaining([first[1].id, first[2].id]));
  });

  it('say so where all that is left is on another screen', async () => {
    const folder = await mined('pairs');
    const [one, two] = [open(), open()];
    for (;;) {
      const { items } = await one.window({ folder, settings: ada, count: 3 });
      if (items.length < 3) break;
      await say(one, folder, items[0], 'incomparable');
    }
    const held = await two.window({ folder, settings: bob, count: 9 });
    expect(held.items).toEqual([]);
    expect(held).toMatchObject({ elsewhere: 'ada@example.org', lane: { remaining: 2 } });
    await one.dispose();
    expect((await two.window({ folder, settings: bob, count: 9 })).items).toHaveLength(2);
  });

  it('are asked a share of what the other answered, where that is wanted, and their agreement is measured', async () => {
    const folder = await mined('pairs');
    const one = open();
    for (let i = 0; i < 30; i++) {
      const [item] = (await one.window({ folder, settings: ada, count: 1 })).items;
      await say(one, folder, item, 'incomparable');
    }
    await one.dispose();
    const two = open();
    const remaining = async (overlap: number) =>
      (await two.window({ folder, settings: { ...bob, overlap }, count: 1 })).lane!.remaining;
    const none = await remaining(0);
    const half = await remaining(0.5);
    expect(await remaining(1)).toBe(none + 30);
    expect(half).toBeGreaterThan(none + 5);
    expect(half).toBeLessThan(none + 25);
    // Whoever answered is not asked again.
    expect((await two.window({ folder, settings: { ...ada, overlap: 1 }, count: 1 })).lane!.remaining).toBe(none);

    const all = { ...bob, overlap: 1 };
    for (let left = none + 30; left > 0;) {
      const window = await two.window({ folder, settings: all, count: 1 });
      left = (await say(two, folder, window.items[0], 'incomparable', all)).lane!.remaining;
    }
    const { agreement } = (await two.review({ folder, settings: all })).summary();
    expect(agreement).toMatchObject([{ people: [ada.by, bob.by], kappa: { pairs: 30, observed: 1 } }]);
  });
});

/** Two triplets about one negative, the second with the first one's positive as its anchor: enough for a contradiction. */
function contradicting(items: readonly Item[]): { good: TripletItem; contrary: TripletItem } {
  const triplets = items as TripletItem[];
  for (const good of triplets) {
    const contrary = triplets.find(
      ({ anchor, positive, negative }) =>
        anchor.hash === good.positive.hash &&
        negative.hash === good.negative.hash &&
        positive.hash !== good.anchor.hash,
    );
    if (contrary) return { good, contrary };
  }
  throw new Error('the lane holds no such triplets');
}

describe('a contradiction', () => {
  async function contradicted() {
    const folder = await mined('triplets');
    const engine = open();
    const { items } = await engine.window({ folder, settings: ada, count: 400 });
    const { good, contrary } = contradicting(items);
    const quiet = await say(engine, folder, good, 'good');
    expect(quiet.contradiction).toBeUndefined();
    return { folder, engine, contrary, shown: await say(engine, folder, contrary, 'negative-same') };
  }

  it('is shown with the answer that makes it, corrected by one act, and back with one undo', async () => {
    const { folder, engine, contrary, shown } = await contradicted();
    const { contradiction } = shown;
    expect(contradiction).toMatchObject({ more: 0, answers: expect.any(Array) as unknown });
    const { answers } = contradiction!;
    expect(answers).toHaveLength(3);
    expect(answers.every(({ mine }) => mine)).toBe(true);
    expect(answers[0].proposed).toBe(true);
    const chances = answers.slice(1).map(({ probability }) => probability);
    expect([...chances].sort((x, y) => y - x)).toEqual(chances);

    const [{ a, b, flipTo }] = answers;
    const common = { folder, settings: ada, lane: contrary.lane };
    const settled = await engine.settle({ ...common, a: a.hash, b: b.hash, relation: flipTo, token: 's' });
    expect(settled.contradiction).toBeUndefined();
    expect(await (await engine.review(common)).contradictions()).toEqual([]);
    const back = await engine.undo({ ...common, token: 'u' });
    expect(back.contradiction?.answers.map(({ id }) => id).sort()).toEqual(answers.map(({ id }) => id).sort());
    const before = await engine.undo({ ...common, token: 'v' });
    expect(before.contradiction).toBeUndefined();
    expect(before.items[0].id).toBe(contrary.id);
  });

  it('is there after a restart, can be left for later, and is taken up again on request', async () => {
    const { folder, engine, contrary, shown } = await contradicted();
    const common = { folder, settings: ada, lane: contrary.lane };
    await engine.dispose();
    const other = open();
    const again = await other.window({ ...common, count: 9 });
    expect(again.contradiction?.answers.map(({ id }) => id)).toEqual(shown.contradiction!.answers.map(({ id }) => id));
    const later = await other.later({ ...common, what: 'contradiction' });
    expect(later.contradiction).toBeUndefined();
    expect(later.items.length).toBeGreaterThan(0);
    // Judging goes on without being asked again.
    expect((await say(other, folder, later.items[0], 'incomparable')).contradiction).toBeUndefined();
    expect(await other.takeUpContradictions(common)).toEqual({ count: 1 });
    expect((await other.window({ ...common, count: 9 })).contradiction).toBeDefined();
  });

  it("with another person's answer is theirs to settle: both answers are kept, and it is not asked again", async () => {
    const { folder, engine, contrary, shown } = await contradicted();
    await engine.dispose();
    const two = open();
    const common = { folder, settings: bob, lane: contrary.lane };
    expect((await two.window({ ...common, count: 9 })).contradiction).toBeUndefined();
    expect(await two.takeUpContradictions(common)).toEqual({ count: 1 });
    const [{ a, b, flipTo }] = (await two.window({ ...common, count: 9 })).contradiction!.answers;
    const after = await two.settle({ ...common, a: a.hash, b: b.hash, relation: flipTo, token: 'b' });
    expect(after.contradiction).toBeUndefined();
    const [differing] = (await two.review(common)).disagreements();
    expect(differing.map(({ by }) => by).sort()).toEqual([ada.by, bob.by]);
    expect(shown.contradiction!.answers[0].mine).toBe(true);
  });

  it('stays out of an export and is said, unless the person decides otherwise', async () => {
    const { folder, engine, contrary, shown } = await contradicted();
    const params: ExportParams = {
      folder,
      settings: ada,
      as: 'pairs',
      format: 'jsonl',
      out: path.join(home, `out ${copies}`),
      split: [1],
      seed: 0,
      from: ['answers'],
      dryRun: true,
    };
    await expect(engine.export(params)).rejects.toMatchObject({ code: 'contradicted' });
    const touched = new Set(
      shown.contradiction!.answers.flatMap(({ a, b }) => [a.hash, b.hash]).concat(contrary.positive.hash),
    );
    await engine.later({ folder, settings: ada, lane: contrary.lane, what: 'contradiction' });
    const { items } = await engine.window({ folder, settings: ada, count: 400 });
    const apart = (items as TripletItem[]).find(
      ({ anchor, positive, negative }) => ![anchor, positive, negative].some(({ hash }) => touched.has(hash)),
    )!;
    await say(engine, folder, apart, 'good');
    const left = await engine.export(params);
    expect(left.counts['rows']).toBe(2);
    expect(left.warnings.join()).toContain('left out');
    const kept = await engine.export({ ...params, contradicted: 'keep' });
    expect(kept.warnings.join()).toContain('as they were given');
    expect(kept.counts['rows']).toBe(6);
  });
});

describe('“the negative is really the same”', () => {
  it('is offered once for two classes, made in one act, and taken back by one undo', async () => {
    const folder = await mined('triplets');
    const engine = open();
    const { items } = await engine.window({ folder, settings: ada, count: 400 });
    const [first] = items as TripletItem[];
    const classes = [first.anchor.class, first.negative.class].sort().join();
    const { offer } = await say(engine, folder, first, 'negative-same');
    expect(offer?.choices).toEqual([
      { kind: 'relabel', images: 1, from: first.negative.class, to: first.anchor.class },
      { kind: 'merge', images: 8, from: expect.any(String) as string, to: expect.any(String) as string },
    ]);
    const ref = { folder, settings: ada, lane: first.lane };
    const merged = await engine.acceptOffer({ ...ref, kind: 'merge', token: 'm' });
    expect(merged.offer).toBeUndefined();
    // Sent again after a crash, it is made once.
    await engine.acceptOffer({ ...ref, kind: 'merge', token: 'm' });
    expect(eventsOf(folder).filter(({ kind }) => kind === 'class')).toHaveLength(8);
    expect((await engine.scan(ref)).classes).toHaveLength(2);

    const back = await engine.undo({ ...ref, token: 'u' });
    expect((await engine.scan(ref)).classes).toHaveLength(3);
    expect(back.offer?.choices).toEqual(offer!.choices);
    const dismissed = await engine.later({ ...ref, what: 'offer' });
    expect(dismissed.offer).toBeUndefined();
    const another = (dismissed.items as TripletItem[]).find(
      item =>
        item.negative.hash !== first.negative.hash &&
        [item.anchor.class, item.negative.class].sort().join() === classes,
    );
    if (another) expect((await say(engine, folder, another, 'negative-same')).offer).toBeUndefined();
    await expect(engine.acceptOffer({ ...ref, kind: 'merge', token: 'n' })).rejects.toMatchObject({ code: 'no-offer' });
  });

  it('is offered again where the answer was taken back, and not after a restart for classes that were offered', async () => {
    const folder = await mined('triplets');
    const engine = open();
    const [first] = (await engine.window({ folder, settings: ada, count: 1 })).items;
    expect((await say(engine, folder, first, 'negative-same')).offer).toBeDefined();
    await engine.undo({ folder, settings: ada, lane: first.lane, token: 'x' });
    expect((await say(engine, folder, first, 'negative-same')).offer).toBeDefined();
    await engine.dispose();
    const other = open();
    expect((await other.window({ folder, settings: ada, count: 1 })).offer).toBeDefined();
  });
});

describe('an edited image', () => {
  it('is told with the answers that no longer count', async () => {
    const folder = await mined('triplets');
    const engine = open();
    const [first] = (await engine.window({ folder, settings: ada, count: 1 })).items as TripletItem[];
    await say(engine, folder, first, 'good');
    const file = path.join(folder, first.negative.path);
    await writeFile(file, await shapeImage('circle', 77));
    await utimes(file, new Date(), new Date(Date.now() + 5000));
    await engine.scan({ folder, settings: ada });
    expect(edited).toEqual([{ path: first.negative.path, answers: 1 }]);
    expect((await engine.review({ folder, settings: ada })).summary().lost).toEqual({ images: 1, answers: 1 });
  });
});

describe('how the work goes on', () => {
  it('says how long the rest takes once it knows the pace, and what more answers would change', async () => {
    const folder = await mined('pairs');
    const engine = open();
    let window = await engine.window({ folder, settings: ada, count: 1 });
    expect(window.timeLeft).toBeUndefined();
    expect(window.chanceOfChange).toBeUndefined();
    for (let i = 0; i < 60; i++) window = await say(engine, folder, window.items[0], 'different');
    const { remaining } = window.lane!;
    expect(remaining).toBeGreaterThan(0);
    // Every answer took 1.5 seconds, and nothing follows from a lone `different`.
    expect(window.timeLeft).toEqual({ seconds: remaining * 1.5, low: remaining * 1.5, high: remaining * 1.5 });
    expect(window.chanceOfChange).toBeGreaterThan(0.3);
    expect(window.chanceOfChange).toBeLessThan(0.6);
  });
});

/** A real disk of 4 MiB, where this system lets us mount one (Linux, as root). */
function mountSmallDisk(folder: string): boolean {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) return false;
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const disk = path.join(os.tmpdir(), `margin-small-disk-${process.pid}`);
const mounted = mountSmallDisk(disk);

describe.skipIf(!mounted)('a disk that is full or read-only', () => {
  afterEach(() => {
    for (const name of readdirSync(disk)) rmSync(path.join(disk, name), { recursive: true, force: true });
  });
  afterAll(() => {
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true, force: true });
  });

  it('keeps answers in memory and says so, shows nothing as saved, and writes them once there is room', async () => {
    const folder = path.join(disk, 'images');
    await cp(path.join(home, 'pairs'), folder, { recursive: true, preserveTimestamps: true });
    const engine = open();
    const [first, second, third] = (await engine.window({ folder, settings: ada, count: 3 })).items;
    const saved = await say(engine, folder, first, 'different');
    expect(saved.unsaved).toBeUndefined();
    const lines = eventsOf(folder).length;

    const ballast = path.join(disk, 'ballast');
    for (const size of [65_536, 4096, 1]) {
      try {
        for (;;) appendFileSync(ballast, Buffer.alloc(size));
      } catch (error) {
        expect(error).toMatchObject({ code: 'ENOSPC' });
      }
    }
    // The last page of the ledger still takes a few lines.
    let window = await say(engine, folder, second, 'different');
    for (let i = 0; window.unsaved === undefined && i < 100; i++)
      window = await say(engine, folder, window.items[0], 'different');
    expect(window.unsaved).toMatchObject({ count: 1, reason: expect.stringContaining('no space left') as string });
    const onDisk = eventsOf(folder).length;
    expect(onDisk).toBeGreaterThanOrEqual(lines);
    expect(window.answers).toBe(onDisk + 1);
    expect(window.items.map(({ id }) => id)).not.toContain(second.id);
    expect(third.id).not.toBe(second.id);

    changes.length = 0;
    rmSync(ballast);
    await expect.poll(() => eventsOf(folder).length, { timeout: 30_000 }).toBe(onDisk + 1);
    await expect
      .poll(async () => (await engine.window({ folder, settings: ada, count: 1 })).unsaved, { timeout: 10_000 })
      .toBeUndefined();
    // The panel is told without being asked.
    expect(changes).toContain('answers');
  });

  it('that is read-only does the same, and an undo of what waits leaves nothing behind', async () => {
    const folder = path.join(disk, 'read-only');
    await cp(path.join(home, 'pairs'), folder, { recursive: true, preserveTimestamps: true });
    const engine = open();
    const [first, second] = (await engine.window({ folder, settings: ada, count: 2 })).items;
    await say(engine, folder, first, 'different');
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    try {
      const window = await say(engine, folder, second, 'same');
      expect(window.unsaved).toMatchObject({ count: 1, reason: expect.stringContaining('read-only') as string });
      expect(eventsOf(folder)).toHaveLength(1);
      const undone = await engine.undo({ folder, settings: ada, lane: second.lane, token: 'ro' });
      expect(undone.items[0].id).toBe(second.id);
      expect(undone.unsaved).toMatchObject({ count: 2 });
    } finally {
      execFileSync('mount', ['-o', 'remount,rw', disk]);
    }
    await expect.poll(() => eventsOf(folder).length, { timeout: 30_000 }).toBe(3);
    const { rows } = (await engine.review({ folder, settings: ada })).answers('', 0, 10);
    expect(rows).toHaveLength(1);
  });
});
