/// <reference lib="dom" />
import { rmSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Jobs } from '../../src/host/jobs';
import type { TrainRecord } from '../../src/host/train/trainController';
import { TrainController } from '../../src/host/train/trainController';
import type { TrainRun } from '../../src/rpc/train-protocol';
import { RealEngine } from '../host/support/realEngine';
import { SETTINGS } from '../support/settings';
import { temporaryFolder } from '../support/data';
import { writeShapes } from '../support/images';
import { CHROMIUM, PageHost } from './support/pageHost';

const host = new PageHost('train');
const engine = new RealEngine();
let folder: string;

const runOf = (choice: Partial<TrainRun['choice']> = {}): TrainRun => ({
  folder,
  folderName: 'shapes',
  choice: {
    name: 'shapes-1',
    backbone: 'conv4',
    epochs: 3,
    stepsPerEpoch: 2,
    classesPerBatch: 2,
    imagesPerClass: 2,
    heldOut: 0.34,
    ...choice,
  },
  facts: [
    { name: 'Base network', value: 'conv4' },
    { name: 'Loss', value: 'Triplet' },
  ],
  modelBefore: 'starter',
  history: [],
});

async function open(record?: TrainRecord, size = { width: 900, height: 900 }) {
  let kept = record;
  const ran: string[] = [];
  const controller = new TrainController({
    engine,
    jobs: new Jobs(),
    place: () => ({ ref: { folder, settings: SETTINGS } }),
    title: ({ choice }) => choice.name,
    describe: ({ stage, done, total }) => `${stage} ${String(done)} of ${String(total)}`,
    memory: { get: () => kept, set: next => (kept = structuredClone(next)) },
    run: id => ran.push(id),
  });
  const loaded = await host.load(transport => controller.connect(transport), size);
  return { ...loaded, controller, ran };
}

const state = (page: Page) => page.locator('.sheet').getAttribute('data-state');
const button = (page: Page, id: string) => page.locator(`vscode-button[data-command="${id}"]`);
const history = (...values: [number, number][]) =>
  values.map(([loss, heldOut], i) => ({ epoch: i + 1, loss, heldOut }));

describe.skipIf(CHROMIUM === undefined)('the page of a training, in a browser', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    folder = temporaryFolder('margin-train-page-');
    await writeShapes(folder, 6);
    await host.start();
  });
  afterAll(async () => {
    await host.stop();
    await engine.dispose();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  test('follows a training from the start to its figures, without a word of complaint from its policy', async () => {
    const { page, controller, ran, complaints } = await open();
    expect(await state(page)).toBe('nothing');
    const run = controller.start(runOf(), { folder, settings: SETTINGS });
    await page.locator('.sheet[data-state="running"] .figures-now').waitFor();
    expect(await page.locator('.figures-now').textContent()).toMatch(/Epoch.*[123] of 3.*Loss.*Images a second/s);
    await run;
    await page.locator('.sheet[data-state="done"]').waitFor();
    expect(await page.locator('h1').textContent()).toBe('shapes-1');
    expect(await page.locator('.outcome').textContent()).toMatch(/^Trained for 3 epochs in .* 18 images, 3 classes/);
    const judged = await page.locator('.judged').innerText();
    expect(judged).toMatch(/Before \(starter\)\s+After/);
    expect(judged).toMatch(/P@1\s+[\d.]+ % \([\d.]+ % to [\d.]+ %\)/);
    for (const id of ['mineAgain', 'useModel', 'evaluate', 'openFolder']) await button(page, id).click();
    expect(ran).toEqual(['mineAgain', 'useModel', 'evaluate', 'openFolder']);
    expect(await page.locator('.announcements').textContent()).toBe('Training is done');
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('draws both curves, says them in words, and lists them in a table', async () => {
    const run = { ...runOf({ epochs: 4 }), history: history([0.9, 0.2], [0.5, 0.7], [0.25, 0.6]) };
    const { page, complaints } = await open({ run });
    expect(await state(page)).toBe('interrupted');
    const [loss, heldOut] = [page.locator('.chart.loss'), page.locator('.chart.held-out')];
    expect(await loss.getByRole('img').getAttribute('aria-label')).toBe(
      'Loss by epoch. 0.9 after epoch 1, 0.25 after epoch 3',
    );
    expect(await heldOut.getByRole('img').getAttribute('aria-label')).toBe(
      'Held-out MAP@R by epoch. 20.0 % after epoch 1, best 70.0 % after epoch 2',
    );
    const points = ((await loss.locator('path').getAttribute('d')) ?? '')
      .match(/[\d.]+ [\d.]+/g)!
      .map(text => text.split(' ').map(Number));
    expect(points).toHaveLength(3);
    // falls: further right, further down; and the last epoch's place is left free
    expect(points[0]![0]).toBeLessThan(points[1]![0]!);
    expect(points[0]![1]).toBeLessThan(points[1]![1]!);
    expect(points[2]![0]).toBeLessThan(420);
    await page.locator('summary').click();
    const rows = await page.locator('details tbody tr').allInnerTexts();
    expect(rows.map(row => row.replaceAll(/\s+/g, ' ').trim())).toEqual([
      '1 0.9 20.0 %',
      '2 0.5 70.0 % (kept)',
      '3 0.25 60.0 %',
    ]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('is cancelled by its button, and shows what was kept', async () => {
    const { page, controller } = await open();
    const run = controller.start(runOf({ name: 'cut', epochs: 500, patience: 0 }), { folder, settings: SETTINGS });
    await page.getByText('Stop and Keep the Best So Far').click();
    await run;
    await page.locator('.sheet[data-state="done"]').waitFor();
    expect(await page.locator('.outcome').textContent()).toMatch(
      /^Cancelled after \d+ epochs? in .*; the best so far is kept/,
    );
    await page.close();
  });

  test('says what went wrong, and what to do', async () => {
    const { page, controller, ran } = await open();
    await controller.start(runOf({ loss: 'cross-entropy', metric: 'l2' }), { folder, settings: SETTINGS });
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').innerText()).toMatch(/choose weightedL1, not l2.*Change one of the choices/s);
    await button(page, 'change').click();
    expect(ran).toEqual(['change']);
    await page.close();
  });

  test('fits a narrow editor without scrolling sideways', async () => {
    const run = {
      ...runOf({ name: '非常に長い名前のモデル-'.repeat(6).slice(0, 80) }),
      history: history([1, 0.5], [0.5, 0.6]),
    };
    const { page } = await open({ run }, { width: 280, height: 700 });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    await page.close();
  });
});
