// @ts-check
// Drives the VS Code workbench in a real browser. Nothing here sleeps: every step waits for what should be there.
import { chromium, selectors } from 'playwright-core';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureChromium } from './machine.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').FrameLocator} FrameLocator */

const PATIENT = 60_000;

/**
 * Selector engine: `webview=publisher.name view` (or `editor`). VS Code lays every webview over the window in a frame of its
 * own that says whose it is, but not always what it is; where it lies does.
 */
await selectors.register('webview', () => {
  /** @param {Document} root @param {string} selector */
  const queryAll = (root, selector) => {
    const [extension, kind] = selector.split(' ');
    const bars = [...root.querySelectorAll('.part.sidebar, .part.auxiliarybar, .part.panel')].map(bar =>
      bar.getBoundingClientRect(),
    );
    return [...root.querySelectorAll(`iframe.webview[src*="extensionId=${extension}&"]`)].filter(frame => {
      const { left, top, width, height } = frame.getBoundingClientRect();
      if (width === 0 || height === 0) return false;
      const [x, y] = [left + width / 2, top + height / 2];
      const inBar = bars.some(bar => x > bar.left && x < bar.right && y > bar.top && y < bar.bottom);
      return inBar === (kind === 'view');
    });
  };
  return {
    queryAll,
    query: (/** @type {Document} */ root, /** @type {string} */ selector) => queryAll(root, selector)[0] ?? null,
  };
});

/**
 * A headless Chromium with a home of its own.
 * @returns {Promise<{ browser: import('playwright-core').Browser, close(): Promise<void> }>}
 */
