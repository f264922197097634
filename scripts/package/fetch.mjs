// @ts-check
// Packages of other platforms than this one, straight from the npm registry, held to the lock file's integrity.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cache, root } from '../vscode-host/hosts.mjs';

const store = path.join(cache, 'packages');

/** What a package holds that only its developers need. */
const LEFT_OUT =
  /(^|\/)(src|install|test|tests|docs|\.github)(\/|$)|\.(map|d\.ts|d\.cts|d\.mts|mts|cts|h|cc|gyp)$|(^|\/)binding\.gyp$/;

/**
 * Unpacks a package into a folder: from the store of earlier runs, or from the registry.
 * @param {import('./runtime-packages.mjs').RuntimePackage} wanted
 * @param {string} to
 */
export function unpack(wanted, to) {
  const tarball = tarballOf(wanted);
  const work = mkdtempSync(path.join(store, 'unpack-'));
  try {
    execFileSync('tar', ['-xzf', tarball, '-C', work]);
    const from = path.join(work, 'package');
    cpSync(from, to, {
      recursive: true,
      filter: file => !LEFT_OUT.test(path.relative(from, file).replaceAll('\\', '/')),
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @param {import('./runtime-packages.mjs').RuntimePackage} wanted */
function tarballOf({ name, version, integrity }) {
  mkdirSync(store, { recursive: true });
  const file = path.join(store, `${name.replace('/', '+')}-${version}.tgz`);
  if (existsSync(file) && integrityOf(file, integrity) === integrity) return file;
  const work = mkdtempSync(path.join(store, 'fetch-'));
  try {
    const args = ['pack', `${name}@${version}`, '--pack-destination', work, '--json', '--loglevel=error'];
    const [{ filename }] = JSON.parse(
      execFileSync('npm', args, { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' }),
    );
    const fetched = path.join(work, filename);
    const got = integrityOf(fetched, integrity);
    if (got !== integrity)
      throw new Error(`${name}@${version}: the registry gave ${got}, package-lock.json says ${integrity}`);
    renameSync(fetched, file);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return file;
}

/**
 * @param {string} file
 * @param {string} like an integrity whose algorithm to use
 */
function integrityOf(file, like) {
  const algorithm = /** @type {string} */ (like.split('-', 1)[0]);
  return `${algorithm}-${createHash(algorithm).update(readFileSync(file)).digest('base64')}`;
}
