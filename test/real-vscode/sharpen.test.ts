import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { drawer } from '../../scripts/drawer.mjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { remove, samples, subset, temporaryFolder } from './support/folders';
import type { MarginWindow } from './support/margin';
import { inSteps, openMargin, pageWith, useWindows } from './support/margin';

useWindows();

/** Twins, two by two, so that there is something to sharpen. */
const CLASSES = ['fruit/apple', 'fruit/tomato', 'garden/leaf', 'fruit/pear'];
const PER_CLASS = 12;

describe('a model sharpened by answers, and judged by examples', () => {
  inSteps();
  let folder: string;
  let elsewhere: string;
  let margin: MarginWindow;

  beforeAll(async () => {
    folder = subset(samples, CLASSES, PER_CLASS);
    elsewhere = temporaryFolder('margin-examples-');
    const classOf = new Map<string, string>();
    for (const name of CLASSES) {
      for (const file of readdirSync(path.join(folder, name))) classOf.set(`${name}/${file}`, name);
      const files = readdirSync(path.join(samples, name)).sort();
      mkdirSync(path.join(elsewhere, 'shelf', name), { recursive: true });
      for (const file of files.slice(PER_CLASS, PER_CLASS + 3)) {
        cpSync(path.join(samples, name, file), path.join(elsewhere, 'shelf', name, file));
      }
    }
    const rows = answers([...classOf]).map(([a, b]) => `${a},${b},${classOf.get(a) === classOf.get(b) ? '1' : '0'}`);
    writeFileSync(path.join(elsewhere, 'answers.csv'), ['a,b,same', ...rows].join('\n'));
    margin = await openMargin(folder);
    // The command line of the package writes what a person would have answered.
    const columns = ['--format', 'csv', '--a', 'a', '--b', 'b', '--label', 'same'];
    execFileSync(
      process.execPath,
      [
        path.join(margin.installed, 'dist/cli.cjs'),
        ...['import', folder, '--from', path.join(elsewhere, 'answers.csv'), ...columns],
      ],
      { stdio: 'pipe' },
    );
  });
  afterAll(async () => {
    await (margin as MarginWindow | undefined)?.close();
    remove(folder);
    remove(elsewhere);
  });

  /** Goes through the wizard to its last step. @returns what it lists there */
  async function chooseMap(by: 'Your Answers' | 'Your Classes', name: string): Promise<string> {
    const { workbench } = margin;
    await workbench.command('Margin: Train Siamese Model');
    await workbench.pick(`Sharpen a Model With ${by}`);
    await workbench.pick('starter');
    await workbench.type(name);
    await workbench.quickRows.filter({ hasText: 'Start Training' }).first().waitFor();
    return (await workbench.quickRows.allInnerTexts()).join('\n');
  }

  it('asks for a model and a name, and nothing that a map has no use for', async () => {
    const rows = await chooseMap('Your Answers', 'sharper');
    expect(rows).toMatch(/Base network[\s\S]*starter, sharpened by answers/);
    expect(rows).not.toMatch(/Loss|Epochs|Augmentation/);
    await margin.workbench.pick('Start Training');
  });

  it('says what it is worth by answers held out, and keeps it as a model', async () => {
    const page = await pageWith(margin.workbench, '.sheet[data-state="done"]');
    await page.getByRole('heading', { name: 'On held-out answers, before and after' }).waitFor();
    expect(await page.locator('.judged').innerText()).toMatch(/AUC\s+[\d.]+ % \([\s\S]*[\d.]+ % \(/);
    const card = JSON.parse(readFileSync(path.join(folder, '.margin/models/sharper/card.json'), 'utf8')) as object;
    expect(card).toHaveProperty('training.map');
  });

  it('is sharpened by the classes of the folder too, and says what classes held out say of it', async () => {
    const { workbench } = margin;
    expect(await chooseMap('Your Classes', 'by-classes')).toMatch(/Base network[\s\S]*starter, sharpened by classes/);
    await workbench.pick('Start Training');
    const page = await pageWith(workbench, '.sheet[data-state="done"]');
    await page.getByRole('heading', { name: 'On held-out images, before and after' }).waitFor({ timeout: 120_000 });
    await page.getByText('48 images ask among all, each by what was learned without its class').waitFor();
    expect(await page.locator('.judged').innerText()).toMatch(/MAP@R\s+[\d.]+ % \([\s\S]*[\d.]+ % \(/);
    const card = JSON.parse(readFileSync(path.join(folder, '.margin/models/by-classes/card.json'), 'utf8')) as object;
    expect(card).toHaveProperty('evaluation.classes.better');
  });

  it('goes on from a model in a folder elsewhere', async () => {
    const { workbench } = margin;
    const head = workbench.quickRows.filter({ hasText: 'Its head only' }).first();
    // As below: the dialog may take the folder that it opened at, which holds no model, and the wizard says so and ends.
    for (let tries = 0; tries < 5 && !(await head.isVisible()); tries++) {
      await workbench.command('Margin: Train Siamese Model');
      await workbench.pick('Go On From a Model');
      await workbench.pick('From a Folder');
      await workbench.chooseFile(path.join(folder, '.margin/models/sharper'));
      await head.waitFor({ timeout: 5000 }).catch(() => undefined);
    }
    await workbench.pick('Its head only');
    await workbench.page.keyboard.press('Escape');
    await workbench.command('Margin: Train Siamese Model');
    await workbench.pick('Sharpen a Model With Your Classes');
    await workbench.pick('From a URL');
    await workbench.quickInput.fill('ftp://models');
    await workbench.page.getByText('An address that begins with http:// or https://').first().waitFor();
    await workbench.type('https://example.org/model.json');
    await workbench.type('from-afar');
    await workbench.quickRows
      .filter({ hasText: 'https://example.org/model.json, sharpened by classes' })
      .first()
      .waitFor();
    await workbench.page.keyboard.press('Escape');
  });

  it('judges it by a folder of examples', async () => {
    const { workbench } = margin;
    await workbench.command('Margin: Evaluate Model');
    await workbench.pick('sharper');
    // The dialog opens at the images' folder and, where it is slow to look at what was typed, takes that one.
    const chosen = workbench.quickRows.filter({ hasText: 'Classes by Examples' }).filter({ hasText: 'shelf' }).first();
    for (let tries = 0; tries < 5 && (await chosen.count()) === 0; tries++) {
      await workbench.pick('Classes by Examples From a Folder');
      await workbench.chooseFile(path.join(elsewhere, 'shelf'));
      await workbench.quickRows.filter({ hasText: 'Classes by Examples' }).first().waitFor();
    }
    await chosen.waitFor();
    await workbench.pick(/^Evaluate/);
    const preview = workbench.page
      .frameLocator('iframe.webview[src*="extensionId=vscode.markdown-language-features"]')
      .frameLocator('#active-frame');
    await preview.getByRole('heading', { name: 'Classification by examples' }).waitFor({ timeout: 120_000 });
    expect(await preview.locator('table').last().innerText()).toMatch(
      /sharper\s+[\d.]+ % [\s\S]*Raw pixels[\s\S]*Chance\s+25/,
    );
    // What each image is, folded away by class.
    await preview.getByText('48 images, each given the class of the nearest of 12 examples').waitFor();
    const list = preview.locator('details').first();
    await list.locator('summary').click();
    expect(await list.locator('table').innerText()).toMatch(
      /Image\s+Nearest example\s+Distance\s+\S+\.\w+\s+\S+\.\w+\s+\d/,
    );
  });
});

/** 130 pairs: every other one of one class, where `images` come class by class. */
function answers(images: [string, string][]): [string, string][] {
  const draw = drawer(1);
  const pairs = new Map<string, [string, string]>();
  while (pairs.size < 130) {
    const [a, of] = images[Math.floor(draw() * images.length)]!;
    const others = images.filter(([b, other]) => b !== a && (other === of) === (pairs.size % 2 === 0));
    const b = others[Math.floor(draw() * others.length)]![0];
    pairs.set([a, b].sort().join(), [a, b]);
  }
  return [...pairs.values()];
}
