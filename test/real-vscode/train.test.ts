import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { things } from '../../scripts/sample-images/things.mjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { remove, samples, subset, temporaryFolder } from './support/folders';
import type { MarginWindow } from './support/margin';
import { inSteps, openMargin, pageWith, useWindows } from './support/margin';

useWindows();

describe.skipIf(!samples)('training, from the palette to the next round of mining', () => {
  inSteps();
  let folder: string;
  let elsewhere: string;
  let margin: MarginWindow;
  /** the page, once it shows this */
  const page = (selector: string) => pageWith(margin.workbench, `.sheet${selector}`);

  beforeAll(async () => {
    folder = subset(samples!, Object.keys(things), 8);
    elsewhere = temporaryFolder('margin-pairs-');
    margin = await openMargin(folder);
  });
  afterAll(async () => {
    await (margin as MarginWindow | undefined)?.close();
    remove(folder);
    remove(elsewhere);
  });

  it('asks for the choices, offers only a distance that suits the loss, and starts', async () => {
    const { workbench } = margin;
    await workbench.command('Margin: Train Siamese Model');
    await workbench.pick('conv4');
    await workbench.pick('Contrastive');
    await workbench.quickRows.filter({ hasText: 'Euclidean distance' }).first().waitFor();
    expect(await workbench.quickRows.filter({ hasText: 'Squared L2' }).count()).toBe(0);
    await workbench.pick('Cosine');
    await workbench.pick('what the folders say, and what people judged');
    await workbench.type('first');
    await workbench.pick('Epochs');
    await workbench.type('3');
    await workbench.pick('Advanced');
    // What goes with the contrastive loss and the cosine distance of a new network.
    expect((await workbench.quickRows.allInnerTexts()).join()).toMatch(/Input size[^]*Embedding size[^]*Margin/);
    await workbench.pick('Embedding size');
    await workbench.quickInput.fill('1');
    await workbench.page.getByText('A whole number from 2 to 4096').first().waitFor();
    await workbench.type('48');
    await workbench.pick('Done');
    await workbench.quickRows.filter({ hasText: 'Embedding size: 48' }).first().waitFor();
    await workbench.pick('Start Training');
    // So little is learned quickly: a page that takes its time may find it done.
    await page(':is([data-state="running"], [data-state="done"])');
  });

  it('shows the curves and the figures before and after', async () => {
    const running = await page('');
    await running.locator('.sheet[data-state="done"]').waitFor({ timeout: 180_000 });
    await running.locator('.chart.loss path').waitFor();
    expect(await running.locator('.facts').innerText()).toMatch(
      /conv4[^]*Contrastive[^]*Cosine[^]*Embedding size\s+48/,
    );
    expect(await running.locator('.judged').innerText()).toMatch(/P@1\s+[\d.]+ %/);
    const card = JSON.parse(readFileSync(path.join(folder, '.margin/models/first/card.json'), 'utf8')) as object;
    expect(card).toHaveProperty('evaluation.after');
    expect(card).toHaveProperty('embedding.dimension', 48);
  });

  it('is the same after a reload of the window', async () => {
    const judged = async () => (await page('[data-state="done"]')).locator('.judged').innerText();
    const before = await judged();
    await margin.workbench.reload({ keeps: 'margin.training' });
    expect(await judged()).toBe(before);
  });

  it('uses the model and mines again in one click', async () => {
    await (await page('')).locator('vscode-button[data-command="mineAgain"]').click();
    await pageWith(margin.workbench, '#stage[data-item]');
    const settings = path.join(folder, '.vscode/settings.json');
    expect(existsSync(settings) && readFileSync(settings, 'utf8')).toContain('"margin.model": "first"');
    await (await page('')).locator('.in-use').waitFor();
  });

  it('is judged on its own page', async () => {
    const { workbench } = margin;
    await workbench.command('Margin: Evaluate Model');
    await workbench.pick('first');
    const [one, two] = Object.keys(things).map(name =>
      [0, 1].map(i => `${name}/${readdirSync(path.join(folder, name)).sort()[i]!}`),
    );
    const file = path.join(elsewhere, 'pairs.csv');
    writeFileSync(file, ['fold,a,b,same', `1,${one![0]!},${one![1]!},1`, `1,${one![0]!},${two![0]!},0`].join('\n'));
    await workbench.pick('Verification Pairs From a File');
    await workbench.chooseFile(file);
    await workbench.quickRows.filter({ hasText: 'pairs.csv' }).first().waitFor();
    await workbench.pick(/^Evaluate/);
    const preview = workbench.page
      .frameLocator('iframe.webview[src*="extensionId=vscode.markdown-language-features"]')
      .frameLocator('#active-frame');
    await preview.getByRole('heading', { name: 'Evaluation of first' }).waitFor({ timeout: 120_000 });
    expect(await preview.locator('table').first().innerText()).toMatch(/P@1\s+[\d.]+ % \(95 %: [\s\S]*MAP@R/);
    await preview.getByRole('img', { name: /^ROC curve\. first: area [\d.]+.* Raw pixels: area/ }).waitFor();
    expect(await preview.locator('table').last().innerText()).toMatch(/Equal error rate\s+[\d.]+ % \(95 %:/);
  });
});
