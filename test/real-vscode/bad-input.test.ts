import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { remove, samples, subset, temporaryFolder } from './support/folders';
import { KEYS, ledgerOf } from './support/ledger';
import type { MarginWindow } from './support/margin';
import { HOST, openMargin, useWindows } from './support/margin';

useWindows();

const CLASSES = ['fruit/apple', 'fruit/tomato', 'fruit/pear'];

/** Each folder is opened and mined; the panel must say what is wrong and what to do. */
const CASES: { what: string; make(folder: string, photo: (n: number) => string): void; says: RegExp }[] = [
  { what: 'an empty folder', make: () => undefined, says: /There are no images in .*Put images .* into it/s },
  {
    what: 'a folder without images',
    make: folder => {
      writeFileSync(path.join(folder, 'notes.txt'), 'nothing to see');
      writeFileSync(path.join(folder, 'table.csv'), 'a,b\n');
    },
    says: /There are no images in/,
  },
  {
    what: 'one image',
    make: (folder, photo) => {
      copyFileSync(photo(0), path.join(folder, 'only.jpg'));
    },
    says: /only one image.*add more images/s,
  },
  {
    what: 'one class',
    make: (folder, photo) => {
      mkdirSync(path.join(folder, 'cats'));
      for (let n = 0; n < 5; n++) copyFileSync(photo(n), path.join(folder, 'cats', `${String(n)}.jpg`));
    },
    says: /without a second one there are no negatives/,
  },
  {
    what: 'images of which none can be read',
    make: folder => {
      for (const name of ['a', 'b', 'c']) {
        mkdirSync(path.join(folder, name));
        writeFileSync(path.join(folder, name, 'broken.jpg'), `${name}, which is no picture`);
      }
    },
    says: /None of the 3 image files .* can be read/,
  },
];

// What is said of a folder does not hang on the editor's version: once is enough.
describe.skipIf(HOST === 'lowest')('bad input', () => {
  const folders: string[] = [];
  let margin: MarginWindow;
  const photos = readdirSync(path.join(samples, 'kitchen/mug')).sort();
  const photo = (n: number) => path.join(samples, 'kitchen/mug', photos[n]!);

  beforeAll(async () => {
    folders.push(temporaryFolder());
    margin = await openMargin(folders[0]!);
  });
  afterAll(async () => {
    await (margin as MarginWindow | undefined)?.close();
    folders.forEach(remove);
  });

  it.each(CASES)('$what: says what is so and what to do', async ({ make, says }) => {
    const folder = temporaryFolder();
    folders.push(folder);
    make(folder, photo);
    await margin.open(folder);
    await Promise.all([
      margin.workbench.notification(says).waitFor({ timeout: 60_000 }),
      margin.panel.message.filter({ hasText: says }).waitFor({ timeout: 60_000 }),
      margin.workbench.command('Margin: Mine Hard Triplets'),
    ]);
    expect(existsSync(path.join(folder, '.margin/answers.jsonl'))).toBe(false);
  });

  it('a few broken files: they are counted, the others are asked about', async () => {
    const folder = subset(samples, CLASSES, 12);
    folders.push(folder);
    writeFileSync(path.join(folder, 'fruit/apple/broken.jpg'), 'this is no picture');
    await margin.open(folder);
    await Promise.all([
      margin.workbench.notification('1 file could not be read').waitFor({ timeout: 60_000 }),
      margin.panel.shown(60_000),
      margin.workbench.command('Margin: Mine Hard Triplets'),
    ]);
    expect(margin.log()).toContain('fruit/apple/broken.jpg');
  });

  it('a folder that vanishes in the middle: says so, and goes on when it is back', async () => {
    const folder = subset(samples, CLASSES, 12);
    folders.push(folder);
    const { workbench, panel } = margin;
    await margin.open(folder);
    await workbench.command('Margin: Mine Hard Triplets');
    const first = await panel.shown(60_000);
    const away = `${folder}-away`;
    folders.push(away);
    renameSync(folder, away);
    await panel.stage.press(KEYS.good);
    await panel.frame.locator('[role="alert"]').first().waitFor({ timeout: 30_000 });
    expect(existsSync(folder), 'writing must not bring a vanished folder back').toBe(false);
    renameSync(away, folder);
    await workbench.command('Margin: Label Next Pair');
    const shown = await panel.shown(60_000);
    if (shown.id === first.id) await panel.press(KEYS.good);
    expect(ledgerOf(folder).filter(event => event.kind === 'answer')).toHaveLength(2);
  });
});

describe.skipIf(HOST === 'lowest')('a model that does not load', () => {
  let folder: string;
  let margin: MarginWindow;
  beforeAll(async () => {
    folder = subset(samples, CLASSES, 6);
    margin = await openMargin(folder, { settings: { 'margin.model': 'no-such-model' } });
  });
  afterAll(async () => {
    await (margin as MarginWindow | undefined)?.close();
    remove(folder);
  });

  it('is named, with a way to choose another one', async () => {
    await margin.workbench.command('Margin: Mine Hard Triplets');
    await margin.panel.message.filter({ hasText: /no-such-model.*Choose Model/s }).waitFor({ timeout: 60_000 });
  });
});
