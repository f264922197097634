import { createHash, randomBytes } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, type FileHandle, link, mkdir, open, rename, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Content, ImageFile, TextFile, WrittenFile } from './output';
import { ManifestError } from './types';

export interface WriteAllOptions {
  signal?: AbortSignal | undefined;
  /** files and images written so far */
  progress?: ((done: number, total: number) => void) | undefined;
  /** files of an earlier export to take away in the same stroke, relative to `out` */
  obsolete?: readonly string[];
  /** makes the last files (a card) from what was written before them */
  finish?: (written: readonly WrittenFile[]) => readonly TextFile[];
}

/**
 * Writes a set of files so that the folder holds either all of the new ones or all of the old ones. Everything is first
 * written beside its place, in a hidden folder on the same disk, and synced; only then are the files renamed into place,
 * and a failure among the renames puts the old files back. What was interrupted leaves no trace but a folder named
 * `.margin-export-*`, which may be deleted.
 * @param out absolute folder, made when absent
 * @throws ManifestError `file` when something cannot be written, or an image changed since it was hashed
 * @throws the signal's reason when it is aborted; the folder is then as it was
 */
export async function writeAll(
  out: string,
  files: readonly TextFile[],
  images: readonly ImageFile[],
  options: WriteAllOptions = {},
): Promise<WrittenFile[]> {
  const { signal, progress } = options;
  signal?.throwIfAborted();
  const made = await attempt(out, () => makeFolder(out));
  const staging = path.join(out, `.margin-export-${randomBytes(4).toString('hex')}`);
  const total = files.length + images.length;
  let committed = false;
  try {
    await attempt(staging, () => mkdir(staging));
    const written: WrittenFile[] = [];
    const moves: { from: string; to: string }[] = [];
    const writeText = async (file: TextFile): Promise<void> => {
      const from = path.join(staging, String(moves.length));
      const { bytes, sha256 } = await attempt(file.name, () => writeContent(from, file.content, signal));
      written.push({ name: file.name, rows: file.rows, bytes, sha256 });
      moves.push({ from, to: inside(out, file.name) });
      progress?.(moves.length, Math.max(total, moves.length));
    };
    for (const file of files) await writeText(file);
    for (const file of options.finish?.([...written]) ?? []) await writeText(file);
    for (const image of images) {
      signal?.throwIfAborted();
      const from = path.join(staging, String(moves.length));
      const bytes = await attempt(image.from, () => bringImage(image, from));
      written.push({ name: image.name, rows: 0, bytes, sha256: image.hash.slice('sha256:'.length) });
      moves.push({ from, to: inside(out, image.name) });
      progress?.(moves.length, Math.max(total, moves.length));
    }
    signal?.throwIfAborted();
    await commit(
      staging,
      moves,
      (options.obsolete ?? []).map(name => inside(out, name)),
    );
    committed = true;
    return written;
  } finally {
    await rm(staging, { recursive: true, force: true }).catch(() => undefined);
    if (!committed && made !== undefined) await removeEmpty(made, out);
  }
}

/** Bytes and hash that a content would have, without writing it anywhere. */
export async function measure(content: Content, signal?: AbortSignal): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of batched(content, signal)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

const BATCH = 1 << 18;

/** Joins small pieces: a write for every row would be slow. */
async function* batched(content: Content, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  let text = '';
  let pieces: Uint8Array[] = [];
  let size = 0;
  const take = (bytes: Uint8Array): void => {
    pieces.push(bytes);
    size += bytes.length;
  };
  for await (const piece of content) {
    if (typeof piece === 'string') {
      text += piece;
      if (text.length < BATCH) continue;
    }
    if (text !== '') take(Buffer.from(text, 'utf8'));
    text = '';
    if (typeof piece !== 'string') take(piece);
    if (size < BATCH) continue;
    signal?.throwIfAborted();
    yield pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    pieces = [];
    size = 0;
  }
  if (text !== '') take(Buffer.from(text, 'utf8'));
  signal?.throwIfAborted();
  if (size > 0) yield Buffer.concat(pieces);
}

