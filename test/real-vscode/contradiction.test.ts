import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { things } from '../../scripts/sample-images/things.mjs';
import { remove, samples, subset } from './support/folders';
import { ledgerOf } from './support/ledger';
import type { MarginWindow } from './support/margin';
import { inSteps, openMargin, useWindows } from './support/margin';
import type { Shown } from './support/panel';

useWindows();

const SOON = 30_000;
const WHO = 'tester@example.org';

describe('what an answer leads to', () => {
  inSteps();
  let folder: string;
  let margin: MarginWindow;
  let item: Shown;

  beforeAll(async () => {
    folder = subset(samples, Object.keys(things), 10);
    margin = await openMargin(folder);
  });
  afterAll(async () => {
    await (margin as MarginWindow | undefined)?.close();
    remove(folder);
  });

  const suspects = () => margin.panel.frame.locator('.suspect');
  const offer = () => margin.panel.frame.locator('.offer');
  const press = (key: string) => margin.panel.stage.press(key);

  /** Another tool says that two files show the same. */
  function sayElsewhere(id: string, one: string, other: string): void {
    const hashOf = (file: string) =>
      `sha256:${createHash('sha256')
        .update(readFileSync(path.join(folder, file)))
        .digest('hex')}`;
    const event = {
      v: 1,
      id,
      at: '2026-01-01T00:00:00.000Z',
      by: WHO,
      kind: 'answer',
      a: hashOf(one),
      b: hashOf(other),
      relation: 'same',
      paths: [one, other],
    };
    mkdirSync(path.join(folder, '.margin'), { recursive: true });
    appendFileSync(path.join(folder, '.margin/answers.jsonl'), `${JSON.stringify(event)}\n`);
  }

  it('“the negative is really the same” offers to change classes: one key, and one undo', async () => {
    await margin.workbench.command('Margin: Mine Hard Triplets');
    item = await margin.panel.shown(120_000);
    await margin.panel.press('n');
    await offer().waitFor({ timeout: SOON });
    await press('m');
    await offer().waitFor({ state: 'detached', timeout: SOON });
    const classes = ledgerOf(folder).filter(({ kind }) => kind === 'class');
    expect(classes).toHaveLength(10);
    expect(new Set(classes.map(event => event.with)).size).toBe(1);

    await press('z');
    await offer().waitFor({ timeout: SOON });
    expect(ledgerOf(folder).filter(({ kind }) => kind === 'undo')).toHaveLength(1);
    await press('Escape');
    await offer().waitFor({ state: 'detached', timeout: SOON });
    expect(await margin.panel.press('z')).toEqual(item);
  });

  it('a contradiction is shown with its images the moment it arises', async () => {
    for (let n = 0; ; n++) {
      const [, positive, negative] = item.paths as [string, string, string];
      sayElsewhere(`elsewhere-${String(n)}`, positive, negative);
      const said = n === 0 ? '1 answer' : `${String(n + 1)} answers`;
      await margin.panel.frame.locator('.counts').filter({ hasText: said }).waitFor({ timeout: SOON });
      const before = item;
      item = await margin.panel.shown();
      if (item.id === before.id || n === 5) break;
    }
    await press('y');
    await expect.poll(() => suspects().count(), { timeout: SOON }).toBe(3);
    const stage = await margin.panel.shown();
    expect(stage.id).toMatch(/^answer /);
    expect(stage.paths).toHaveLength(2);
    for (const image of stage.paths) expect(item.paths).toContain(image);
  });

  it('it is still there after a reload of the window', async () => {
    await margin.workbench.reload();
    await margin.workbench.command('Margin: Label Next Pair');
    await expect.poll(() => suspects().count(), { timeout: 60_000 }).toBe(3);
  });

  it('one key corrects the likeliest wrong answer, and undo brings the contradiction back', async () => {
    const next = await margin.panel.press('c');
    expect(next.id).not.toMatch(/^answer /);
    expect(ledgerOf(folder).at(-1)).toMatchObject({ kind: 'answer', by: WHO, why: { lane: 'correction' } });
    expect((await margin.panel.press('z')).id).toMatch(/^answer /);
    expect(await suspects().count()).toBe(3);
  });

  it('it can be left for later, and is found again by the command', async () => {
    const next = await margin.panel.press('l');
    expect(next.id).not.toMatch(/^answer /);
    await margin.workbench.command('Margin: Show Contradictions');
    await suspects().first().waitFor({ timeout: SOON });
    await margin.panel.press('c');
    await expect.poll(() => suspects().count(), { timeout: SOON }).toBe(0);
    await margin.workbench.command('Margin: Show Contradictions');
    await margin.workbench.notification('No answers contradict each other').waitFor({ timeout: SOON });
  });
});
