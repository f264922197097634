// @ts-check
// Which VS Codes the project runs in, and where they live once installed. Each is `code-server` from the npm registry: the
// real VS Code server and workbench, with the Node binary that belongs to it as a package too.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../..');
/** Everything that can be made again: hosts, samples, profiles. Ignored by git. */
export const cache = path.join(root, '.cache');

/** @typedef {'latest' | 'lowest'} HostName */
/** @type {readonly HostName[]} */
export const HOST_NAMES = ['latest', 'lowest'];

/**
 * @typedef {object} Host
 * @property {HostName} name
 * @property {string} manifests folder with the pinned package.json and package-lock.json
 * @property {string} dir where it is installed
 * @property {string} node the Node binary that runs it
 * @property {string} vscode the VS Code server's folder
 * @property {string} readyFile written last, holds the fingerprint of what was installed
 * @property {string} fingerprint changes with the pinned versions and with the way they are installed
 */

/** Raise when install.mjs does something different with the same packages. */
const RECIPE = 1;

/**
 * @param {string} name
 * @returns {Host}
 */
export function host(name) {
  const known = HOST_NAMES.find(each => each === name);
  if (!known) throw new Error(`no VS Code host called ${name}: there are ${HOST_NAMES.join(' and ')}`);
  const manifests = path.join(import.meta.dirname, known);
  const dir = path.join(cache, 'vscode-host', known);
  const lock = readFileSync(path.join(manifests, 'package-lock.json'));
  return {
    name: known,
    manifests,
    dir,
    node: path.join(dir, `node_modules/node-linux-${process.arch}/bin/node`),
    vscode: path.join(dir, 'node_modules/code-server/lib/vscode'),
    readyFile: path.join(dir, '.ready'),
    fingerprint: createHash('sha256').update(`${RECIPE}\n${process.arch}\n`).update(lock).digest('hex'),
  };
}

/** @param {Host} which */
export function isInstalled(which) {
  return existsSync(which.readyFile) && readFileSync(which.readyFile, 'utf8') === which.fingerprint;
}

/**
 * VS Code's own version, such as 1.139.1.
 * @param {Host} which
 * @returns {string}
 */
export function vscodeVersion(which) {
  return (
    JSON.parse(readFileSync(path.join(which.vscode, 'product.json'), 'utf8')).version ??
    JSON.parse(readFileSync(path.join(which.vscode, 'package.json'), 'utf8')).version
  );
}
