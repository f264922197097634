import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ManifestController } from '../../src/host/manifest/manifestController';
import type { ManifestControllerOptions, ManifestPlace } from '../../src/host/manifest/manifestController';
import { RealEngine } from '../host/support/realEngine';
import { SETTINGS } from '../support/settings';
import { temporaryFolder } from '../support/data';
import { writeShapes } from '../support/images';
import { CHROMIUM, PageHost } from './support/pageHost';

const host = new PageHost('manifest');
const engine = new RealEngine();
let folder: string;

const SHAPES = ['circle', 'square', 'triangle'];
const image = (n: number) => `${SHAPES[n % 3]!}/${String(Math.floor(n / 3) % 4).padStart(2, '0')}.png`;

function pairs(count: number): string {
  let text = '';
  for (let i = 0; i < count; i++) {
    const relation = i % 3 === 0 ? 'same' : 'different';
    const source = i % 2 === 0 ? 'answer' : 'mined';
    // eleven images after each other are never the same one
    text += `{"a":"${image(i)}","b":"${image(i + 1 + (i % 11))}","relation":"${relation}","source":"${source}","distance":${String((i * 7919) % 10007)}}\n`;
  }
  return text;
}

async function open(
  name: string,
  text: string,
  {
    size = { width: 1100, height: 800 },
    ...options
  }: Partial<ManifestControllerOptions> & { size?: { width: number; height: number } } = {},
) {
  const file = path.join(folder, name);
  await writeFile(file, text);
  const lines: number[] = [];
  const ran: string[] = [];
  const place: ManifestPlace = {
    kind: 'folder',
    ref: { folder, settings: SETTINGS },
    name: 'images',
    thumbnailSize: 512,
  };
  const controller = new ManifestController({
    engine,
    file,
    name,
    place: () => Promise.resolve(place),
    describe: ({ stage }) => stage,
    run: id => ran.push(id),
    openLine: line => lines.push(line),
    ...options,
  });
  engine.onChanged = () => {
    controller.changed();
  };
  const loaded = await host.load(transport => controller.connect(transport), size);
  return { ...loaded, controller, file, lines, ran };
}

const shownLines = (page: Page) =>
  page.locator('.row').evaluateAll(rows => rows.map(row => Number(row.getAttribute('data-line'))));

async function chosenLine(page: Page): Promise<number> {
  return Number(await page.locator('.row.chosen').getAttribute('data-line'));
}

