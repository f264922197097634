import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import type { ImageHash } from '../core/types';
import { describeChanges, type Changes } from './changes';
import { eachFile } from './each-file';
import { DatasetError, readReason } from './errors';
import { sniff, SNIFF_BYTES, unreadableReason, type Format } from './formats';
import type { ImageIndex, IndexEntry } from './image-index';
import { READ_FLAGS } from './read-flags';
import type { FileProblem, FoundFile, Scan } from './scan';

/** A file's content, wherever it lies. */
export interface Image {
  hash: ImageHash;
  /** every path that holds it, in order; never empty */
  paths: string[];
  /** of the first path that has one */
  class: string | null;
  /** bytes of the file */
  size: number;
  format: Format;
}

/** Exact copies that lie in folders of different classes: at most one of the classes is right. */
export interface ClassConflict {
  hash: ImageHash;
  places: { path: string; class: string }[];
}

export interface Identified {
  root: string;
  /** distinct contents, in the order of their first paths */
  images: Image[];
  /** files behind `images`: exact copies count each */
  files: number;
  /** the scan's own too, sorted by path */
  problems: FileProblem[];
  conflicts: ClassConflict[];
  changes: Changes;
  /** how many files were read, because they were new or their stat changed */
  hashed: number;
}

export interface IdentifyOptions {
  svg?: boolean;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
}

/** A file changed less than this before it was read may change once more within one tick of its disk's clock (FAT: 2 s). */
const CLOCK_TICK_MS = 2500;
const READ_BYTES = 1 << 20;
const NO_FILE = 'it is a device, pipe or socket now';
/** Reading more than this at once would hold up the event loop. */
const LARGE_BYTES = 8 << 20;

/**
 * Says which content lies at each path of a scan. Reads a file only where it is new or its stat changed; a file that
 * was renamed is known by its number on the disk and not read. Updates `index` (call `index.save()` to keep it), also
 * when it is cancelled half-way, with what is known by then.
 * @throws DatasetError `folder-vanished` if the folder goes away meanwhile; the signal's reason when it aborts
 */
export async function identify(scan: Scan, index: ImageIndex, options: IdentifyOptions = {}): Promise<Identified> {
  const { svg = false, signal, onProgress } = options;
  const before = index.entries;
  const after = new Map<string, IndexEntry>();
  const problems = [...scan.problems];
  const unread: string[] = [];
  const byNumber = new Map<string, IndexEntry>();
  const present = new Set(scan.files.map(file => file.path));
  for (const [at, entry] of before) if (!present.has(at) && entry.ino !== 0) byNumber.set(numberKey(entry), entry);

  const stale: FoundFile[] = [];
  for (const file of scan.files) {
    const known = before.get(file.path);
    if (known && isUnchanged(known, file)) after.set(file.path, known);
    else {
      const moved = byNumber.get(numberKey(file));
      // A rename changes ctime and nothing else; contents keep their times.
      if (moved?.settled && moved.size === file.size && moved.mtimeMs === file.mtimeMs) {
        after.set(file.path, { ...moved, ctimeMs: file.ctimeMs });
      } else stale.push(file);
    }
  }

  await breathe(signal);

  const settle = (file: FoundFile, read: () => IndexEntry | Promise<IndexEntry>): void | Promise<void> => {
    const failed = (error: unknown): void => {
      unread.push(file.path);
      problems.push({ path: file.path, reason: readReason(error) });
    };
    try {
      const entry = read();
      if (entry instanceof Promise) return entry.then(e => void after.set(file.path, e), failed);
      after.set(file.path, entry);
    } catch (error) {
      failed(error);
    }
  };
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  const known = scan.files.length - stale.length;
  try {
    await eachFile(stale, {
      sync: file => void settle(file, () => readEntry(path.join(scan.root, file.path), buffer)),
      async: async file => settle(file, () => readEntryAsync(path.join(scan.root, file.path))),
      isLarge: file => file.size > LARGE_BYTES,
      signal,
      onProgress: done => onProgress?.(known + done, scan.files.length),
    });
  } catch (error) {
    // What was read stays known; what was not reached is known as before.
    for (const [at, entry] of before) if (!after.has(at)) after.set(at, entry);
    index.replace(after);
    throw error;
  }
  if (unread.length > 0 && !fs.existsSync(scan.root)) {
    const message = `The folder ${scan.root} vanished while Margin was reading it.`;
    throw new DatasetError(
      'folder-vanished',
      message,
      'Was it moved, deleted or unplugged? Open it again from where it is now.',
    );
  }
  if (stale.length > 0 || after.size !== before.size || [...after.keys()].some(at => !before.has(at)))
    index.replace(after);
  await breathe(signal);
  const found = gather(scan, after, problems, svg);
  await breathe(signal);
  return { ...found, changes: describeChanges(before, after), hashed: stale.length };
}

