import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Relation } from '../../src/core/types';
import { Engine } from '../../src/engine/engine';
import type { EngineSettings, ExportParams, LabelWindow, PairItem } from '../../src/rpc/engine-protocol';
import { writeShapes } from '../support/images';
import { builtAssets, SETTINGS as ada } from '../support/settings';

// Pairs of which people say different things, as a lane: listed, asked, settled, and taken back.
const assets = builtAssets();
const bob = { ...ada, by: 'bob@example.org' };
const carol = { ...ada, by: 'carol@example.org' };
const lane = 'disagreements' as const;

let home: string;
let folder: string;
let engine: Engine;
let copies = 0;
let tokens = 0;

beforeAll(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'margin-disagreements-'));
});
beforeEach(async () => {
  await engine?.dispose();
  folder = path.join(home, `folder${++copies}`);
  await writeShapes(folder, 4, ['circle', 'square']);
  engine = open();
  await engine.scan({ folder, settings: ada });
});
afterAll(async () => {
  await engine.dispose();
  await rm(home, { recursive: true, force: true });
});

const open = () => new Engine(assets, { log: () => undefined, changed: () => undefined });
const file = (name: string) => `${name.startsWith('c') ? 'circle' : 'square'}/0${name.slice(1)}.png`;
const say = (settings: EngineSettings, a: string, b: string, relation: Relation, settle = false) =>
  engine.answerFiles({ folder, settings, a: file(a), b: file(b), relation, settle });
const window = (settings: EngineSettings = carol, count = 9) => engine.window({ folder, settings, lane, count });
const judge = (item: { id: string }, verdict: Relation, settings: EngineSettings = carol) =>
  engine.answer({ folder, settings, lane, itemId: item.id, verdict, ms: 900, token: `t${++tokens}` });
const left = async (settings: EngineSettings = carol) =>
  (await engine.lanes({ folder, settings })).flatMap(({ lane: name, remaining, total }) =>
    name === lane ? [[remaining, total]] : [],
  );
const paths = ({ items }: Pick<LabelWindow, 'items'>) =>
  items.map(item => [(item as PairItem).a.path, (item as PairItem).b.path].sort());
