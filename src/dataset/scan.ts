import fs from 'node:fs';
import path from 'node:path';
import { classOf, type ClassRule } from './classes';
import { eachFile } from './each-file';
import { readReason } from './errors';
import { kindOfExtension, RAW_REASON, SVG_REASON } from './formats';
import { globMatcher } from './glob';
import { folderReason, nameReason, openRoot, unreadableRoot } from './root';
import { classifyLink, FollowedLinks, type Folder } from './links';

/** A file that its name says is a picture. */
export interface FoundFile {
  /** inside the root, with forward slashes, in the very characters of the disk (no Unicode normalization) */
  path: string;
  /** bytes */
  size: number;
  mtimeMs: number;
  /** changes with the content even where a tool puts the modification time back */
  ctimeMs: number;
  /** the file's number on its disk: it stays when the file is renamed; 0 where there is none */
  ino: number;
  class: string | null;
}

/** A file (or folder) that gives no picture, and why, for a person. */
export interface FileProblem {
  path: string;
  reason: string;
}

export interface ScanOptions {
  classes?: ClassRule;
  /** globs, see `globMatcher` */
  exclude?: readonly string[];
  svg?: boolean;
  signal?: AbortSignal;
  /** called with the number of pictures found so far */
  onProgress?: (found: number) => void;
}

export interface Scan {
  root: string;
  /** sorted by path, code unit by code unit: the same on every machine */
  files: FoundFile[];
  problems: FileProblem[];
  /** how many files are no pictures, by extension (lower case, without the dot; '' for none) */
  skipped: Record<string, number>;
}

/** Folders that never hold a data set; hidden ones (`.git`, `.margin`, …) are passed over too. */
const IGNORED_FOLDERS = new Set(['node_modules', '__MACOSX', '$RECYCLE.BIN', 'System Volume Information']);
/** What macOS leaves beside each file on foreign disks: resource forks that carry the picture's extension. */
const APPLE_DOUBLE = '._';

/**
 * Lists the pictures of `root` and of its folders, by extension; whether one really is a picture, its content decides
 * later. Links to files are listed like files. A linked folder is followed once, unless it lies inside the root (its
 * files are listed there) or holds the root; such links, unreadable folders, dangling links and special files are named
 * in `problems`.
 * @throws DatasetError when the root is missing, no folder, unreadable, or vanishes in the middle
 */
export async function scanFolder(root: string, options: ScanOptions = {}): Promise<Scan> {
  const scanner = new Scanner(path.resolve(root), options);
  return await scanner.run();
}

class Scanner {
  readonly #files: FoundFile[] = [];
  readonly #problems: FileProblem[] = [];
  readonly #skipped = new Map<string, number>();
  readonly #excluded: (path: string) => boolean;
  readonly #rule: ClassRule;
  /** links met and not yet looked at; taken in the order of their paths, so that the outcome is the same every time */
  #links: { path: string; folder: Folder }[] = [];

  constructor(
    readonly root: string,
    readonly options: ScanOptions,
  ) {
    this.#excluded = globMatcher(options.exclude ?? []);
    this.#rule = options.classes ?? 'folder';
  }

