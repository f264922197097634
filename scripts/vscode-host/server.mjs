// @ts-check
// Starts the VS Code server on a profile of its own, and installs extensions into it.
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Quiet: no welcome pages, updates, telemetry, recommendations; nothing that reaches for the network. */
const QUIET = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'chat.disableAIFeatures': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'security.workspace.trust.enabled': false,
  'window.confirmBeforeClose': 'never',
};

/**
 * @typedef {object} Profile
 * @property {string} home the profile's folder
 * @property {string} data user data (settings, logs, state)
 * @property {string} extensions
 * @property {Record<string, string | undefined>} env
 * @property {boolean} temporary removed with `removeProfile`
 */

/**
 * A profile in a new temporary folder: its own HOME, XDG folders and TMPDIR, so that no run sees another one or the person's own files.
 * @param {Record<string, unknown>} [settings] user settings on top of the quiet ones
 * @returns {Profile}
 */
export function temporaryProfile(settings = {}) {
  const home = mkdtempSync(path.join(tmpdir(), 'margin-vscode-'));
  const own = {
    HOME: home,
    XDG_CONFIG_HOME: home,
    XDG_DATA_HOME: home,
    XDG_CACHE_HOME: home,
    XDG_RUNTIME_DIR: home,
    TMPDIR: home,
  };
  return makeProfile(home, { ...QUIET, ...settings }, { ...own, EXTENSIONS_GALLERY: '{}' }, true);
}

/**
 * A profile that stays, in the person's own environment: for trying things by hand. Extensions start afresh, state is kept.
 * @param {string} home
 * @param {Record<string, unknown>} [settings]
 * @returns {Profile}
 */
export function lastingProfile(home, settings = {}) {
  rmSync(path.join(home, 'extensions'), { recursive: true, force: true });
  return makeProfile(home, { ...QUIET, ...settings }, {}, false);
}

/**
 * @param {string} home
 * @param {Record<string, unknown>} settings
 * @param {Record<string, string>} own
 * @param {boolean} temporary
 * @returns {Profile}
 */
function makeProfile(home, settings, own, temporary) {
  const profile = { home, data: path.join(home, 'data'), extensions: path.join(home, 'extensions'), temporary };
  mkdirSync(path.join(profile.data, 'User'), { recursive: true });
  mkdirSync(path.join(profile.data, 'Machine'), { recursive: true });
  mkdirSync(profile.extensions, { recursive: true });
  const file = path.join(profile.data, 'User/settings.json');
  const all = JSON.stringify({ ...settings, ...(temporary ? {} : readJson(file)) }, null, 2);
  writeFileSync(file, all);
  // What is of a machine's scope is not taken from the user's settings on a server.
  if (temporary) writeFileSync(path.join(profile.data, 'Machine/settings.json'), all);
  return { ...profile, env: { ...cleanEnvironment(), ...own } };
}

/** This process's environment without what a terminal inside VS Code, npm or a test runner put there: the server would take it for its own. */
function cleanEnvironment() {
  const foreign = /^(VSCODE_|npm_|VITEST|TINYPOOL)|^(NODE_OPTIONS|NODE_ENV|ELECTRON_RUN_AS_NODE|DEV|TEST|INIT_CWD)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([key]) => !foreign.test(key)));
}

/** @param {string} file */
function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

/**
 * Changes user settings. A window that is open may miss it: reload it.
 * @param {Profile} profile
 * @param {Record<string, unknown>} settings
 */
export function changeSettings(profile, settings) {
  for (const scope of profile.temporary ? ['User', 'Machine'] : ['User']) {
    const file = path.join(profile.data, scope, 'settings.json');
    writeFileSync(file, JSON.stringify({ ...readJson(file), ...settings }, null, 2));
  }
}

