import { constants } from 'node:fs';
import { mkdir, open, stat, writeFile, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { hasCode } from './errors';

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
  let created = false;
  let handle: FileHandle;
  const flags = constants.O_RDWR | constants.O_APPEND;
  try {
    handle = await open(file, flags, 0o666);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    handle = await open(file, flags | constants.O_CREAT, 0o666);
    created = true;
  }
  let written: Buffer | undefined;
  try {
    const stat = await handle.stat({ bigint: true });
    const size = Number(stat.size);
    const isRead = known !== undefined && known.position === size && known.identity === identityOf(stat);
    const text = lines.map(line => `${line}\n`).join('');
    const bytes = Buffer.from(!isRead && (await endsInsideLine(handle, size)) ? `\n${text}` : text, 'utf8');
    const { bytesWritten } = await handle.write(bytes, 0, bytes.length);
    // Less than asked means that the disk is full; going on with the rest could join it to another program's line.
    if (bytesWritten < bytes.length) {
      throw Object.assign(new Error(`wrote ${bytesWritten} of ${bytes.length} bytes`), { code: 'ENOSPC' });
    }
    await handle.sync();
    if (isRead && (await endsIn(handle, known, bytes)) && (await hasIdentity(file, known.identity))) written = bytes;
  } finally {
    await handle.close();
  }
  if (created) await syncFolder(path.dirname(file));
  return written;
}

/** Whether the file ends in what was read before and in these bytes right after it. */
async function endsIn(handle: FileHandle, { position, tail }: ReadUpTo, bytes: Buffer): Promise<boolean> {
  const length = tail.length + bytes.length;
  const found = Buffer.allocUnsafe(length + 1);
  const { bytesRead } = await handle.read(found, 0, length + 1, position - tail.length);
  return (
    bytesRead === length &&
    found.subarray(0, tail.length).equals(tail) &&
    found.subarray(tail.length, length).equals(bytes)
  );
}

async function hasIdentity(file: string, identity: string): Promise<boolean> {
  return identityOf(await stat(file, { bigint: true })) === identity;
}

/** Syncs what the file holds, as for lines that another process wrote and may not have lived to sync. */
export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function endsInsideLine(handle: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  await handle.read(last, 0, 1, size - 1);
  return last[0] !== NEWLINE;
}
