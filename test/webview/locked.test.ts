import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LABELLING } from '../host/support/labelling';
import { RealEngine } from '../host/support/realEngine';
import { writeShapes } from '../support/images';
import { canLock, lockFile } from '../support/lock';
import { SETTINGS } from '../support/settings';
import { CHROMIUM, LabelPageHost } from './support/labelPage';

const host = new LabelPageHost();
const SOON = 30_000;

// The page as it ships, on the real controller and engine, while another process holds the ledger.
describe.skipIf(CHROMIUM === undefined || !canLock())('the Label page while another program locks the ledger', () => {
  let folder: string;
  let engine: RealEngine;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'margin-locked-'));
    await writeShapes(folder, 4, ['circle', 'square']);
    engine = new RealEngine();
    await engine.call('mine', {
      ...{ folder, settings: SETTINGS, lane: 'hard-negatives', metric: 'auto', margin: 2, strategy: 'nearest' },
      ...{ topK: 100, perImage: 100, seed: 1 },
    });
    await host.start();
  }, 60_000);
  afterAll(async () => {
    await host.stop();
    await engine.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  const onDisk = () =>
    readFileSync(path.join(folder, '.margin/answers.jsonl'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(line => (JSON.parse(line) as { kind: string }).kind);

  test('says at once what is not on disk, an undo as well, goes on, and takes it back only once it is', async () => {
    const place = { ...LABELLING, ref: { folder, settings: SETTINGS } };
    const { page, controller, complaints } = await host.openOn(engine, { place: () => Promise.resolve(place) });
    engine.onChanged = () => controller.refresh();
    const ready = page.locator('#stage[data-item][aria-busy="false"]');
    const item = () => ready.getAttribute('data-item', { timeout: SOON });
    const press = async (key: string) => {
      const before = await item();
      await page.keyboard.press(key);
      await page.locator(`#stage[aria-busy="false"]:not([data-item="${before!}"])`).waitFor({ timeout: SOON });
    };
    const alert = page.getByRole('alert');
    await ready.waitFor({ timeout: SOON });
    await press('d');
    expect(onDisk()).toEqual(['answer']);
    expect(await alert.count()).toBe(0);

    const lock = await lockFile(path.join(folder, '.margin/answers.jsonl'));
    try {
      const asked = await item();
      await press('d');
      // With the very state that shows the next question, not some time after it.
      expect(await alert.innerText()).toMatch(/Your last step is not on disk yet\..*another program holds/s);
      expect(onDisk()).toEqual(['answer']);
      await press('u');
      expect(await alert.innerText()).toContain('Your last 2 steps are not on disk yet.');
      await press('z');
      expect(await alert.innerText()).toContain('Your last 3 steps are not on disk yet.');
      await press('z');
      expect(await item()).toBe(asked);
      await press('d');
      // Loaded again, the page shows what the engine has in memory, and says the same of it.
      await page.reload();
      await ready.waitFor({ timeout: SOON });
      await alert.filter({ hasText: 'Your last 5 steps are not on disk yet.' }).waitFor({ timeout: SOON });
      expect(onDisk()).toEqual(['answer']);
    } finally {
      await lock.release();
    }
    await alert.waitFor({ state: 'detached', timeout: SOON });
    expect(onDisk()).toEqual(['answer', 'answer', 'answer', 'undo', 'undo', 'answer']);
    expect(complaints).toEqual([]);
    await page.close();
  }, 120_000);
});
