import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Relation, TripletVerdict } from '../../src/core/types';
import { things } from '../../scripts/sample-images/things.mjs';
import { dataSet, remove, samples, subset } from './support/folders';
import { exportManifest } from './support/export';
import { Judge } from './support/judge';
import { KEYS, RELATIONS, ledgerOf, pairOf, standing } from './support/ledger';
import type { MarginWindow } from './support/margin';
import { inSteps, openMargin, openPanel, useWindows } from './support/margin';
import type { Shown } from './support/panel';

useWindows();

const OMNIGLOT = [
  'Greek/character01',
  'Greek/character02',
  'Greek/character11',
  'Latin/character01',
  'Latin/character05',
];

/** Where there is no image set to be had, the project's own samples still go the whole way. */
const SETS = [
  { name: 'samples', classes: Object.keys(things), perClass: 25 },
  { name: 'clothing-dev', classes: ['t-shirt', 'pants', 'shoes', 'dress', 'hat'], perClass: 24 },
  {
    name: 'omniglot-background-small1',
    classes: OMNIGLOT.map(character => `images_background_small1/${character}`),
    perClass: 20,
  },
].map(each => ({ ...each, set: each.name === 'samples' ? samples : dataSet(each.name) }));

describe.each(SETS)('from the folder $name to a manifest', ({ set, classes, perClass }) => {
  inSteps();
  const judge = new Judge();
  const pressed: { item: Shown; verdict: TripletVerdict }[] = [];
  let folder: string;
  let margin: MarginWindow;
  let now: Shown;

  /** What was pressed and not taken back, as the pairs that it says something of. */
  const expected = () => {
    const pairs = new Map<string, Relation>();
    for (const { item, verdict } of pressed) {
      const [anchor, positive, negative] = item.paths as [string, string, string];
      const [withPositive, withNegative] = RELATIONS[verdict];
      pairs.set(pairOf(anchor, positive), withPositive);
      pairs.set(pairOf(anchor, negative), withNegative);
    }
    return pairs;
  };

  beforeAll(async () => {
    if (!set) return;
    folder = subset(set, classes, perClass);
    margin = await openMargin(folder);
  });
  afterAll(async () => {
    await (margin as MarginWindow | undefined)?.close();
    remove(folder);
  });

  it.skipIf(!set)('mines from the palette, shows how far it is, and asks the first triplet', async () => {
    const { workbench, panel } = margin;
    await openPanel(margin);
    // All at once: progress and notifications do not stay.
    [, , now] = await Promise.all([
      panel.frame.locator('.empty progress').waitFor({ timeout: 60_000 }),
      workbench.notification('Hard Triplets').waitFor({ timeout: 120_000 }),
      panel.shown(120_000),
      workbench.command('Margin: Mine Hard Triplets'),
    ]);
    expect(now.paths).toHaveLength(3);
    for (const image of now.paths) expect(existsSync(path.join(folder, image)), image).toBe(true);
    const [anchor, positive, negative] = now.paths.map(image => path.dirname(image));
    expect(positive).toBe(anchor);
    expect(negative).not.toBe(anchor);
  });

  it.skipIf(!set)('takes twenty answers by key, each on disk before the next can be given', async () => {
    for (let n = 0; n < 20; n++) {
      const [anchor, positive, negative] = now.paths as [string, string, string];
      const verdict = judge.judge(anchor, positive, negative);
      pressed.push({ item: now, verdict });
      now = await margin.panel.press(KEYS[verdict]);
      expect(standing(ledgerOf(folder)), `after answer ${String(n + 1)}`).toEqual(expected());
    }
    expect(new Set(pressed.map(({ item }) => item.id)).size).toBe(20);
    expect(new Set(pressed.map(({ verdict }) => verdict)).size).toBeGreaterThanOrEqual(4);
    const events = ledgerOf(folder);
    expect(new Set(events.map(event => event.by))).toEqual(new Set(['tester@example.org']));
    expect(events.every(event => event.why?.lane === 'hard-triplets')).toBe(true);
  });

  it.skipIf(!set)('takes the last answer back, and asks the same item again', async () => {
    const last = pressed.pop()!;
    now = await margin.panel.press('z');
    expect(now).toEqual(last.item);
    expect(standing(ledgerOf(folder))).toEqual(expected());
    pressed.push({ item: now, verdict: 'incomparable' });
    now = await margin.panel.press(KEYS.incomparable);
    expect(standing(ledgerOf(folder))).toEqual(expected());
  });

  it.skipIf(!set)('is at the same item after it was hidden and shown', async () => {
    const { workbench, panel } = margin;
    const before = ledgerOf(folder).length;
    await workbench.command('View: Show Explorer');
    await panel.stage.waitFor({ state: 'detached' });
    await workbench.command('Margin: Label Next Pair');
    expect(await panel.shown()).toEqual(now);
    expect(ledgerOf(folder)).toHaveLength(before);
  });

  it.skipIf(!set)('is at the same item after a reload of the window, and goes on from there', async () => {
    const { workbench, panel } = margin;
    const counts = await panel.counts();
    await workbench.reload();
    await workbench.command('Margin: Label Next Pair');
    expect(await panel.shown(60_000)).toEqual(now);
    expect(await panel.counts()).toBe(counts);
    const asked = new Set(pressed.map(({ item }) => item.id));
    expect(asked).not.toContain(now.id);
    const [anchor, positive, negative] = now.paths as [string, string, string];
    const verdict = judge.judge(anchor, positive, negative);
    pressed.push({ item: now, verdict });
    now = await panel.press(KEYS[verdict]);
    expect(standing(ledgerOf(folder))).toEqual(expected());
  });

  it.skipIf(!set)('exports pairs that say what was pressed', async () => {
    await exportManifest(margin.workbench, { as: 'Pairs', format: 'JSON lines', split: 'No split' });
    const rows = readRows<{ a: string; b: string; relation: Relation; source: string; a_hash: string }>(
      folder,
      '.pairs.jsonl',
    );
    expect(new Map(rows.map(row => [pairOf(row.a, row.b), row.relation]))).toEqual(expected());
    expect(rows).toHaveLength(expected().size);
    for (const row of rows) {
      expect(row.source).toBe('answer');
      expect(row.a_hash).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(existsSync(path.join(folder, row.a))).toBe(true);
    }
  });

  it.skipIf(!set)('exports triplets whose sides were judged same and different', async () => {
    await exportManifest(margin.workbench, { as: 'Triplets', format: 'JSON lines', split: 'No split' });
    const rows = readRows<{ anchor: string; positive: string; negative: string }>(folder, '.triplets.jsonl');
    const said = expected();
    for (const { anchor, positive, negative } of rows) {
      expect(said.get(pairOf(anchor, positive))).toBe('same');
      expect(said.get(pairOf(anchor, negative))).toBe('different');
    }
    const exported = new Set(rows.map(row => [row.anchor, row.positive, row.negative].join(' | ')));
    // A pair of a triplet that was called good may have been judged again in a later one.
    const stillGood = ({
      item: {
        paths: [anchor, positive, negative],
      },
    }: (typeof pressed)[number]) =>
      said.get(pairOf(anchor!, positive!)) === 'same' && said.get(pairOf(anchor!, negative!)) === 'different';
    const good = pressed.filter(({ verdict }) => verdict === 'good').filter(stillGood);
    expect(good.length).toBeGreaterThan(3);
    for (const { item } of good) expect(exported).toContain(item.paths.join(' | '));
  });
});

function readRows<Row>(folder: string, ending: string): Row[] {
  const files = readdirSync(path.join(folder, 'manifests')).filter(file => file.endsWith(ending));
  expect(files).toHaveLength(1);
  return readFileSync(path.join(folder, 'manifests', files[0]!), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Row);
}
