// @ts-check
// Takes the pictures of the documentation, docs/images/*.png, of the built extension on the sample images:
//   npm run build && node scripts/pictures.mjs [--vsix FILE]
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { sampleImages } from './sample-images.mjs';
import { root } from './vscode-host/hosts.mjs';
import { installHost } from './vscode-host/install.mjs';
import {
  changeSettings,
  installVsix,
  linkExtension,
  removeProfile,
  startServer,
  temporaryProfile,
} from './vscode-host/server.mjs';
import { Workbench, launchBrowser } from './vscode-host/workbench.mjs';

const { values } = parseArgs({
  options: { vsix: { type: 'string' }, out: { type: 'string', default: 'docs/images' } },
});
const out = path.resolve(values.out);
mkdirSync(out, { recursive: true });

const work = mkdtempSync(path.join(tmpdir(), 'margin-pictures-'));
const folder = path.join(work, 'still-lifes');
cpSync(await sampleImages(), folder, { recursive: true, filter: file => !file.includes('.margin') });

const host = installHost('latest');
const profile = temporaryProfile({
  'workbench.colorTheme': 'Default Dark Modern',
  'margin.annotator': 'ada@example.org',
  'workbench.layoutControl.enabled': false,
  'window.commandCenter': false,
});
if (values.vsix) await installVsix(host, profile, path.resolve(values.vsix));
else linkExtension(profile, root);
const server = await startServer(host, profile);
const { browser, close } = await launchBrowser();
const page = await browser.newPage({ viewport: { width: 1120, height: 760 }, deviceScaleFactor: 1.5 });
const workbench = new Workbench(page);
const panel = workbench.webview('margin.margin', 'view');
try {
  await workbench.open(server.url(folder));
  await workbench.command('Margin: Mine Hard Triplets');
  await shown();
  await workbench.setSideBarWidth(440);
  for (let n = 0; n < 24; n++) await press(await verdict());
  await exportTriplets();
  await clearNotifications();
  await save('label-dark');

  changeSettings(profile, { 'workbench.colorTheme': 'Default Light Modern' });
  await workbench.reload();
  await page.locator('.monaco-workbench.vs').waitFor();
  await workbench.command('Margin: Label Next Pair');
  await shown();
  await clearNotifications();
  await save('label-light');
} catch (error) {
  await workbench.screenshot(path.join(root, '.cache/pictures-failed.png'));
  throw error;
} finally {
  await close();
  await server.stop();
  removeProfile(profile);
  rmSync(work, { recursive: true, force: true });
}

async function shown() {
  await panel.locator('#stage[data-item][aria-busy="false"] img').first().waitFor({ timeout: 120_000 });
}

/** What a person would say: the one tomato among the apples is told apart by its file's name. */
async function verdict() {
  const captions = await panel.locator('#stage figcaption').all();
  const paths = await Promise.all(captions.map(each => each.getAttribute('title')));
  const kind = paths.map(file => (file?.includes('apple-17') ? 'fruit/tomato' : path.dirname(file ?? '')));
  const [positive, negative] = [kind[0] === kind[1], kind[0] === kind[2]];
  return positive ? (negative ? 'n' : 'y') : negative ? 'b' : 'p';
}

/** @param {string} key */
async function press(key) {
  const stage = panel.locator('#stage[data-item]');
  const before = await stage.getAttribute('data-item');
  await stage.press(key);
  await panel.locator(`#stage[data-item]:not([data-item="${before}"])`).waitFor();
  await shown();
}

/** Exports triplets and looks at their rows in the editor beside the panel. */
async function exportTriplets() {
  await workbench.command('Margin: Export Manifest');
  await workbench.pick('Triplets');
  await page.locator('.quick-input-widget:visible .quick-input-title', { hasText: '(2/5)' }).waitFor();
  await page.locator('.quick-input-widget:visible .quick-input-action .monaco-button', { hasText: 'OK' }).click();
  for (const choice of ['JSON lines', 'No split', 'manifests']) await workbench.pick(choice);
  const preview = workbench.webview('margin.margin', 'editor');
  await preview.locator('.row img').first().waitFor({ timeout: 60_000 });
  await preview.locator('[data-action="export"]').click();
  const done = workbench.notification('Exported');
  await done.waitFor({ timeout: 60_000 });
  await done.locator('.monaco-button', { hasText: 'Look at Rows' }).click();
  await workbench.webview('margin.margin', 'editor').locator('#grid img').first().waitFor({ timeout: 60_000 });
}

async function clearNotifications() {
  await workbench.command('Notifications: Clear All Notifications');
  await page.mouse.move(700, 2);
}

/** @param {string} name */
async function save(name) {
  const file = path.join(out, `${name}.png`);
  const picture = await page.screenshot({ animations: 'disabled' });
  // 256 colours are enough for a window and some photographs, at a third of the size.
  const { size } = await sharp(picture).png({ palette: true, quality: 95, effort: 10, dither: 0.6 }).toFile(file);
  console.log(`${path.relative('.', file)} ${(size / 1000).toFixed(0)} kB`);
}