async function ledger(): Promise<{ kind: string; relation?: string; paths?: string[]; why?: { line: number } }[]> {
  const text = await readFile(path.join(folder, '.margin/answers.jsonl'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as never);
}

describe.skipIf(CHROMIUM === undefined)('the page of a manifest, in a browser, with the engine behind it', () => {
  beforeAll(async () => {
    folder = temporaryFolder('margin-manifest-page-');
    await writeShapes(folder, 4);
    await host.start();
  });
  afterAll(async () => {
    await host.stop();
    await engine.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  test('shows rows as pictures from bytes, without a word of complaint from its policy', async () => {
    const { page, complaints } = await open('first.pairs.jsonl', pairs(40));
    await page.locator('.row img').nth(3).waitFor();
    expect(await page.locator('.row img').first().getAttribute('src')).toMatch(/^blob:/);
    expect(await page.locator('.row img').first().getAttribute('alt')).toBe(`First: ${image(0)}`);
    expect(await page.locator('.counts').textContent()).toBe('40 rows');
    expect(await page.locator('#grid').getAttribute('aria-rowcount')).toBe('40');
    expect(await page.locator('.row').first().getAttribute('aria-label')).toContain(
      'Line 1, Same, First circle/00.png',
    );
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('holds what is visible and no more of a hundred thousand rows, from the first to the last', async () => {
    const { page, complaints } = await open('large.pairs.jsonl', pairs(100_000));
    await page.locator('.row img').first().waitFor();
    expect(await page.locator('.row').count()).toBeLessThan(15);
    await page.locator('#grid').focus();
    await page.keyboard.press('End');
    await page.locator('.row[data-line="100000"] img').first().waitFor();
    await expect.poll(() => chosenLine(page), { timeout: 10_000 }).toBe(100_000);
    expect(await page.locator('.row').count()).toBeLessThan(15);
    // the bar is dragged to the middle
    await page.locator('#grid').evaluate(grid => {
      grid.scrollTop = (grid.scrollHeight - grid.clientHeight) / 2;
    });
    await expect
      .poll(async () => Math.min(...(await shownLines(page)).filter(Boolean).map(line => Math.abs(line - 50_000))))
      .toBeLessThan(20);
    await page.locator('.row img').first().waitFor();
    // and a turn of the wheel goes on from there by a row or so, not by thousands
    const before = Math.min(...(await shownLines(page)).filter(Boolean));
    await page.mouse.move(500, 500);
    await page.mouse.wheel(0, 300);
    await expect.poll(async () => Math.min(...(await shownLines(page)).filter(Boolean)) - before).toBeGreaterThan(0);
    await page.waitForTimeout(300);
    expect(Math.min(...(await shownLines(page)).filter(Boolean)) - before).toBeLessThan(5);
    await page.keyboard.press('Home');
    await page.locator('.row[data-line="1"]').waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('filters by path, class, relation and source, and sorts by distance', async () => {
    const { page } = await open('filter.pairs.jsonl', pairs(300));
    await page.locator('.row img').first().waitFor();
    const counts = page.locator('.counts');
    await page.getByRole('combobox', { name: 'Relation' }).selectOption('same');
    await expect.poll(() => counts.textContent()).toBe('100 of 300 rows');
    await page.getByRole('combobox', { name: 'Source' }).selectOption('answer');
    await expect.poll(() => counts.textContent()).toBe('50 of 300 rows');
    await page.getByRole('searchbox').fill('circle/03');
    const withCircle = pairs(300)
      .split('\n')
      .filter(line => /circle\/03/.test(line) && /"same","source":"answer"/.test(line)).length;
    expect(withCircle).toBeGreaterThan(0);
    await expect.poll(() => counts.textContent()).toBe(`${String(withCircle)} of 300 rows`);
    await page.getByRole('searchbox').fill('');
    await expect.poll(() => counts.textContent()).toBe('50 of 300 rows');
    await page.getByRole('combobox', { name: 'Sort by' }).selectOption('distance');
    await expect
      .poll(async () => {
        const distances = (await page.locator('.row .distance').allTextContents()).map(text =>
          Number(text.replace('distance', '')),
        );
        return distances.length > 3 && distances.every((value, i) => i === 0 || value >= distances[i - 1]!);
      })
      .toBe(true);
    const cheapest = await shownLines(page);
    await page.getByRole('button', { name: 'Ascending' }).click();
    await expect.poll(async () => (await shownLines(page))[0]).not.toBe(cheapest[0]);
    await page.close();
  });

  test('a key and a button correct a row in the ledger, and undo takes it back', async () => {
    const { page } = await open('correct.pairs.jsonl', pairs(20));
    await page.locator('.row img').first().waitFor();
    await page.locator('#grid').focus();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => chosenLine(page), { timeout: 10_000 }).toBe(2);
    await page.keyboard.press('s');
    await expect.poll(() => chosenLine(page), { timeout: 10_000 }).toBe(3); // on to the next
    await expect.poll(async () => (await ledger()).map(event => event.relation)).toEqual(['same']);
    expect((await ledger())[0]!.why).toMatchObject({ line: 2 });
    const second = page.locator('.row[data-line="2"]');
    expect((await second.locator('.claim').textContent())!.replace(/\s+/g, ' ').trim()).toBe('Different → Same by you');
    const first = page.locator('.row[data-line="1"]');
    await first.hover();
    await first.getByRole('button', { name: 'Different' }).click();
    await expect.poll(async () => (await ledger()).map(event => event.relation)).toEqual(['same', 'different']);
    await page.locator('#grid').focus();
    await page.keyboard.press('z');
    await page.keyboard.press('z');
    await expect.poll(async () => (await ledger()).filter(event => event.kind === 'undo').length).toBe(2);
    await expect.poll(() => page.locator('.claim', { hasText: 'by you' }).count()).toBe(0);
    await expect.poll(() => chosenLine(page), { timeout: 10_000 }).toBe(2);
    await page.close();
  });

  test('marks missing images and broken lines, and lets nobody judge them', async () => {
    const text = '{"a":"gone.png","b":"circle/00.png","relation":"same"}\nnot json\n';
    const { page, lines } = await open('missing.pairs.jsonl', text);
    const first = page.locator('.row[data-line="1"]');
    await first.getByText('Missing', { exact: true }).waitFor();
    await page.locator('.row[data-line="2"]').getByText('not json').waitFor();
    const before = (await ledger()).length;
    await page.locator('#grid').focus();
    await page.keyboard.press('s');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('s');
    await page.keyboard.press('Enter');
    await expect.poll(() => lines).toEqual([2]);
    expect(await ledger()).toHaveLength(before);
    await page.getByRole('combobox', { name: 'Rows', exact: true }).selectOption('missing');
    await expect.poll(() => page.locator('.counts').textContent()).toBe('1 of 2 rows · 1 broken lines');
    await page.close();
  });

  test('a triplet takes its five verdicts', async () => {
    const row = {
      anchor: image(0),
      positive: image(3),
      negative: image(1),
      positive_distance: 0.5,
      negative_distance: 0.4,
    };
    const { page } = await open('t.triplets.jsonl', JSON.stringify(row));
    await page.locator('.row img').nth(2).waitFor();
    expect(await page.locator('.row .distance').textContent()).toBe('positive 0.500, negative 0.400, gap −0.100');
    expect(await page.locator('.row .choice').allInnerTexts()).toHaveLength(5);
    const before = (await ledger()).length;
    await page.locator('#grid').focus();
    await page.keyboard.press('n');
    await expect
      .poll(async () => (await ledger()).slice(before).map(event => event.relation))
      .toEqual(['same', 'same']);
    await page.keyboard.press('Backspace');
    await expect.poll(async () => (await ledger()).at(-1)!.kind).toBe('undo');
    await page.close();
  });

  test('is where it was after a reload: filter, order, place and row', async () => {
    const { page } = await open('state.pairs.jsonl', pairs(400));
    await page.locator('.row img').first().waitFor();
    await page.getByRole('combobox', { name: 'Relation' }).selectOption('different');
    await expect.poll(() => page.locator('.counts').textContent()).toBe('266 of 400 rows');
    await page.locator('#grid').focus();
    await expect
      .poll(
        async () => {
          await page.keyboard.press('PageDown');
          return chosenLine(page);
        },
        { timeout: 10_000 },
      )
      .toBeGreaterThan(50);
    // what the last key did is painted in the next frame
    await page.evaluate(() => new Promise(painted => requestAnimationFrame(() => requestAnimationFrame(painted))));
    const line = await chosenLine(page);
    await expect.poll(() => shownLines(page), { timeout: 10_000 }).toContain(line);
    const before = (await shownLines(page)).filter(Boolean);
    await page.reload();
    await page.locator('.row img').first().waitFor();
    await expect.poll(() => chosenLine(page), { timeout: 10_000 }).toBe(line);
    await expect.poll(() => shownLines(page), { timeout: 10_000 }).toContain(before[2]);
    expect(await page.locator('.counts').textContent()).toBe('266 of 400 rows');
    await page.close();
  });

  test('follows the file, says what went wrong, and offers the text', async () => {
    const { page, file, controller, ran } = await open('follow.pairs.jsonl', pairs(5));
    await page.locator('.row img').first().waitFor();
    await appendFile(file, pairs(2));
    controller.reopen();
    await expect.poll(() => page.locator('.counts').textContent()).toBe('7 rows');
    await page.getByRole('button', { name: 'Open as Text' }).click();
    await expect.poll(() => ran).toEqual(['openAsText']);
    await rm(file);
    controller.reopen();
    await page.getByRole('alert').getByText('it does not exist').waitFor();
    await page.close();
  });

  test.each(['no-folder', 'untrusted', 'not-on-disk'] as const)(
    'where there is nothing to show (%s), it says why',
    async kind => {
      const { page, ran } = await open('x.pairs.jsonl', '', { place: () => Promise.resolve({ kind }) });
      await page.locator('.empty').getByRole('button', { name: 'Open as Text' }).click();
      await expect.poll(() => ran).toEqual(['openAsText']);
      await page.close();
    },
  );

  test('fits a narrow column', async () => {
    const { page } = await open('narrow.pairs.jsonl', pairs(20), { size: { width: 300, height: 700 } });
    await page.locator('.row img').first().waitFor();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    await page.locator('.row').first().getByRole('button', { name: 'Different' }).click();
    await page.locator('.row').first().getByText('by you').waitFor();
    await page.close();
  });
});
