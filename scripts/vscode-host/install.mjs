// @ts-check
// Installs a VS Code host from the npm registry into .cache/vscode-host, once; `--browser` adds a Chromium:
//   node scripts/vscode-host/install.mjs [--browser] [latest|lowest]…
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { HOST_NAMES, host, isInstalled, vscodeVersion } from './hosts.mjs';
import { ensureChromium, which } from './machine.mjs';

/**
 * Makes sure that a host is there. Without a network it works as long as the host was installed before.
 * @param {string} name
 * @param {(line: string) => void} [say]
 * @returns {import('./hosts.mjs').Host}
 */
export function installHost(name, say = console.error) {
  const wanted = host(name);
  if (isInstalled(wanted)) return wanted;
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new Error(
      `The VS Code server of the npm registry runs on Linux (x64, arm64), this is ${process.platform} ${process.arch}. ` +
        'Open the folder in desktop VS Code and press F5 instead.',
    );
  }
  say(
    `installing the ${name} VS Code server (once; a minute or two, about 800 MB in ${path.relative('.', wanted.dir)})`,
  );
  const started = Date.now();
  // Built beside its place and moved there when complete: an interrupted install leaves nothing that looks finished.
  const building = `${wanted.dir}.${process.pid}`;
  try {
    mkdirSync(building, { recursive: true });
    for (const file of ['package.json', 'package-lock.json'])
      copyFileSync(path.join(wanted.manifests, file), path.join(building, file));
    const inBuilding = (/** @type {string} */ file) => path.join(building, path.relative(wanted.dir, file));
    // Scripts stay off: code-server's own would compile seven native modules that nothing here needs.
    npm(['ci', '--ignore-scripts'], building, inBuilding(wanted.node));
    // npm ci refuses the server's shrinkwrap (it lacks an optional peer); npm install keeps to it all the same.
    npm(['install', '--omit=dev', '--ignore-scripts', '--no-save'], inBuilding(wanted.vscode), inBuilding(wanted.node));
    addLogging(inBuilding(wanted.vscode), inBuilding(wanted.node), say);
    addSearch(inBuilding(wanted.vscode), say);
    writeFileSync(inBuilding(wanted.readyFile), wanted.fingerprint);
    rmSync(wanted.dir, { recursive: true, force: true });
    renameSync(building, wanted.dir);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
  say(`VS Code ${vscodeVersion(wanted)} is ready (${Math.round((Date.now() - started) / 1000)} s)`);
  return wanted;
}

/**
 * Without spdlog every Output channel stays empty, and nothing says why. It is the one native module worth compiling.
 * @param {string} vscode
 * @param {string} node
 * @param {(line: string) => void} say
 */
function addLogging(vscode, node, say) {
  const missing = ['g++', 'make', 'python3'].filter(tool => !which(tool));
  if (missing.length) {
    say(
      `note: ${missing.join(', ')} not found, so Output channels will be empty in this VS Code (Debian: apt-get install build-essential python3)`,
    );
    return;
  }
  npm(['rebuild', '@vscode/spdlog'], vscode, node, { npm_config_nodedir: path.resolve(node, '../..') });
}

/**
 * Older servers fetch ripgrep in a script that is off here; the system's own does as well.
 * @param {string} vscode
 * @param {(line: string) => void} say
 */
function addSearch(vscode, say) {
  const folder = path.join(vscode, 'node_modules/@vscode/ripgrep');
  if (!existsSync(folder) || existsSync(path.join(folder, 'bin/rg'))) return;
  const rg = which('rg');
  if (!rg) {
    say('note: ripgrep not found, so file search will not work in this VS Code (Debian: apt-get install ripgrep)');
    return;
  }
  mkdirSync(path.join(folder, 'bin'), { recursive: true });
  symlinkSync(rg, path.join(folder, 'bin/rg'));
}

/**
 * @param {string[]} args
 * @param {string} cwd
 * @param {string} node the host's own Node comes first on the PATH, so that engines match
 * @param {Record<string, string>} [extra]
 */
function npm(args, cwd, node, extra = {}) {
  if (existsSync(node)) chmodSync(node, 0o755);
  // What `npm run` tells its scripts about this package must not leak into another one's install.
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^npm_(package|lifecycle)_/.test(key)));
  const { status, error, stderr, stdout } = spawnSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    env: { ...env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}`, ...extra },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  if (error || status !== 0) {
    throw new Error(
      `npm ${args.join(' ')} failed${error ? `: ${error.message}` : ` with exit code ${status}`}. ` +
        `The first install of a VS Code server needs the npm registry.\n${stdout ?? ''}${stderr ?? ''}`,
    );
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const names = process.argv.slice(2).filter(arg => arg !== '--browser');
  try {
    if (process.argv.includes('--browser')) console.log(`browser: ${ensureChromium()}`);
    for (const name of names.length ? names : HOST_NAMES) {
      const ready = installHost(name);
      console.log(`${name}: VS Code ${vscodeVersion(ready)} in ${path.relative('.', ready.dir)}`);
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