const events = () =>
  readFileSync(path.join(folder, '.margin/answers.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>);

/** Ada and Bob differ about two pairs, wholly about the second. */
async function disputed(): Promise<void> {
  await say(ada, 'c0', 'c1', 'same');
  await say(ada, 's0', 's1', 'same');
  await say(ada, 'c2', 's2', 'different');
  await say(bob, 'c0', 'c1', 'incomparable');
  await say(bob, 's0', 's1', 'different');
  await say(bob, 'c2', 's2', 'different');
}

describe('the lane of disagreements', () => {
  it('is there without a search once people differ, the weightiest first, with what each said', async () => {
    await say(ada, 'c0', 'c1', 'same');
    expect(await left()).toEqual([]);
    expect((await window()).lane).toBeUndefined();
    await disputed();
    expect(await left()).toEqual([[2, 2]]);
    const shown = await window();
    expect(shown.lane).toMatchObject({ lane, remaining: 2, settled: 0 });
    expect(paths(shown)).toEqual([
      ['square/00.png', 'square/01.png'],
      ['circle/00.png', 'circle/01.png'],
    ]);
    const [first] = shown.items as PairItem[];
    expect(first).not.toHaveProperty('distance');
    expect(first.said).toEqual([
      { by: ada.by, relation: 'same', mine: false },
      { by: bob.by, relation: 'different', mine: false },
    ]);
    expect(shown).not.toHaveProperty('contradiction');
  });

  it('an answer names what it settles, counts alone, and one undo brings the question back', async () => {
    await disputed();
    const [item] = (await window()).items as PairItem[];
    const after = await judge(item, 'different');
    expect(after.lane).toMatchObject({ remaining: 1, settled: 1 });
    expect(after.history?.[0]).toMatchObject({ id: item.id, verdict: 'different', said: item.said });
    const written = events();
    const named = written.filter(({ a, b }) => [a, b].sort().join() === [item.a.hash, item.b.hash].sort().join());
    expect(written.at(-1)).toMatchObject({
      kind: 'answer',
      relation: 'different',
      why: { lane },
      settles: named.slice(0, -1).map(({ id }) => id as string).reverse(), // prettier-ignore
    });
    const review = await engine.review({ folder, settings: carol });
    expect(review.disagreements()).toHaveLength(1);
    const { rows } = review.answers('square/00', 0, 10);
    expect(rows.map(({ by, settled }) => [by, settled ?? false])).toEqual([
      [carol.by, false],
      [bob.by, true],
      [ada.by, true],
    ]);

    await engine.dispose();
    engine = open();
    expect(await left()).toEqual([[1, 2]]);
    const undone = await engine.undo({ folder, settings: carol, token: 'undo' });
    expect(undone).toMatchObject({ lane: { lane, remaining: 2 }, undone: { id: item.id, lane } });
    expect(undone.items[0].id).toBe(item.id);
  });

  it('anyone may settle, those who differ too; what they said before is no answer to it', async () => {
    await disputed();
    const shown = await window(bob);
    expect(shown.history).toEqual([]);
    const item = shown.items[0] as PairItem;
    expect(item.said?.map(({ mine }) => mine)).toEqual([false, true]);
    const after = await judge(item, 'same', bob);
    expect(after.lane).toMatchObject({ remaining: 1 });
    expect(after.history).toMatchObject([{ id: item.id, verdict: 'same', said: item.said }]);
    // Answered once more, it says what the latest answer says.
    const again = await judge(item, 'incomparable', bob);
    expect(again.history).toMatchObject([{ id: item.id, verdict: 'incomparable', said: item.said }]);
    expect(await left(bob)).toEqual([[1, 2]]);
  });

  it('whose answers settle leaves agreement as it was, and nobody is asked to differ again', async () => {
    await disputed();
    const agreement = async () => (await engine.review({ folder, settings: ada })).summary().agreement;
    const before = await agreement();
    expect(before).toMatchObject([{ people: [ada.by, bob.by], kappa: { pairs: 3 } }]);
    await judge((await window(ada)).items[0], 'different', ada);
    await judge((await window()).items[0], 'same');
    expect(await agreement()).toEqual(before);

    await engine.mine({
      ...{ folder, settings: bob, lane: 'hard-positives', metric: 'auto', margin: 2, strategy: 'all' },
      ...{ topK: 400, perImage: 100, seed: 1, quantile: 0 },
    });
    const all = { ...bob, overlap: 1, repeatShare: 1 };
    const asked = await engine.window({ folder, settings: all, lane: 'hard-positives', count: 400 });
    expect(paths(asked).length).toBeGreaterThan(3);
    expect(paths(asked)).not.toContainEqual(['square/00.png', 'square/01.png']);
    expect(paths(asked)).not.toContainEqual(['circle/00.png', 'circle/01.png']);
  });

  it('keeps a disagreement from interrupting as a contradiction, and lets a real one interrupt', async () => {
    const all = { ...bob, overlap: 1 };
    await say(ada, 'c0', 's1', 'same');
    await say(bob, 'c0', 'c2', 'same');
    await engine.mine({
      ...{ folder, settings: all, lane: 'hard-negatives', metric: 'auto', margin: 2, strategy: 'all' },
      ...{ topK: 400, perImage: 100, seed: 1 },
    });
    const { items } = await engine.window({ folder, settings: all, lane: 'hard-negatives', count: 400 });
    const pair = items.find(item => paths({ items: [item] })[0].join() === 'circle/00.png,square/01.png')!;
    const after = await engine.answer({
      ...{ folder, settings: all, lane: pair.lane, itemId: pair.id },
      ...{ verdict: 'different', ms: 1, token: 'differs' },
    });
    expect(after.contradiction).toBeUndefined();
    expect(await left(all)).toEqual([[1, 1]]);
    await say(all, 'c2', 's1', 'same');
    // Settled against the chain that others make: now no two answers of one pair, but three of three, cannot all be right.
    const settled = await judge((await window(all)).items[0], 'different', all);
    expect(settled.contradiction?.answers).toHaveLength(3);
  });

  it('lets an export have what is settled', async () => {
    await disputed();
    const params: ExportParams = {
      ...{ folder, settings: carol, as: 'pairs', format: 'jsonl', out: path.join(home, `out${copies}`) },
      ...{ split: [1], seed: 0, from: ['answers'], dryRun: true },
    };
    const before = await engine.export(params);
    expect(before.warnings.join()).toContain('People differ about 2 pairs');
    for (const { id } of (await window()).items) await judge({ id }, 'same');
    const after = await engine.export(params);
    expect(after.warnings.join()).not.toContain('differ');
    expect(after.contradicted).toBe(0);
    expect(after.counts['rows']).toBe(before.counts['rows'] + 2);
  });

  it('lets go of a pair whose people came to agree by themselves, and shows what was mined once nothing is left', async () => {
    await disputed();
    await say(bob, 's0', 's1', 'same');
    expect(paths(await window())).toEqual([['circle/00.png', 'circle/01.png']]);
    await say(ada, 'c0', 'c1', 'incomparable');
    expect((await window()).items).toEqual([]);
    await engine.dispose();
    engine = open();
    expect(await left()).toEqual([]);
  });

  it('passes over pairs whose images are flagged or gone', async () => {
    await disputed();
    const [item] = (await window()).items as PairItem[];
    const flagged = await engine.flag({ folder, settings: carol, lane, image: item.a.hash, token: 'flag' });
    expect(flagged.lane).toMatchObject({ remaining: 1 });
    await rm(path.join(folder, 'circle/01.png'));
    await engine.scan({ folder, settings: carol });
    expect((await window()).items).toEqual([]);
  });
});
