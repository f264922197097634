import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Relation } from '../../src/core/types';
import { remove, samples, subset } from './support/folders';
import { ledgerOf } from './support/ledger';
import type { MarginWindow } from './support/margin';
import { inSteps, openMargin, useWindows } from './support/margin';

useWindows();

const SOON = 30_000;
const PAIR = ['fruit/apple', 'fruit/tomato'] as const;

describe('pairs on which people differ', () => {
  inSteps();
  let folder: string;
  let margin: MarginWindow;
  const pairs: [string, string][] = [];

  beforeAll(async () => {
    folder = subset(samples, [...PAIR, 'garden/leaf'], 4);
    margin = await openMargin(folder);
  });
  afterAll(async () => {
    await (margin as MarginWindow | undefined)?.close();
    remove(folder);
  });

  const row = (text: string) =>
    margin.workbench.page.locator('.part.sidebar .monaco-list-row').filter({ hasText: text }).first();
  const left = async () => /(\d+) of \d+ left|done/.exec((await row('Disagreements').textContent()) ?? '')?.[0];

  /** What git brings: two people's answers to one pair. */
  function said(files: [string, string], answers: Record<string, Relation>): void {
    const hashOf = (file: string) =>
      `sha256:${createHash('sha256')
        .update(readFileSync(path.join(folder, file)))
        .digest('hex')}`;
    mkdirSync(path.join(folder, '.margin'), { recursive: true });
    for (const [who, relation] of Object.entries(answers)) {
      const id = `${who}-${String(pairs.length)}`;
      const [a, b] = files.map(hashOf);
      const common = { v: 1, id, at: '2026-01-01T00:00:00.000Z', by: `${who}@example.org`, kind: 'answer' };
      appendFileSync(
        path.join(folder, '.margin/answers.jsonl'),
        `${JSON.stringify({ ...common, a, b, relation, paths: files })}\n`,
      );
    }
    pairs.push(files);
  }

  it('are a lane of their own in the tree, with their count', async () => {
    await margin.workbench.command('Margin: Mine Hard Triplets');
    const { paths } = await margin.panel.shown(120_000);
    const [anchor, positive, negative] = paths as [string, string, string];
    said([anchor, positive], { ada: 'same', bob: 'different' });
    said([anchor, negative], { ada: 'different', bob: 'incomparable' });
    const header = margin.workbench.page.locator('.part.sidebar .pane-header').filter({ hasText: 'Lanes' });
    if ((await header.getAttribute('aria-expanded')) !== 'true') await header.click();
    await expect.poll(left, { timeout: SOON }).toBe('2 of 2 left');
  });

  it('open in the panel with large images, and who said what hidden until the answer', async () => {
    await row('Disagreements').click();
    const { frame } = margin.panel;
    await frame.locator('.question').filter({ hasText: 'People differ' }).waitFor({ timeout: SOON });
    const first = await margin.panel.shown();
    expect([...first.paths].sort()).toEqual([...pairs[0]!].sort());
    expect(await frame.locator('#page').innerText()).not.toContain('bob');
    const second = await margin.panel.press('d');
    expect([...second.paths].sort()).toEqual([...pairs[1]!].sort());
    await frame.locator('.last').filter({ hasText: 'ada: Same · bob: Different' }).waitFor({ timeout: SOON });
    const event = ledgerOf(folder).at(-1)! as { settles?: string[] };
    expect(event).toMatchObject({ kind: 'answer', by: 'tester@example.org', relation: 'different' });
    expect([...event.settles!].sort()).toEqual(['ada-0', 'bob-0']);
    await expect.poll(left, { timeout: SOON }).toBe('1 of 2 left');
  });

  it('come back with one undo, also after a reload, and are done when all are settled', async () => {
    await margin.workbench.reload();
    await margin.workbench.command('Margin: Settle Disagreements');
    await margin.panel.frame.locator('.question').filter({ hasText: 'People differ' }).waitFor({ timeout: 60_000 });
    const shown = await margin.panel.shown();
    expect([...shown.paths].sort()).toEqual([...pairs[1]!].sort());
    const back = await margin.panel.press('z');
    expect([...back.paths].sort()).toEqual([...pairs[0]!].sort());
    await expect.poll(left, { timeout: SOON }).toBe('2 of 2 left');
    await margin.panel.press('s');
    await margin.panel.stage.press('u');
    await margin.panel.message.filter({ hasText: 'no longer differ' }).waitFor({ timeout: SOON });
    await expect.poll(left, { timeout: SOON }).toBe('done');
    await margin.workbench.command('Margin: Settle Disagreements');
    await margin.workbench.notification('no pair of which people say different things').waitFor({ timeout: SOON });
  });
});