export async function launchBrowser() {
  const home = mkdtempSync(path.join(tmpdir(), 'margin-chromium-'));
  const browser = await chromium.launch({
    executablePath: ensureChromium(),
    headless: true,
    env: { .../** @type {Record<string, string>} */ (process.env), HOME: home },
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
  return {
    browser,
    async close() {
      await browser.close();
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/**
 * Runs in the page: what VS Code has written down of a folder's open editors names one of this view type.
 * @param {string} viewType
 */
async function editorIsStored(viewType) {
  for (const { name } of await globalThis.indexedDB.databases()) {
    if (!name?.startsWith('vscode-web-state-db-')) continue;
    const open = await new Promise((resolve, reject) => {
      const opening = globalThis.indexedDB.open(name);
      opening.onerror = () => reject(opening.error);
      opening.onsuccess = () => {
        const database = opening.result;
        const [store] = database.objectStoreNames;
        if (store === undefined) return resolve(undefined);
        const transaction = database.transaction(store);
        const reading = transaction.objectStore(store).get('memento/workbench.parts.editor');
        reading.onerror = () => reject(reading.error);
        transaction.oncomplete = () => {
          database.close();
          resolve(reading.result);
        };
      };
    });
    if (String(open).includes(`mainThreadWebview-${viewType}`)) return true;
  }
  return false;
}

/** One window of VS Code. */
export class Workbench {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
  }

  /**
   * Opens an address of the server and waits until the folder is listed: only then is the connection up.
   * @param {string} url
   */
  async open(url) {
    await this.page.goto(url, { waitUntil: 'domcontentloaded', timeout: PATIENT });
    await this.ready();
  }

  /**
   * Loads the window again, as *Developer: Reload Window* does.
   * @param {{ keeps?: string }} [options] `keeps`: the view type of an editor page that must come back. In a browser VS Code
   *   writes down what is open when it has nothing else to do, not when the window goes; a reload before that loses the page.
   */
  async reload({ keeps } = {}) {
    for (
      const deadline = Date.now() + PATIENT;
      keeps !== undefined && !(await this.page.evaluate(editorIsStored, keeps));
    ) {
      if (Date.now() > deadline) throw new Error(`VS Code did not write down that ${keeps} is open`);
      await this.page.waitForTimeout(250);
    }
    await this.page.reload({ waitUntil: 'domcontentloaded', timeout: PATIENT });
    await this.ready();
  }

  async ready() {
    await this.page.locator('.monaco-workbench .part.activitybar').waitFor({ timeout: PATIENT });
    await this.page.locator('.monaco-workbench .part.statusbar .statusbar-item').first().waitFor({ timeout: PATIENT });
    await this.page.locator('#status\\.host[aria-label]').waitFor({ timeout: PATIENT });
  }

  /** The palette's or a picker's input, where one is open. */
  get quickInput() {
    return this.page.locator('.quick-input-widget:visible .quick-input-box input');
  }

  /** The rows of the open picker. */
  get quickRows() {
    return this.page.locator('.quick-input-widget:visible .quick-input-list .monaco-list-row');
  }

  /**
   * Runs a command by its title in the palette, as a person would.
   * @param {string} title such as `Margin: Mine Hard Triplets`
   */
  async command(title) {
    const row = this.quickRows.filter({ hasText: title }).first();
    // F1 is swallowed while the workbench still moves its focus about, the palette lists only the commands that were there
    // when it opened, and it closes when something else takes the focus: so it is opened again until the row was clicked.
    for (const deadline = Date.now() + PATIENT; ;) {
      await this.page.keyboard.press('F1');
      try {
        await this.quickInput.waitFor({ timeout: 3000 });
        await this.quickInput.fill(`>${title}`, { timeout: 3000 });
        await row.click({ timeout: 3000 });
        return;
      } catch (error) {
        if (Date.now() > deadline) throw new Error(`"${title}" is not in the palette`, { cause: error });
        await this.page.keyboard.press('Escape');
      }
    }
  }

  /**
   * Opens a file from the explorer, as a person would: folder by folder.
   * @param {string} file from the folder that is open, such as `manifests/x.pairs.jsonl`
   */
  async openFile(file) {
    /** @param {string} name */
    const row = name => this.page.locator(`.explorer-folders-view .monaco-list-row[aria-label="${name}"]`).first();
    const names = file.split('/');
    const last = row(/** @type {string} */ (names.pop()));
    for (const [at, name] of names.entries()) {
      const next = at + 1 < names.length ? row(/** @type {string} */ (names[at + 1])) : last;
      await row(name).waitFor({ timeout: PATIENT });
      // A click on a folder that was opened meanwhile would close it.
      if ((await row(name).getAttribute('aria-expanded')) !== 'true') await row(name).click();
      await next.waitFor({ timeout: PATIENT });
    }
    await last.dblclick();
  }

  /**
   * Picks a row of the open picker, and waits until it has gone on: to its next step, or away.
   * @param {string | RegExp} text
   */
  async pick(text) {
    const row = this.quickRows.filter({ hasText: text }).first();
    await row.waitFor({ timeout: PATIENT });
    await this.#untilGoneOn(async () => {
      await this.page.mouse.move(1, 1); // where the last click left it, a hover may come up and cover the rows
      await row.click({ timeout: 3000 });
    });
  }

  /**
   * Fills the open input box and accepts it, and waits until it has gone on.
   * @param {string} text
   */
  async type(text) {
    await this.quickInput.waitFor({ timeout: PATIENT });
    await this.#untilGoneOn(async () => {
      await this.quickInput.fill(text, { timeout: 3000 });
      await this.page.keyboard.press('Enter');
    });
  }

  /** Goes back to the step before, in a picker of several. */
  async goBack() {
    const button = this.page.locator('.quick-input-widget:visible .quick-input-titlebar .codicon-quick-input-back');
    await button.waitFor({ timeout: PATIENT });
    await this.#untilGoneOn(() => button.click({ timeout: 3000 }));
  }

  /**
   * Gives a file to VS Code's simple file dialog (`files.simpleDialog.enable`). It looks its folder up in between and then
   * writes over what was typed too early: so it is typed again until the dialog has gone.
   * @param {string} file absolute
   */
  async chooseFile(file) {
    const dialog = this.page.locator('.quick-input-widget:visible .quick-input-action .monaco-button:visible').first();
    await dialog.waitFor({ timeout: PATIENT });
    for (const deadline = Date.now() + PATIENT; ;) {
      try {
        await this.quickInput.fill(file, { timeout: 3000 });
        await this.quickInput.press('Enter', { timeout: 3000 });
        await dialog.waitFor({ state: 'hidden', timeout: 5000 });
        return;
      } catch (error) {
        if (Date.now() > deadline) throw new Error(`the dialog does not take ${file}`, { cause: error });
      }
    }
  }

  /** What the open picker or input asks; nothing where none is open. */
  async #asked() {
    const widget = this.page.locator('.quick-input-widget:visible');
    if ((await widget.count()) === 0) return '';
    const title = await widget.locator('.quick-input-title').first().textContent({ timeout: 3000 });
    return `${title ?? ''}|${(await this.quickInput.getAttribute('placeholder', { timeout: 3000 })) ?? ''}`;
  }

  /**
   * A click or a key is swallowed while a picker still fills its list: it is repeated until the picker asks something else.
   * @param {() => Promise<void>} act
   */
  async #untilGoneOn(act) {
    const before = await this.#asked();
    for (const deadline = Date.now() + PATIENT; ;) {
      /** @type {unknown} */
      let cause;
      await act().catch(error => (cause = error));
      for (const soon = Date.now() + 5000; Date.now() < soon; await this.page.waitForTimeout(50)) {
        if ((await this.#asked().catch(() => before)) !== before) return;
      }
      if (Date.now() > deadline) throw new Error(`the picker still asks "${before}"`, { cause });
    }
  }

  /**
   * A notification that holds a text.
   * @param {string | RegExp} text
   */
  notification(text) {
    return this.page
      .locator('.notifications-toasts .notification-toast, .notifications-center .notification-list-item')
      .filter({ hasText: text })
      .first();
  }

  /**
   * The content of an extension's webview: two frames down.
   * @param {string} extensionId `publisher.name`
   * @param {'view' | 'editor'} kind
   * @returns {FrameLocator}
   */
  webview(extensionId, kind) {
    return this.page.frameLocator(`webview=${extensionId} ${kind}`).frameLocator('#active-frame');
  }

  /**
   * Drags the side bar's edge until the bar is this wide.
   * @param {number} width CSS pixels
   */
  async setSideBarWidth(width) {
    const bar = this.page.locator('.part.sidebar');
    await bar.waitFor({ timeout: 30_000 });
    for (let attempt = 0; attempt < 3; attempt++) {
      const box = await bar.boundingBox();
      if (!box) throw new Error('the side bar is hidden');
      if (Math.abs(box.width - width) < 2) return;
      const y = box.y + box.height - 40;
      await this.page.mouse.move(box.x + box.width, y);
      await this.page.mouse.down();
      await this.page.mouse.move(box.x + width, y, { steps: 4 });
      await this.page.mouse.up();
      await this.page.mouse.move(box.x + width + 200, 1); // off the edge, or it stays lit
    }
  }

  /** @param {string} file a PNG */
  async screenshot(file) {
    await this.page.screenshot({ path: file, animations: 'disabled' });
  }
}
