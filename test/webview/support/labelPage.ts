/// <reference lib="dom" />
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import type { Lane } from '../../../src/core/types';
import { Jobs } from '../../../src/host/jobs';
import { pageHtml } from '../../../src/host/webview/html';
import { LabelController } from '../../../src/host/label/labelController';
import type { LabelControllerOptions } from '../../../src/host/label/labelController';
import { servePages } from '../../../src/host/webview/pageTransport';
import type { ScriptedEngine } from '../../host/support/scriptedEngine';

/** Where a Chromium may be; the page's tests are skipped where there is none. */
export const CHROMIUM = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find(file => file !== undefined && existsSync(file));

const ROOT = path.resolve(import.meta.dirname, '../../..');
const ORIGIN = 'https://page.test';

/** The page as it ships, and a browser to load it in. */
export class LabelPageHost {
  readonly #out = mkdtempSync(path.join(tmpdir(), 'margin-page-'));
  readonly #home = mkdtempSync(path.join(tmpdir(), 'margin-chromium-'));
  #browser!: Browser;

  async start(): Promise<void> {
    buildSync({
      entryPoints: [path.join(ROOT, 'webview/label/main.ts')],
      outfile: path.join(this.#out, 'label.js'),
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

  /** Loads the page, with the real label controller behind it and a scripted engine behind that. */
  async open(
    engine: ScriptedEngine,
    options: Partial<LabelControllerOptions> = {},
    size = { width: 320, height: 720 },
  ) {
    const page = await this.#browser.newPage({ viewport: size });
    const complaints: string[] = [];
    page.on('pageerror', error => complaints.push(error.message));
    page.on('console', message => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    const { controller, jobs, ran } = serve(page, engine, options);
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
          script: '/label.js',
          style: '/label.css',
          source: ORIGIN,
          title: 'Label',
          language: 'en',
          strings: undefined,
        }),
      });
    });
    await page.goto(`${ORIGIN}/`);
    await page.locator('#page > *').first().waitFor();
    return { page, controller, jobs, ran, complaints };
  }
}

const receivers = new WeakMap<Page, (message: unknown) => void>();

function serve(page: Page, engine: ScriptedEngine, options: Partial<LabelControllerOptions>) {
  engine.thumbnail = hash => {
    const hue = (Number.parseInt(hash.slice(-4), 16) * 47) % 360;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300"><rect width="400" height="300" fill="hsl(${String(hue)} 40% 60%)"/></svg>`;
    return Promise.resolve({ hash, bytes: Buffer.from(svg), mime: 'image/svg+xml', width: 400, height: 300 });
  };
  const jobs = new Jobs();
  const lanes = new Map<string, Lane>();
  const ran: string[] = [];
  const controller = new LabelController({
    engine,
    jobs,
    place: () =>
      Promise.resolve({
        kind: 'folder',
        ref: {
          folder: '/images',
          settings: { model: 'starter', backend: 'auto', classes: 'folder', exclude: [], svg: false, decoder: 'auto' },
        },
        used: true,
        revealOpinion: false,
        thumbnailSize: 512,
      }),
    describe: ({ what, progress }) => ({ what, ...(progress && { progress, detail: 'Embedding images' }) }),
    lane: { get: folder => lanes.get(folder), set: (folder, lane) => lanes.set(folder, lane) },
    run: id => ran.push(id),
    onFocus: () => undefined,
    onShown: () => undefined,
    log: { warn: () => undefined },
    ...options,
  });
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
    transport => controller.connect(transport),
  );
  return { controller, jobs, ran };
}
