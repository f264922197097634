// @ts-check
// What this machine has, and how to add what is missing where that is allowed.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/**
 * The full path of a program, or undefined.
 * @param {string} program
 */
export function which(program) {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    const file = path.join(folder, program);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // the next folder may have it
    }
  }
  return undefined;
}

/** A Chromium that playwright-core can drive, or undefined. `CHROMIUM` names another one. */
export function findChromium() {
  const named = process.env.CHROMIUM;
  if (named) return named;
  return ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'].map(which).find(Boolean);
}

/**
 * A Chromium, from Debian's packages where it is missing and this user may install packages.
 * @param {(line: string) => void} [say]
 * @returns {string}
 */
export function ensureChromium(say = console.error) {
  const found = findChromium();
  if (found) return found;
  aptInstall(['chromium', 'fonts-dejavu-core'], say);
  const installed = findChromium();
  if (!installed) throw new Error('Debian\'s chromium was installed, but there is no "chromium" on the PATH.');
  return installed;
}

/**
 * @param {string[]} packages
 * @param {(line: string) => void} say
 */
export function aptInstall(packages, say) {
  const wish = `apt-get update && apt-get install -y ${packages.join(' ')}`;
  if (!which('apt-get'))
    throw new Error(`Needs ${packages.join(', ')}, and there is no apt-get here. Install it and run this again.`);
  const root = process.getuid?.() === 0;
  const sudo = !root && which('sudo') && spawnSync('sudo', ['-n', 'true']).status === 0;
  if (!root && !sudo)
    throw new Error(`Needs ${packages.join(', ')}. Install it and run this again:\n  sudo sh -c '${wish}'`);
  say(`installing ${packages.join(', ')} with apt-get`);
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
  ]) {
    const command = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
    const [program, ...rest] = sudo ? ['sudo', '-n', ...command] : command;
    const { status, stderr } = spawnSync(/** @type {string} */ (program), rest, {
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`apt-get ${args.join(' ')} failed:\n${stderr}`);
  }
}
