// @ts-check
// Takes pictures of the extension in a real VS Code, for looking at and for the documentation:
//
//   node scripts/screenshot.mjs --folder DIR --command "Margin: Mine Hard Triplets" --wait-view "[data-item]" \
//     --theme light,dark,hc-dark,hc-light --width 240,600 --out .cache/screenshots
//
// Without --vsix the working tree's own build (`npm run build`) is shown. The folder is opened as it is: pass a copy.
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
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

const THEMES = {
  light: { id: 'Default Light Modern', shell: 'vs' },
  dark: { id: 'Default Dark Modern', shell: 'vs-dark' },
  'hc-dark': { id: 'Default High Contrast', shell: 'hc-black' },
  'hc-light': { id: 'Default High Contrast Light', shell: 'hc-light' },
};

const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    vsix: { type: 'string' },
    host: { type: 'string', default: 'latest' },
    /** palette commands, run in order once */
    command: { type: 'string', multiple: true, default: [] },
    /** a CSS selector inside the side panel's page to wait for */
    'wait-view': { type: 'string' },
    /** the same inside an editor's page */
    'wait-editor': { type: 'string' },
    /** keys to press in the panel before the pictures, such as "y n p" */
    keys: { type: 'string', default: '' },
    theme: { type: 'string', default: 'dark' },
    width: { type: 'string', default: '300' },
    size: { type: 'string', default: '1280x800' },
    scale: { type: 'string', default: '1' },
    /** user settings as JSON */
    settings: { type: 'string', default: '{}' },
    out: { type: 'string', default: '.cache/screenshots' },
    name: { type: 'string', default: 'margin' },
    /** only the side bar, not the whole window */
    crop: { type: 'boolean', default: false },
  },
});
if (!values.folder) {
  console.error('usage: node scripts/screenshot.mjs --folder DIR [options]; see the top of the file');
  process.exit(2);
}

const { publisher, name } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const [width, height] = values.size.split('x').map(Number);
const themes = values.theme.split(',').map(theme => {
  if (!(theme in THEMES)) throw new Error(`no theme called ${theme}: there are ${Object.keys(THEMES).join(', ')}`);
  return /** @type {keyof typeof THEMES} */ (theme);
});
const out = path.resolve(values.out);
mkdirSync(out, { recursive: true });

const host = installHost(values.host);
const profile = temporaryProfile(JSON.parse(values.settings));
if (values.vsix) await installVsix(host, profile, path.resolve(values.vsix));
else linkExtension(profile, root);
const server = await startServer(host, profile);
const { browser, close } = await launchBrowser();
const page = await browser.newPage({
  viewport: { width: width ?? 1280, height: height ?? 800 },
  deviceScaleFactor: Number(values.scale),
});
page.on('console', message => {
  if (message.text().includes(`${publisher}.${name}`)) console.error(`page: ${message.text()}`);
});
try {
  const workbench = new Workbench(page);
  await workbench.open(server.url(path.resolve(values.folder)));
  for (const command of values.command) await workbench.command(command);
  const view = workbench.webview(`${publisher}.${name}`, 'view');
  const editor = workbench.webview(`${publisher}.${name}`, 'editor');
  if (values['wait-view']) await view.locator(values['wait-view']).first().waitFor({ timeout: 120_000 });
  if (values['wait-editor']) await editor.locator(values['wait-editor']).first().waitFor({ timeout: 120_000 });
  for (const key of values.keys.split(' ').filter(Boolean)) await view.locator('body').press(key);
  for (const theme of themes) {
    changeSettings(profile, { 'workbench.colorTheme': THEMES[theme].id });
    await workbench.reload();
    await page.locator(`.monaco-workbench.${THEMES[theme].shell}`).waitFor({ timeout: 30_000 });
    for (const wide of values.width.split(',').map(Number)) {
      await workbench.setSideBarWidth(wide);
      if (values['wait-view']) {
        await view.locator(values['wait-view']).first().waitFor({ timeout: 30_000 });
        await view.locator('body').evaluate(picturesLoaded);
      }
      // two frames: the page has laid itself out for its new width and theme
      await page.evaluate('new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))');
      const file = path.join(out, `${values.name}-${theme}-${wide}.png`);
      if (values.crop) await page.locator('.part.sidebar').screenshot({ path: file, animations: 'disabled' });
      else await workbench.screenshot(file);
      console.log(path.relative('.', file));
    }
  }
} catch (error) {
  const file = path.join(out, `${values.name}-failed.png`);
  await page.screenshot({ path: file }).catch(() => undefined);
  console.error(error instanceof Error ? error.message : error, `\nthe window as it was: ${path.relative('.', file)}`);
  process.exitCode = 1;
} finally {
  await close();
  await server.stop();
  removeProfile(profile);
}

/**
 * Runs in the page: pictures come after the page itself.
 * @param {HTMLElement} body
 */
async function picturesLoaded(body) {
  const isWaiting = () => [...body.querySelectorAll('img')].some(img => img.checkVisibility() && !img.naturalWidth);
  for (const until = Date.now() + 20_000; isWaiting() && Date.now() < until;)
    await new Promise(done => setTimeout(done, 50));
}
