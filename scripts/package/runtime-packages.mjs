// @ts-check
// Which npm packages travel inside the VSIX: what the bundles leave outside, for every platform that gets native code.
// Names, versions and integrity come from package-lock.json; nothing else decides what is shipped.

/**
 * Platforms with native image decoding; all others (and desktop Linux, where it is not safe) decode with WebAssembly, at
 * about half the speed. A native build adds some 8.5 MB: docs/DEPENDENCIES.md says why these four are worth it.
 */
export const NATIVE_PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64'];

/** Where the walk through the lock file starts. */
const ROOTS = [
  'node_modules/sharp',
  'node_modules/@img/sharp-wasm32',
  ...NATIVE_PLATFORMS.map(platform => `node_modules/@img/sharp-${platform}`),
];

/**
 * @typedef {object} RuntimePackage
 * @property {string} place in the lock file and in the VSIX: `node_modules/…`
 * @property {string} name
 * @property {string} version
 * @property {string} integrity Subresource Integrity of the tarball
 * @property {string} [license] SPDX expression
 */

/** @typedef {{ version: string, integrity?: string, license?: string, dependencies?: Record<string, string>, optionalDependencies?: Record<string, string> }} LockEntry */

/**
 * The packages to ship, with all that they need.
 * @param {{ packages: Record<string, LockEntry> }} lock package-lock.json
 * @returns {RuntimePackage[]}
 */
export function runtimePackages(lock) {
  /** @type {Map<string, RuntimePackage>} */
  const found = new Map();
  const queue = [...ROOTS];
  for (let place = queue.shift(); place !== undefined; place = queue.shift()) {
    if (found.has(place)) continue;
    const entry = lock.packages[place];
    if (!entry?.integrity) throw new Error(`package-lock.json has no ${place} with an integrity: run npm install`);
    const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
    found.set(place, { place, name, version: entry.version, integrity: entry.integrity, license: entry.license });
    for (const dependency of Object.keys(entry.dependencies ?? {})) queue.push(resolve(lock, place, dependency));
    // A native build names its libvips as optional; sharp's own optional builds are chosen above instead.
    for (const dependency of Object.keys(entry.optionalDependencies ?? {})) {
      if (name !== 'sharp') queue.push(resolve(lock, place, dependency));
    }
  }
  return [...found.values()].sort((a, b) => (a.place < b.place ? -1 : 1));
}

/**
 * Where Node would find a dependency: the nearest `node_modules` upwards that has it.
 * @param {{ packages: Record<string, LockEntry> }} lock
 * @param {string} from
 * @param {string} name
 */
function resolve(lock, from, name) {
  const folders = from.split('/node_modules/');
  for (let depth = folders.length; depth >= 0; depth--) {
    const place = [...folders.slice(0, depth), name].join('/node_modules/');
    const candidate = depth === 0 ? `node_modules/${name}` : place;
    if (lock.packages[candidate]) return candidate;
  }
  throw new Error(`package-lock.json: ${from} needs ${name}, which is not there`);
}
