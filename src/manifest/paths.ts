import type { ImageHash } from '../core/types';

/**
 * Path arithmetic that gives one answer on every platform: `node:path` follows the machine it runs on, and a manifest
 * must not.
 */

/** Windows separators to slashes, for a path that is known to come from Windows. */
export function slashed(path: string): string {
  return path.replaceAll('\\', '/');
}

/** Whether a path starts at a root: `/a`, `C:/a`, `C:\a`, `\\server\share`. */
export function isAbsolutePath(path: string): boolean {
  return path.startsWith('/') || path.startsWith('\\\\') || /^[A-Za-z]:[\\/]/u.test(path);
}

/** Drops `.` and empty segments and resolves `..`; a leading slash (or two) stays. */
export function normalized(path: string): string {
  const root = /^\/{0,2}/u.exec(path)![0];
  const out: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..' && out.length > 0 && out.at(-1) !== '..') out.pop();
    else if (segment !== '..' || root === '') out.push(segment);
  }
  return root + out.join('/');
}

/**
 * How to get from one absolute folder to an absolute file or folder, with forward slashes.
 * @returns null where there is no way: two drives, or two servers
 */
export function relativePath(fromFolder: string, to: string): string | null {
  const from = rooted(fromFolder);
  const target = rooted(to);
  if (from.root !== target.root) return null;
  let shared = 0;
  // on a drive, names that differ only in case are one folder
  const fold = (name: string): string => (from.root === '/' ? name : name.toLowerCase());
  while (
    shared < from.parts.length &&
    shared < target.parts.length &&
    fold(from.parts[shared]!) === fold(target.parts[shared]!)
  )
    shared++;
  return [...from.parts.slice(shared).map(() => '..'), ...target.parts.slice(shared)].join('/') || '.';
}

function rooted(path: string): { root: string; parts: string[] } {
  // a backslash is a letter of a name where the path begins with a slash
  const windows = !path.startsWith('/');
  const clean = normalized(windows ? slashed(path) : path);
  const drive = /^([A-Za-z]:|\/\/[^/]+\/[^/]+)/u.exec(clean)?.[0];
  const parts = clean
    .slice(drive?.length ?? 0)
    .split('/')
    .filter(part => part !== '');
  return { root: drive?.toLowerCase() ?? '/', parts };
}

/** Joins an absolute folder and a relative path with forward slashes. */
export function joined(folder: string, path: string): string {
  const base = folder.startsWith('/') ? folder : slashed(folder);
  if (path === '.') return normalized(base);
  // not "//path" of "/": two slashes would name a server
  return normalized(`${base.replace(/\/+$/u, '')}/${path}`);
}

// Names that Windows cannot store, or that a reader takes for something else (`://` for a URL, a backslash for a separator).
// eslint-disable-next-line no-control-regex -- control characters are just what is looked for
const UNPORTABLE = /[<>:"|?*\\\u0000-\u001f\u007f]|[. ]$|^ |^\.|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/iu;
const LONGEST_NAME = 120;
const LONGEST_PATH = 200;

/**
 * The name under which a copied image is stored: its own path where every system and reader can store and find that,
 * else `by-hash/` and its hash. The same on each platform, so that an export made on Linux unpacks on Windows.
 * @param taken lower-cased names given away so far: `A.png` and `a.png` are one file on many disks
 */
export function portablePath(path: string, hash: ImageHash, taken: Set<string>): string {
  const fits =
    path.length <= LONGEST_PATH &&
    path.split('/').every(name => name.length > 0 && name.length <= LONGEST_NAME && !UNPORTABLE.test(name)) &&
    path === path.normalize('NFC') &&
    !taken.has(path.toLowerCase());
  const chosen = fits ? path : `by-hash/${hash.slice('sha256:'.length)}${extension(path)}`;
  taken.add(chosen.toLowerCase());
  return chosen;
}

/** A file's extension with its dot, lower-case; empty where it has none or an odd one. */
export function extension(path: string): string {
  return /\.[A-Za-z0-9]{1,8}$/u.exec(path)?.[0].toLowerCase() ?? '';
}

/** Order by UTF-16 units: the same in every locale. */
export function byText(x: string, y: string): number {
  return x < y ? -1 : x > y ? 1 : 0;
}