async function writeContent(
  file: string,
  content: Content,
  signal: AbortSignal | undefined,
): Promise<{ bytes: number; sha256: string }> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, 'wx');
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of batched(content, signal)) {
      hash.update(chunk);
      await handle.write(chunk);
      bytes += chunk.length;
    }
    await handle.sync();
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    await handle?.close();
  }
}

/** Copies or links an image and returns its size; a copy is checked against its hash. */
async function bringImage(image: ImageFile, to: string): Promise<number> {
  if (image.how === 'link') {
    try {
      await link(image.from, to);
      return (await stat(to)).size;
    } catch (error) {
      // another disk, or a file system without hard links: a copy does as well
      if (!['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS', 'EACCES'].includes(codeOf(error)))
        throw error;
    }
  }
  await copyFile(image.from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(to) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  if (`sha256:${hash.digest('hex')}` !== image.hash)
    throw new ManifestError(
      'file',
      `${image.from} has changed since it was scanned. Scan the folder again, then export.`,
    );
  return bytes;
}

/** Renames everything into place; on any failure puts back what was there. */
async function commit(staging: string, moves: { from: string; to: string }[], obsolete: string[]): Promise<void> {
  const undo: (() => Promise<void>)[] = [];
  let kept = 0;
  const setAside = async (file: string): Promise<void> => {
    const aside = path.join(staging, `old-${kept++}`);
    try {
      await rename(file, aside);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      throw error;
    }
    undo.push(() => rename(aside, file));
  };
  try {
    for (const { from, to } of moves) {
      const made = await makeFolder(path.dirname(to));
      if (made !== undefined) undo.push(() => removeEmpty(made, path.dirname(to)));
      if ((await stat(to).catch(() => undefined))?.isDirectory())
        throw new ManifestError(
          'file',
          `${to} is a folder, and a file of that name is to be written. Choose another folder.`,
        );
      await setAside(to);
      await rename(from, to);
      undo.push(() => rm(to, { force: true }));
    }
    const written = new Set(moves.map(({ to }) => to));
    for (const file of obsolete) if (!written.has(file)) await setAside(file);
  } catch (error) {
    for (const step of undo.reverse()) await step().catch(() => undefined);
    throw describe(staging, error);
  }
}

/** Removes folders from `deepest` up to `top`, as long as they are empty. */
async function removeEmpty(top: string, deepest: string): Promise<void> {
  for (let at = deepest; at.length >= top.length; at = path.dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return;
    }
  }
}

function inside(out: string, name: string): string {
  const full = path.join(out, ...name.split('/'));
  const back = path.relative(out, full);
  if (back === '' || back.startsWith('..') || path.isAbsolute(back))
    throw new Error(`"${name}" lies outside of the export`);
  return full;
}

/** Makes a folder and those above it; resolves to the first that was made. Node's own says ENOENT of a read-only disk. */
async function makeFolder(folder: string): Promise<string | undefined> {
  try {
    return await mkdir(folder, { recursive: true });
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    let missing = folder;
    while ((await stat(path.dirname(missing)).catch(() => undefined)) === undefined) missing = path.dirname(missing);
    await mkdir(missing);
    throw error;
  }
}

async function attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw describe(what, error);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

const REASONS: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EROFS: 'the disk is read-only',
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'something else is in its place',
  EBUSY: 'another program has it open',
  ENAMETOOLONG: 'the path is longer than this system allows',
};

/** A file-system error in words; anything else (an abort, our own errors) as it is. */
function describe(what: string, error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof ManifestError || !(error instanceof Error) || !/^E[A-Z]+$/u.test(code)) return error;
  return new ManifestError('file', `Cannot write the export, at ${what}: ${REASONS[code] ?? error.message}.`, {
    cause: error,
  });
}
