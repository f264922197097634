import path from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { remove, samples, subset } from './support/folders';
import { ledgerOf, pairOf, standing } from './support/ledger';
import type { MarginWindow } from './support/margin';
import { inSteps, openMargin, useWindows } from './support/margin';

useWindows();

const SOON = 30_000;
const CLASSES = ['fruit/apple', 'fruit/tomato', 'garden/leaf'];

describe('the Lanes and Answers views', () => {
  inSteps();
  let folder: string;
  let margin: MarginWindow;
  /** anchor and positive of the first triplet, said to be the same */
  let first: [string, string];

  beforeAll(async () => {
    folder = subset(samples, CLASSES, 6);
    margin = await openMargin(folder);
  });
  afterAll(async () => {
    await (margin as MarginWindow | undefined)?.close();
    remove(folder);
  });

  const bar = () => margin.workbench.page.locator('.part.sidebar');
  const row = (text: string | RegExp) => bar().locator('.monaco-list-row').filter({ hasText: text }).first();

  async function section(name: string, open: boolean): Promise<void> {
    const header = bar().locator('.pane-header').filter({ hasText: name });
    if ((await header.getAttribute('aria-expanded')) !== String(open)) await header.click();
    await expect.poll(() => header.getAttribute('aria-expanded'), { timeout: SOON }).toBe(String(open));
  }

  async function fold(group: string, open: boolean): Promise<void> {
    const found = row(group);
    await found.waitFor({ timeout: SOON });
    if ((await found.getAttribute('aria-expanded')) !== String(open)) await found.locator('.monaco-tl-twistie').click();
    await expect.poll(() => found.getAttribute('aria-expanded'), { timeout: SOON }).toBe(String(open));
  }

  /** A row's buttons are there while the mouse is over it, and the tree may be painted anew meanwhile. */
  async function press(found: Locator, button: string, done: () => boolean): Promise<void> {
    for (const deadline = Date.now() + SOON; !done();) {
      if (Date.now() > deadline) throw new Error(`${button} does nothing`);
      const click = async () => {
        await found.hover({ timeout: 3000 });
        await found.getByRole('button', { name: button }).click({ timeout: 3000 });
      };
      await click().catch(() => undefined);
      for (const soon = Date.now() + 3000; Date.now() < soon && !done();)
        await margin.workbench.page.waitForTimeout(50);
    }
  }

  it('a lane opens from the tree, and what is left of it goes down with each answer', async () => {
    const { workbench, panel } = margin;
    await workbench.command('Margin: Mine Hard Triplets');
    await panel.shown(120_000);
    await workbench.command('Margin: Mine Hard Negatives');
    await panel.frame.locator('#stage[aria-label="Pair"]').waitFor({ timeout: 60_000 });
    await section('Lanes', true);
    const lane = row('Hard Triplets');
    await lane.click();
    await panel.frame.locator('#stage[aria-label="Triplet"]').waitFor({ timeout: SOON });
    const item = await panel.shown();
    first = [item.paths[0]!, item.paths[1]!];
    const left = async () => Number(/(\d+) of \d+ left/.exec((await lane.textContent()) ?? '')?.[1]);
    const before = await left();
    expect(before).toBeGreaterThan(3);
    await panel.press('y');
    await expect.poll(left, { timeout: SOON }).toBeLessThan(before);
    const after = await left();
    await panel.press('u');
    await expect.poll(left, { timeout: SOON }).toBeLessThan(after);
    await section('Lanes', false);
  });

  it('an answer is found by its images and corrected', async () => {
    const { workbench } = margin;
    const names = first.map(file => path.basename(file, '.jpg'));
    await workbench.command('Margin: Search Answers');
    await workbench.quickInput.fill(names.join(' '));
    await workbench.page.locator('.quick-input-title', { hasText: 'Search Answers: 1' }).waitFor({ timeout: SOON });
    await workbench.pick(names[0]!);
    await workbench.pick('different');
    await expect.poll(() => standing(ledgerOf(folder)).get(pairOf(...first)), { timeout: SOON }).toBe('different');
    await section('Answers', true);
    await fold('All Answers', true);
    await answerRow('different').waitFor({ timeout: SOON });
  });

  it('and taken back in the tree, so that what was said before stands again', async () => {
    await press(answerRow('different'), 'Take Back', () => ledgerOf(folder).at(-1)!.kind === 'undo');
    expect(standing(ledgerOf(folder)).get(pairOf(...first))).toBe('same');
    await answerRow('same').waitFor({ timeout: SOON });
  });

  it('a flagged image is listed, and its questions come back once the flag is taken back', async () => {
    const { panel } = margin;
    await fold('All Answers', false); // or there is no room for another row
    const item = await panel.shown();
    const before = await panel.counts();
    await panel.stage.press('x');
    await panel.press('2');
    const flag = ledgerOf(folder).at(-1)!;
    expect(flag.kind).toBe('flag');
    expect(await panel.counts()).not.toBe(before);
    await fold('Flagged Images', true);
    const flagged = row(path.basename(item.paths[1]!));
    await flagged.waitFor({ timeout: SOON });
    // A group is nothing to take back.
    await row('Flagged Images').hover();
    expect(await row('Flagged Images').getByRole('button', { name: 'Take Back' }).count()).toBe(0);
    await press(flagged, 'Take Back', () => ledgerOf(folder).at(-1)!.kind === 'undo');
    expect(ledgerOf(folder).at(-1)!.of).toBe(flag.id);
    await row('Flagged Images').waitFor({ state: 'detached', timeout: SOON });
    await expect.poll(() => panel.counts(), { timeout: SOON }).toBe(before);
  });

  /** The row of the first answer, which names its images in either order. */
  function answerRow(relation: string): Locator {
    const [a, b] = first.map(file => path.basename(file, '.jpg')) as [string, string];
    return bar()
      .locator(`.monaco-list-row[aria-label*="${a}"][aria-label*="${b}"][aria-label*=", ${relation}"]`)
      .first();
  }
});