/** @param {Profile} profile */
export function removeProfile(profile) {
  if (profile.temporary) rmSync(profile.home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}

/**
 * @param {Profile} profile
 * @returns {string[]}
 */
function folders(profile) {
  return ['--user-data-dir', profile.data, '--server-data-dir', profile.data, '--extensions-dir', profile.extensions];
}

/**
 * Installs a packaged extension the way `code --install-extension` does.
 * @param {import('./hosts.mjs').Host} host
 * @param {Profile} profile
 * @param {string} vsix
 */
export async function installVsix(host, profile, vsix) {
  const args = [
    path.join(host.vscode, 'out/server-main.js'),
    '--accept-server-license-terms',
    ...folders(profile),
    '--install-extension',
    vsix,
  ];
  const { stdout, stderr } = await run(host.node, args, { env: profile.env, timeout: 120_000 });
  if (!/successfully installed/.test(stdout)) throw new Error(`VS Code did not install ${vsix}:\n${stdout}${stderr}`);
}

/**
 * Puts a source folder into the profile as it stands, without packaging.
 * @param {Profile} profile
 * @param {string} folder
 */
export function linkExtension(profile, folder) {
  const { publisher, name, version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  symlinkSync(folder, path.join(profile.extensions, `${publisher}.${name}-${version}`), 'dir');
}

/**
 * @typedef {object} Server
 * @property {number} port
 * @property {number} pid of the server; the head of its process group
 * @property {(folder: string) => string} url the address that opens a folder
 * @property {() => string} output what the server has printed so far
 * @property {Promise<void>} exited
 * @property {() => Promise<void>} stop ends the server and everything that it started
 */

/**
 * @param {import('./hosts.mjs').Host} host
 * @param {Profile} profile
 * @param {{ port?: number, address?: string, token?: string, env?: Record<string, string>, timeoutMs?: number }} [options] `token`: asked of every browser
 * @returns {Promise<Server>}
 */
export async function startServer(host, profile, options = {}) {
  const address = options.address ?? '127.0.0.1';
  const guard = options.token ? ['--connection-token', options.token] : ['--without-connection-token'];
  const child = spawn(
    host.node,
    [
      path.join(host.vscode, 'out/server-main.js'),
      ...['--host', address, '--port', String(options.port ?? 0), ...guard],
      ...['--accept-server-license-terms', '--telemetry-level', 'off', '--disable-workspace-trust'],
      ...folders(profile),
    ],
    { env: { ...profile.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  let output = '';
  /** @type {Promise<void>} */
  const exited = new Promise(resolve => child.once('exit', () => resolve()));
  const stop = async () => {
    killGroup(child.pid, 'SIGTERM');
    const late = setTimeout(() => killGroup(child.pid, 'SIGKILL'), 8000);
    await exited;
    clearTimeout(late);
    killGroup(child.pid, 'SIGKILL'); // whatever of the group outlived the server
  };
  try {
    const port = await /** @type {Promise<number>} */ (
      new Promise((resolve, reject) => {
        const read = (/** @type {Buffer} */ chunk) => {
          output += chunk;
          const listening = /Extension host agent listening on (\d+)/.exec(output);
          if (listening) resolve(Number(listening[1]));
          if (/EADDRINUSE|EACCES|EADDRNOTAVAIL/.test(output)) {
            reject(new Error(`Port ${options.port} of ${address} is taken or not allowed. Choose another one.`));
          }
        };
        child.stdout.on('data', read);
        child.stderr.on('data', read);
        child.once('error', reject);
        child.once('exit', code => reject(new Error(`the VS Code server ended with code ${code}:\n${output}`)));
        setTimeout(
          () => reject(new Error(`the VS Code server did not start:\n${output}`)),
          options.timeoutMs ?? 60_000,
        ).unref();
      })
    );
    const query = options.token ? `tkn=${options.token}&` : '';
    return {
      port,
      pid: /** @type {number} */ (child.pid),
      url: folder => `http://${address}:${port}/?${query}folder=${encodeURIComponent(folder)}`,
      output: () => output,
      exited,
      stop,
    };
  } catch (error) {
    if (child.pid) killGroup(child.pid, 'SIGKILL');
    throw error;
  }
}

/**
 * @param {number | undefined} pid
 * @param {NodeJS.Signals} signal
 */
function killGroup(pid, signal) {
  try {
    if (pid) process.kill(-pid, signal);
  } catch {
    // already gone
  }
}
