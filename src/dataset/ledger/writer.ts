import { mkdir, open, writeFile, type FileHandle } from 'node:fs/promises';
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

/**
 * Appends whole lines in one write and returns once they are synced. The file is opened anew each time: git and other
 * tools replace it, and a descriptor kept open would go on writing into the one that is gone.
 * @param lines without their newlines
 * @throws the system's error; lines may then lie in the file in part, never joined to later ones
 */
export async function appendLines(file: string, lines: readonly string[]): Promise<void> {
  let created = false;
  let handle: FileHandle;
  try {
    handle = await open(file, 'ax+', 0o666);
    created = true;
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    handle = await open(file, 'a+', 0o666);
  }
  try {
    const text = lines.map(line => `${line}\n`).join('');
    const bytes = Buffer.from((await endsInsideLine(handle)) ? `\n${text}` : text, 'utf8');
    const { bytesWritten } = await handle.write(bytes, 0, bytes.length);
    // Less than asked means that the disk is full; going on with the rest could join it to another program's line.
    if (bytesWritten < bytes.length) {
      throw Object.assign(new Error(`wrote ${bytesWritten} of ${bytes.length} bytes`), { code: 'ENOSPC' });
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (created) await syncFolder(path.dirname(file));
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

async function endsInsideLine(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  await handle.read(last, 0, 1, size - 1);
  return last[0] !== NEWLINE;
}