/** Between two steps that each take a while at 100,000 files: messages are heard, a cancel too. */
async function breathe(signal: AbortSignal | undefined): Promise<void> {
  await yieldToEvents();
  signal?.throwIfAborted();
}

/** Groups paths by content; names the files that are no pictures. */
function gather(scan: Scan, entries: ReadonlyMap<string, IndexEntry>, problems: FileProblem[], svg: boolean) {
  const images = new Map<ImageHash, Image>();
  const classes = new Map<ImageHash, { path: string; class: string }[]>();
  let files = 0;
  for (const file of scan.files) {
    const entry = entries.get(file.path);
    if (!entry) continue;
    const reason = unreadableReason(entry.format, svg);
    if (reason !== undefined) {
      problems.push({ path: file.path, reason });
      continue;
    }
    files++;
    let image = images.get(entry.hash);
    if (image) image.paths.push(file.path);
    else {
      image = { hash: entry.hash, paths: [file.path], class: null, size: entry.size, format: entry.format };
      images.set(entry.hash, image);
      classes.set(entry.hash, []);
    }
    image.class ??= file.class;
    if (file.class !== null) classes.get(entry.hash)!.push({ path: file.path, class: file.class });
  }
  const conflicts: ClassConflict[] = [];
  for (const [hash, places] of classes) {
    if (places.some(place => place.class !== places[0]!.class)) conflicts.push({ hash, places });
  }
  problems.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return { root: scan.root, images: [...images.values()], files, problems, conflicts };
}

function isUnchanged(known: IndexEntry, file: FoundFile): boolean {
  return known.settled && known.size === file.size && known.mtimeMs === file.mtimeMs && known.ctimeMs === file.ctimeMs;
}

function numberKey(file: { ino: number; size: number; mtimeMs: number }): string {
  return `${file.ino} ${file.size} ${file.mtimeMs}`;
}

/** Reads a file once: hash and format. The stat is the open file's own, so that both are of one content. */
function readEntry(absolute: string, buffer: Buffer): IndexEntry {
  const fd = fs.openSync(absolute, READ_FLAGS);
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) throw new Error(NO_FILE);
    const hash = createHash('sha256');
    let format: Format = 'empty';
    for (let at = 0, n; (n = fs.readSync(fd, buffer, 0, buffer.length, null)) > 0; at += n) {
      if (at === 0) format = sniff(buffer.subarray(0, Math.min(n, SNIFF_BYTES)));
      hash.update(buffer.subarray(0, n));
    }
    return entryOf(stat, hash.digest('hex'), format);
  } finally {
    fs.closeSync(fd);
  }
}

async function readEntryAsync(absolute: string): Promise<IndexEntry> {
  const handle = await fs.promises.open(absolute, READ_FLAGS);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new Error(NO_FILE);
    const hash = createHash('sha256');
    if (stat.size <= READ_BYTES) {
      const bytes = await handle.readFile();
      return entryOf(stat, hash.update(bytes).digest('hex'), sniff(bytes.subarray(0, SNIFF_BYTES)));
    }
    let format: Format | undefined;
    for await (const chunk of handle.createReadStream({
      highWaterMark: READ_BYTES,
      autoClose: false,
    }) as AsyncIterable<Buffer>) {
      format ??= sniff(chunk.subarray(0, SNIFF_BYTES));
      hash.update(chunk);
    }
    return entryOf(stat, hash.digest('hex'), format ?? 'empty');
  } finally {
    await handle.close();
  }
}

function entryOf(stat: fs.Stats, hex: string, format: Format): IndexEntry {
  const { size, mtimeMs, ctimeMs, ino } = stat;
  // A time in the future is another machine's clock.
  const settled = Math.abs(Date.now() - Math.max(mtimeMs, ctimeMs)) > CLOCK_TICK_MS;
  return { size, mtimeMs, ctimeMs, ino, hash: `sha256:${hex}`, format, settled };
}
