import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataSet, remove, subset } from './support/folders';
import { ledgerOf, pairOf, standing } from './support/ledger';
import type { MarginWindow } from './support/margin';
import { inSteps, openMargin, pageWith, useWindows } from './support/margin';

useWindows();

const CLASSES = ['t-shirt', 'pants', 'shoes'];

describe('a manifest in VS Code', () => {
  inSteps();
  const set = dataSet('clothing-dev');
  let folder: string;
  let images: string[];
  let margin: MarginWindow;

  beforeAll(async () => {
    if (!set) return;
    folder = subset(set, CLASSES, 8);
    images = CLASSES.flatMap(name => readdirSync(path.join(folder, name)).map(file => `${name}/${file}`));
    mkdirSync(path.join(folder, 'manifests'));
    const rows = images.slice(1).map((image, i) => ({
      ...{ a: images[0], b: image, source: 'class', distance: ((i * 7) % 23) / 23 },
      relation: path.dirname(image) === path.dirname(images[0]!) ? 'same' : 'different',
    }));
    rows.push({ ...rows[0]!, b: 'shoes/never-was.jpg' });
    writeFileSync(path.join(folder, 'manifests/x.pairs.jsonl'), rows.map(row => JSON.stringify(row) + '\n').join(''));
    writeFileSync(
      path.join(folder, 'labels.csv'),
      `left,right,match\n${images
        .slice(2, 7)
        .map(image => `${images[1]!},${image},1\n`)
        .join('')}`,
    );
    margin = await openMargin(folder, { settings: { 'files.simpleDialog.enable': true } });
  });
  afterAll(async () => {
    await (margin as MarginWindow | undefined)?.close();
    remove(folder);
  });

  it.skipIf(!set)('opens as pictures, by a click on the file', async () => {
    const { workbench } = margin;
    // What opened before VS Code knew of the extension would be text.
    await workbench.page.locator('.part.activitybar [aria-label="Margin"]').first().waitFor({ timeout: 60_000 });
    await workbench.openFile('manifests/x.pairs.jsonl');
    const page = await pageWith(workbench, '#grid');
    const picture = page.locator('.row[data-line="1"] img').first();
    await picture.waitFor({ timeout: 60_000 });
    expect(
      await picture.evaluate(image => (image as unknown as { naturalWidth: number }).naturalWidth),
    ).toBeGreaterThan(0);
    expect(await page.locator('.counts').textContent()).toBe(`${String(images.length)} rows`);
    await page.locator('#grid').press('End');
    await page.locator('.row.chosen').getByText('Missing', { exact: true }).waitFor();
  });

  it.skipIf(!set)('corrects a row by key, which is then in the ledger, and takes it back', async () => {
    const page = await pageWith(margin.workbench, '#grid');
    const before = readFileSync(path.join(folder, 'manifests/x.pairs.jsonl'), 'utf8');
    await page.locator('#grid').press('Home');
    await page.locator('.row.chosen[data-line="1"]').waitFor();
    await page.locator('#grid').press('d');
    await page.locator('.row[data-line="1"]').getByText('by you').waitFor();
    const pair = pairOf(images[0]!, images[1]!);
    await expect.poll(() => standing(ledgerOf(folder)).get(pair)).toBe('different');
    expect(ledgerOf(folder)[0]).toMatchObject({ by: 'tester@example.org', why: { lane: 'manifest' } });
    // the file is somebody's export: it stays as it is
    expect(readFileSync(path.join(folder, 'manifests/x.pairs.jsonl'), 'utf8')).toBe(before);
    await page.locator('#grid').press('z');
    await expect.poll(() => standing(ledgerOf(folder)).size).toBe(0);
    await page.locator('#grid').press('d');
    await expect.poll(() => standing(ledgerOf(folder)).get(pair)).toBe('different');
  });

  it.skipIf(!set)('shows its text at one click, and its pictures again', async () => {
    const { workbench } = margin;
    await workbench.page.locator('.editor-actions [aria-label="Open as Text"]').first().click();
    await workbench.page.locator('.monaco-editor .view-line', { hasText: '"relation"' }).first().waitFor();
    await workbench.page.locator('.editor-actions [aria-label="Open as Pictures"]').first().click();
    await (await pageWith(workbench, '#grid')).locator('.row img').first().waitFor({ timeout: 30_000 });
    // The text goes when the pictures are there.
    await expect
      .poll(() => workbench.page.locator('.tab', { hasText: 'x.pairs.jsonl' }).count(), { timeout: 30_000 })
      .toBe(1);
  });

  it.skipIf(!set)('imports a plain table: columns picked, counts shown, written as one act', async () => {
    const { workbench } = margin;
    await workbench.command('Margin: Import Answers');
    await workbench.chooseFile(path.join(folder, 'labels.csv'));
    await workbench.pick('An anchor, a positive and a negative');
    await workbench.goBack();
    await workbench.pick('Two images and a label');
    for (const column of ['left', 'right', 'match', '1 means same']) await workbench.pick(column);
    const page = await pageWith(workbench, '[data-action="keep"]');
    await page.getByRole('heading', { name: 'Import 5 answers?' }).waitFor({ timeout: 30_000 });
    expect(standing(ledgerOf(folder)).size).toBe(1);
    await page.locator('[data-action="keep"]').click();
    await workbench.notification('Imported 5 answers.').waitFor();
    const said = standing(ledgerOf(folder));
    for (const image of images.slice(2, 7)) expect(said.get(pairOf(images[1]!, image)), image).toBe('same');
    await workbench.notification('Imported 5 answers.').getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => standing(ledgerOf(folder)).size).toBe(1);
    expect(existsSync(path.join(folder, 'labels.csv'))).toBe(true);
  });
});
