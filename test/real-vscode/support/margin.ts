import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { afterAll, beforeEach } from 'vitest';
import { root } from '../../../scripts/vscode-host/hosts.mjs';
import { installHost } from '../../../scripts/vscode-host/install.mjs';
import { installVsix, removeProfile, startServer, temporaryProfile } from '../../../scripts/vscode-host/server.mjs';
import { Workbench, launchBrowser } from '../../../scripts/vscode-host/workbench.mjs';
import { LabelPanel } from './panel';

const { publisher, name } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  publisher: string;
  name: string;
};
export const EXTENSION = `${publisher}.${name}`;
export const HOST = process.env.MARGIN_VSCODE ?? 'latest';

/** A window of VS Code with the packaged extension, on a profile of its own. */
export interface MarginWindow {
  workbench: InstanceType<typeof Workbench>;
  panel: LabelPanel;
  /** opens another folder in the same window */
  open(folder: string): Promise<void>;
  /** where the VSIX was unpacked to */
  installed: string;
  /** the extension's log so far */
  log(): string;
  /** process ids of running engines of this window */
  engines(): number[];
  close(): Promise<void>;
}

export interface WindowOptions {
  settings?: Record<string, unknown>;
  /** more of the server's environment */
  env?: Record<string, string>;
  /** further extensions, as VSIX files */
  alongside?: string[];
}

/** Opens a folder. */
export async function openMargin(
  folder: string,
  { settings = {}, env = {}, alongside = [] }: WindowOptions = {},
): Promise<MarginWindow> {
  const vsix = process.env.MARGIN_VSIX;
  if (vsix === undefined || !existsSync(vsix)) throw new Error('MARGIN_VSIX names no package: run npm run test:vscode');
  const host = installHost(HOST);
  const profile = temporaryProfile({ 'margin.annotator': 'tester@example.org', ...settings });
  const undo: (() => Promise<void> | void)[] = [
    () => {
      removeProfile(profile);
    },
  ];
  const close = async () => {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  };
  try {
    for (const each of [vsix, ...alongside]) await installVsix(host, profile, each);
    const server = await startServer(host, profile, { env });
    undo.push(() => server.stop());
    const { browser, close: closeBrowser } = await launchBrowser();
    undo.push(closeBrowser);
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const workbench = new Workbench(page);
    await workbench.open(server.url(folder));
    const [extension] = readdirSync(profile.extensions).filter(each => each.startsWith(EXTENSION));
    const window: MarginWindow = {
      workbench,
      panel: new LabelPanel(workbench.webview(EXTENSION, 'view')),
      open: other => workbench.open(server.url(other)),
      installed: path.join(profile.extensions, extension!),
      log: () => readLog(path.join(profile.data, 'logs')),
      engines: () => processes(path.join(profile.extensions, extension!, 'dist/engine.cjs')),
      close,
    };
    keepEvidence(window, path.join(profile.data, 'logs'));
    return window;
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens the Label view and waits for its page: the first one of a window takes seconds, in which quick work is over. */
export async function openPanel({ workbench, panel }: MarginWindow): Promise<void> {
  await workbench.command('Margin: Label Next Pair');
  await panel.message.locator('p').first().waitFor({ timeout: 60_000 });
}

/**
 * The page that holds an element: of a manifest `#grid`, of a preview `[data-action]`. (The frame of a custom editor does
 * not say what it is, as that of a view does.)
 */
export async function pageWith(workbench: InstanceType<typeof Workbench>, selector: string): Promise<Frame> {
  for (const deadline = Date.now() + 60_000; ;) {
    for (const frame of workbench.page.frames()) {
      const found = await frame
        .locator(selector)
        .count()
        .catch(() => 0); // the frame went away meanwhile
      if (found > 0) return frame;
    }
    if (Date.now() > deadline) throw new Error(`no page holds ${selector}`);
    await workbench.page.waitForTimeout(100);
  }
}

const open = new Map<MarginWindow, string>();

function keepEvidence(window: MarginWindow, logs: string): void {
  open.set(window, logs);
}

/** Call once in a test file: windows close at its end, and a test that fails leaves a picture and the logs behind. */
export function useWindows(): void {
  beforeEach(({ task, onTestFailed }) => {
    onTestFailed(async () => {
      const title = `${task.suite?.name ?? ''} ${task.name}`
        .trim()
        .replace(/[^\p{L}\p{N}]+/gu, '-')
        .slice(0, 100);
      const folder = path.join(root, 'test-results', HOST, title);
      mkdirSync(folder, { recursive: true });
      let number = 0;
      for (const [window, logs] of open) {
        const file = path.join(folder, `window-${String(++number)}.png`);
        await window.workbench.screenshot(file).catch((error: unknown) => {
          writeFileSync(`${file}.txt`, String(error));
        });
        if (existsSync(logs)) cpSync(logs, path.join(folder, `logs-${String(number)}`), { recursive: true });
      }
    });
  });
  afterAll(async () => {
    for (const window of open.keys()) await window.close();
    open.clear();
  });
}

/** Call once in a suite whose tests build on each other: after one fails, the rest are skipped and not waited for. */
export function inSteps(): void {
  let failed: string | undefined;
  beforeEach(({ task, skip, onTestFailed }) => {
    if (failed !== undefined) skip(`"${failed}" failed`);
    onTestFailed(() => {
      failed = task.name;
    });
  });
}

function readLog(folder: string): string {
  if (!existsSync(folder)) return '';
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => /Margin\.log$/.test(file))
    .map(file => readFileSync(path.join(folder, file), 'utf8'))
    .join('');
}

/** Processes whose command line names a file. */
function processes(file: string): number[] {
  return readdirSync('/proc')
    .filter(entry => /^\d+$/.test(entry))
    .map(Number)
    .filter(pid => {
      try {
        return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8')
          .split('\0')
          .includes(file);
      } catch {
        return false; // gone meanwhile
      }
    });
}
