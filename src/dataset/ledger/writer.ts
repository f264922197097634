import fs from 'node:fs';
import { mkdir, open, writeFile, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { hasCode } from './errors';
import { READ_WRITE } from './open-flags';

const NEWLINE = 10;

/**
 * `.margin` in the opened folder: made where it is missing, with the ignore file that keeps the cache out of git. A folder
 * that is gone itself is not made again: it was moved or unmounted, and answers would end up where nobody looks.
 */
export async function ensureMarginFolder(folder: string): Promise<string> {
  const margin = path.join(folder, '.margin');
  const made = await mkdir(margin).then(
    () => true,
    (error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error;
      return false;
    },
  );
  await writeFile(path.join(margin, '.gitignore'), 'cache/\n', { flag: 'wx' }).catch(() => undefined);
  if (made) await syncFolder(folder);
  return margin;
}

/** Makes a folder's entries durable; some systems (Windows, some network drives) cannot, and need not. */
export async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(folder, 'r');
  } catch {
    return;
  }
  try {
    await handle.sync();
  } catch {
    // a system without it
  } finally {
    await handle.close();
  }
}

/** Where a file was read up to, whole lines only. */
export interface ReadUpTo {
  /** device and inode */
  identity: string;
  position: number;
  /** the last bytes before `position` */
  tail: Buffer;
}

/** The identity in `ReadUpTo`. */
export function identityOf({ dev, ino }: { dev: bigint; ino: bigint }): string {
  return `${dev}:${ino}`;
}

/**
 * Appends whole lines in one write and returns once they are synced. The file is opened anew each time: git and other
 * tools replace it, and a descriptor kept open would go on writing into the one that is gone.
 *
 * Only the sync, which is what takes long, leaves the thread: of the other calls each takes some ten microseconds, and each
 * handed to another thread would wait twice for a busy processor.
 * @param lines without their newlines
 * @param known how far the file was read
 * @returns what was written, where the file was read to its end before, has grown by this alone and still has its name: then
 * there is nothing else in it to read. Otherwise undefined.
 * @throws the system's error; lines may then lie in the file in part, never joined to later ones
 */
export async function appendLines(
  file: string,
  lines: readonly string[],
  known?: ReadUpTo,
): Promise<Buffer | undefined> {
  const { fd, created } = openToAppend(file);
  let written: Buffer | undefined;
  try {
    const stat = fs.fstatSync(fd, { bigint: true });
    const size = Number(stat.size);
    const isRead = known !== undefined && known.position === size && known.identity === identityOf(stat);
    const text = lines.map(line => `${line}\n`).join('');
    const bytes = Buffer.from(!isRead && endsInsideLine(fd, size) ? `\n${text}` : text, 'utf8');
    const bytesWritten = fs.writeSync(fd, bytes, 0, bytes.length);
    // Less than asked means that the disk is full; going on with the rest could join it to another program's line.
    if (bytesWritten < bytes.length) {
      throw Object.assign(new Error(`wrote ${bytesWritten} of ${bytes.length} bytes`), { code: 'ENOSPC' });
    }
    await sync(fd);
    if (isRead && endsIn(fd, known, bytes) && hasIdentity(file, known.identity)) written = bytes;
  } finally {
    fs.closeSync(fd);
  }
  if (created) await syncFolder(path.dirname(file));
  return written;
}

const sync = promisify(fs.fsync);

function openToAppend(file: string): { fd: number; created: boolean } {
  try {
    return { fd: fs.openSync(file, READ_WRITE | fs.constants.O_APPEND), created: false };
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    return { fd: fs.openSync(file, READ_WRITE | fs.constants.O_APPEND | fs.constants.O_CREAT, 0o666), created: true };
  }
}

/** Whether the file ends in what was read before and in these bytes right after it. */
function endsIn(fd: number, { position, tail }: ReadUpTo, bytes: Buffer): boolean {
  const length = tail.length + bytes.length;
  const found = Buffer.allocUnsafe(length + 1);
  return (
    fs.readSync(fd, found, 0, length + 1, position - tail.length) === length &&
    found.subarray(0, tail.length).equals(tail) &&
    found.subarray(tail.length, length).equals(bytes)
  );
}

function hasIdentity(file: string, identity: string): boolean {
  const stat = fs.statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat !== undefined && identityOf(stat) === identity;
}

/** Syncs what the file holds, as for lines that another process wrote and may not have lived to sync. */
export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, READ_WRITE);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function endsInsideLine(fd: number, size: number): boolean {
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  fs.readSync(fd, last, 0, 1, size - 1);
  return last[0] !== NEWLINE;
}
