import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine';
import type { ImageHash, Relation } from '../../src/core/types';
import type { ExportParams } from '../../src/rpc/engine-protocol';
import { writeShapes } from '../support/images';
import { builtAssets, SETTINGS as settings } from '../support/settings';

const assets = builtAssets();

let home: string;
let folder: string;
let engine: Engine;
let copies = 0;

beforeAll(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'margin-review-'));
});

beforeEach(async () => {
  await engine?.dispose();
  folder = path.join(home, `folder${++copies}`);
  await writeShapes(folder, 4, ['circle', 'square']);
  engine = new Engine(assets, { log: () => undefined, changed: () => undefined });
});

afterAll(async () => {
  await engine.dispose();
  await rm(home, { recursive: true, force: true });
});

const say = (a: string, b: string, relation: Relation, by = settings.by) =>
  engine.answerFiles({ folder, settings: { ...settings, by }, a, b, relation });
const review = () => engine.review({ folder, settings });
const mine = () =>
  engine.mine({
    folder,
    settings,
    lane: 'hard-negatives',
    metric: 'auto',
    margin: 2,
    strategy: 'nearest',
    topK: 100,
    perImage: 100,
    seed: 1,
  });

describe('answers', () => {
  it('lists, finds, corrects and takes back any of them', async () => {
    await mine();
    await say('circle/00.png', 'circle/01.png', 'same');
    await say('circle/00.png', 'square/00.png', 'different');
    const { total, rows } = (await review()).answers('', 0, 10);
    expect(total).toBe(2);
    expect(rows[0]).toMatchObject({ relation: 'different', by: 'ada@example.org', missing: false });
    expect((await review()).answers('CIRCLE/01 same', 0, 10).rows).toHaveLength(1);
    expect((await review()).answers('triangle', 0, 10).total).toBe(0);

    const [latest] = rows;
    await (await review()).correct(latest.a.hash, latest.b.hash, 'incomparable', 'c-1');
    expect((await review()).answers('square', 0, 10).rows[0].relation).toBe('incomparable');
    const [corrected] = (await review()).answers('square', 0, 10).rows;
    await (await review()).undo(corrected.id, 'u-1');
    expect((await review()).answers('square', 0, 10).rows[0].relation).toBe('different');
    await expect((await review()).undo('no such id', 'u-2')).rejects.toMatchObject({ code: 'nothing-to-undo' });
  });
});

describe('contradictions', () => {
  it('are found with their images, name the likeliest wrong answer, and stay out of exports until corrected', async () => {
    await mine();
    await say('circle/00.png', 'circle/01.png', 'same');
    await say('circle/01.png', 'circle/02.png', 'same');
    await say('circle/00.png', 'circle/02.png', 'different');
    await say('square/00.png', 'square/01.png', 'same');
    const found = await (await review()).contradictions();
    expect(found).toHaveLength(1);
    expect(found[0].images.map(image => image.path).sort()).toEqual([
      'circle/00.png',
      'circle/01.png',
      'circle/02.png',
    ]);
    expect(found[0].answers).toHaveLength(3);
    expect(found[0].answers.filter(answer => answer.proposed)).toHaveLength(1);
    const probabilities = found[0].answers.map(answer => answer.probability);
    expect([...probabilities].sort((x, y) => y - x)).toEqual(probabilities);

    const wanted: ExportParams = {
      folder,
      settings,
      as: 'pairs',
      format: 'jsonl',
      out: path.join(home, 'out'),
      split: [1],
      seed: 0,
      from: ['answers'],
      dryRun: true,
    };
    const held = await engine.export(wanted);
    expect(held.counts['rows']).toBe(1);
    expect(held.warnings.some(warning => warning.includes('contradict'))).toBe(true);

    const [first] = found[0].answers;
    await (await review()).correct(first.a.hash, first.b.hash, first.flipTo, 'fix');
    expect(await (await review()).contradictions()).toEqual([]);
    expect((await engine.export(wanted)).counts['rows']).toBe(4);
  });
});

describe('several people', () => {
  it('may differ: both answers are kept, listed and measured', async () => {
    await mine();
    await say('circle/00.png', 'circle/01.png', 'same');
    await say('circle/00.png', 'circle/02.png', 'same');
    const other = new Engine(assets, { log: () => undefined, changed: () => undefined });
    const bob = { ...settings, by: 'bob@example.org' };
    await other.answerFiles({ folder, settings: bob, a: 'circle/00.png', b: 'circle/01.png', relation: 'different' });
    await other.answerFiles({ folder, settings: bob, a: 'circle/00.png', b: 'circle/02.png', relation: 'same' });
    await other.dispose();
    const differing = (await review()).disagreements();
    expect(differing).toHaveLength(1);
    expect(differing[0].map(answer => answer.by).sort()).toEqual(['ada@example.org', 'bob@example.org']);
    const { agreement } = (await review()).summary();
    expect(agreement).toMatchObject([
      { people: ['ada@example.org', 'bob@example.org'], kappa: { pairs: 2, observed: 0.5 } },
    ]);
  });
});

describe('classes', () => {
  it('are proposed to follow an answer, changed in one act, and brought back by one undo', async () => {
    await mine();
    await say('circle/00.png', 'square/00.png', 'same');
    const [answer] = (await review()).answers('', 0, 1).rows;
    const proposals = await (await review()).proposals(answer.a.hash, answer.b.hash);
    expect(proposals.map(({ kind, images }) => [kind, images.length])).toEqual([
      ['relabel', 1],
      ['relabel', 1],
      ['merge', 4],
    ]);
    const merge = proposals[2];
    await (await review()).reclass(merge.images, merge.to, 'r-1');
    const classes = async () => (await engine.scan({ folder, settings })).classes;
    expect(await classes()).toEqual([{ name: merge.to, images: 8 }]);
    await engine.undo({ folder, settings, token: 'r-2' });
    expect(await classes()).toHaveLength(2);
  });
});

describe('summary', () => {
  it('counts what was said, what follows and what is flagged', async () => {
    const { lane } = await mine();
    const { items } = await engine.window({ folder, settings, lane: lane.lane, count: 1 });
    const [item] = items;
    await say('circle/00.png', 'circle/01.png', 'same');
    await say('circle/01.png', 'circle/02.png', 'same');
    const image = (item.kind === 'pair' ? item.a.hash : item.anchor.hash) as ImageHash;
    await engine.flag({ folder, settings, lane: lane.lane, image, token: 'x' });
    expect((await review()).summary()).toMatchObject({
      session: 2,
      total: 2,
      same: 2,
      different: 0,
      implied: 1,
      contradictions: 0,
      flagged: 1,
    });
    expect((await review()).flagged()).toMatchObject([{ flag: 'unusable', by: 'ada@example.org' }]);
    expect((await readFile(path.join(folder, '.margin/answers.jsonl'), 'utf8')).trim().split('\n')).toHaveLength(3);
  });
});
