/// <reference lib="dom" />
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { pageHtml } from '../../../src/host/webview/html';
import { servePages } from '../../../src/host/webview/pageTransport';
import type { Transport } from '../../../src/rpc/rpc';

/** Where a Chromium may be; the page's tests are skipped where there is none. */
export const CHROMIUM = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find(file => file !== undefined && existsSync(file));

const ROOT = path.resolve(import.meta.dirname, '../../..');
const ORIGIN = 'https://page.test';

/** One of the pages as it ships, under the policy that it ships with, and a browser to load it in. */
export class PageHost {
  readonly #out = mkdtempSync(path.join(tmpdir(), 'margin-page-'));
  readonly #home = mkdtempSync(path.join(tmpdir(), 'margin-chromium-'));
  #browser!: Browser;

  /** @param name a folder of `webview/` */
  constructor(readonly name: string) {}

  async start(): Promise<void> {
    buildSync({
      entryPoints: [path.join(ROOT, 'webview', this.name, 'main.ts')],
      outfile: path.join(this.#out, `${this.name}.js`),
      bundle: true,
      format: 'iife',
      target: 'chrome128',
      loader: { '.svg': 'text' },
    });
    this.#browser = await chromium.launch({
      executablePath: CHROMIUM!,
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
      env: { ...(process.env as Record<string, string>), HOME: this.#home },
    });
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    for (const folder of [this.#out, this.#home]) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /**
   * Loads the page, with `connect` as the host's side of it.
   * @returns the page, and what it complained of: errors, and whatever its policy refused
   */
  async load(
    connect: (transport: Transport) => () => void,
    size: { width: number; height: number },
  ): Promise<{ page: Page; complaints: string[] }> {
    const page = await this.#browser.newPage({ viewport: size });
    const complaints: string[] = [];
    page.on('pageerror', error => complaints.push(error.message));
    page.on('console', message => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    serve(page, connect);
    await page.exposeFunction('toHost', (message: string) => {
      receivers.get(page)?.(JSON.parse(message));
    });
    await page.addInitScript(() => {
      const state = () => sessionStorage.getItem('state');
      const { toHost } = globalThis as unknown as { toHost(message: string): void };
      Object.assign(globalThis, {
        acquireVsCodeApi: () => ({
          postMessage: (message: unknown) => {
            toHost(JSON.stringify(message));
          },
          getState: () => JSON.parse(state() ?? 'null') as unknown,
          setState: (value: unknown) => {
            sessionStorage.setItem('state', JSON.stringify(value));
          },
        }),
        fromHost: (message: string) => {
          const revive = (_: string, value: unknown) =>
            typeof value === 'object' && value !== null && 'base64' in value
              ? Uint8Array.from(atob(String(value.base64)), character => character.charCodeAt(0))
              : value;
          window.postMessage(JSON.parse(message, revive), '*');
        },
      });
    });
    await page.route(`${ORIGIN}/**`, async route => {
      const file = new URL(route.request().url()).pathname.slice(1);
      if (file !== '') {
        await route.fulfill({
          body: readFileSync(path.join(this.#out, file)),
          contentType: file.endsWith('.css') ? 'text/css' : 'text/javascript',
        });
        return;
      }
      await route.fulfill({
        contentType: 'text/html',
        body: pageHtml({
          script: `/${this.name}.js`,
          style: `/${this.name}.css`,
          source: ORIGIN,
          title: this.name,
          language: 'en',
          strings: undefined,
        }),
      });
    });
    await page.goto(`${ORIGIN}/`);
    await page.locator('#page > *').first().waitFor();
    return { page, complaints };
  }
}

const receivers = new WeakMap<Page, (message: unknown) => void>();

function serve(page: Page, connect: (transport: Transport) => () => void): void {
  servePages(
    {
      postMessage: async message => {
        const text = JSON.stringify(message, (_, value: unknown) =>
          value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value,
        );
        await page
          .evaluate(data => {
            (globalThis as unknown as { fromHost(message: string): void }).fromHost(data);
          }, text)
          .catch(() => undefined); // the page was closed or is being loaded again
        return true;
      },
      onDidReceiveMessage: (listener: (message: unknown) => unknown) => {
        receivers.set(page, message => void listener(message));
        return { dispose: () => receivers.delete(page) };
      },
    },
    connect,
  );
}