  async run(): Promise<Scan> {
    const realRoot = await openRoot(this.root);
    await this.#walk({ path: '', real: realRoot });
    const followed = new FollowedLinks(realRoot);
    while (this.#links.length > 0) {
      const links = this.#links.sort((a, b) => compare(a.path, b.path));
      this.#links = [];
      for (const link of links) await this.#follow(link, followed);
    }
    await openRoot(this.root, 'folder-vanished');
    return {
      root: this.root,
      files: this.#files.sort((a, b) => compare(a.path, b.path)),
      problems: this.#problems.sort((a, b) => compare(a.path, b.path)),
      skipped: Object.fromEntries([...this.#skipped].sort((a, b) => compare(a[0], b[0]))),
    };
  }

  /** Lists a folder and everything below it, links aside. */
  async #walk(start: Folder): Promise<void> {
    const folders = [start];
    const { signal } = this.options;
    for (let folder = folders.pop(); folder; folder = folders.pop()) {
      signal?.throwIfAborted();
      const pictures: string[] = [];
      for (const entry of await this.#list(folder)) {
        const at = folder.path === '' ? entry.name : `${folder.path}/${entry.name}`;
        if (this.#excluded(at)) continue;
        if (entry.isDirectory()) {
          if (isDataFolder(entry.name)) folders.push({ path: at, real: path.join(folder.real, entry.name) });
        } else if (entry.isSymbolicLink()) this.#links.push({ path: at, folder });
        else if (entry.isFile()) {
          if (this.#wanted(at)) pictures.push(at);
        } else if (kindOfExtension(extensionOf(at)) !== 'other')
          this.#problem(at, 'This is a device, pipe or socket, not a file.');
      }
      await this.#stat(pictures);
    }
  }

  async #list(folder: Folder): Promise<fs.Dirent[]> {
    try {
      return await fs.promises.readdir(path.join(this.root, folder.path), { withFileTypes: true });
    } catch (error) {
      await openRoot(this.root, 'folder-vanished');
      if (folder.path === '') throw unreadableRoot(this.root, error);
      this.#problem(folder.path, folderReason(error, folder.path));
      return [];
    }
  }

  async #follow(link: { path: string; folder: Folder }, followed: FollowedLinks): Promise<void> {
    this.options.signal?.throwIfAborted();
    const found = await classifyLink(path.join(this.root, link.path));
    if (found.kind === 'file') {
      if (this.#wanted(link.path)) await this.#stat([link.path]);
    } else if (found.kind === 'folder') {
      if (!isDataFolder(path.posix.basename(link.path))) return;
      const refusal = followed.refuse(found.real, link.folder);
      if (refusal !== undefined) this.#problem(link.path, refusal);
      else await this.#walk({ path: link.path, real: found.real });
    } else if (found.kind === 'broken') this.#problem(link.path, found.reason);
    else if (kindOfExtension(extensionOf(link.path)) !== 'other')
      this.#problem(link.path, 'This link leads to a device, pipe or socket.');
  }

  /** Whether a file's name says that it is a picture; if not, it is counted or named. */
  #wanted(at: string): boolean {
    const extension = extensionOf(at);
    const appleDouble = path.posix.basename(at).startsWith(APPLE_DOUBLE);
    const kind = appleDouble ? 'other' : kindOfExtension(extension);
    if (kind === 'picture' || (kind === 'svg' && this.options.svg)) return true;
    if (kind === 'raw') this.#problem(at, RAW_REASON);
    else if (kind === 'svg') this.#problem(at, SVG_REASON);
    else this.#skipped.set(extension, (this.#skipped.get(extension) ?? 0) + 1);
    return false;
  }

  async #stat(paths: readonly string[]): Promise<void> {
    await eachFile(paths, {
      sync: at => {
        try {
          this.#add(at, fs.statSync(this.#absolute(at)));
        } catch (error) {
          this.#unreadable(at, error);
        }
      },
      async: async at => {
        try {
          this.#add(at, await fs.promises.stat(this.#absolute(at)));
        } catch (error) {
          this.#unreadable(at, error);
        }
      },
      signal: this.options.signal,
    });
    this.options.onProgress?.(this.#files.length);
  }

  #absolute(at: string): string {
    return path.join(this.root, at);
  }

  #add(at: string, stat: fs.Stats): void {
    const { size, mtimeMs, ctimeMs, ino } = stat;
    this.#files.push({ path: at, size, mtimeMs, ctimeMs, ino, class: classOf(at, this.#rule) });
  }

  #unreadable(at: string, error: unknown): void {
    this.#problem(at, nameReason(at, error) ?? readReason(error));
  }

  #problem(at: string, reason: string): void {
    this.#problems.push({ path: at, reason });
  }
}

function isDataFolder(name: string): boolean {
  return !name.startsWith('.') && !IGNORED_FOLDERS.has(name);
}

/** Lower case, without the dot; '' where there is none. */
function extensionOf(at: string): string {
  return path.posix.extname(at).slice(1).toLowerCase();
}

/** Code unit by code unit: a total order that no locale changes. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
