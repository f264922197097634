import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf } from './errors';

/**
 * Replaces a file in one step: whoever reads it, or comes back after a crash, finds the old content or the new, whole.
 * Makes at most `depth` folders on the way. Rejects with the file system's error, and leaves nothing behind.
 */
export async function writeAtomically(
  file: string,
  content: Uint8Array | string | Iterable<string | Uint8Array>,
  depth = 1,
): Promise<void> {
  await makeFolder(path.dirname(file), depth);
  const temporary = `${file}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  try {
    const handle = await fs.open(temporary, 'wx');
    try {
      if (typeof content === 'string' || content instanceof Uint8Array) await handle.writeFile(content);
      else for (const part of content) await handle.appendFile(part);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await replace(temporary, file);
  } catch (error) {
    await fs.rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Makes a folder and at most `depth - 1` above it. Bounded, so that a data set that was unplugged or deleted does not
 * come back as a row of empty folders.
 */
export async function makeFolder(folder: string, depth: number): Promise<void> {
  try {
    await fs.mkdir(folder);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return;
    if (errnoOf(error) !== 'ENOENT' || depth <= 1) throw error;
    await makeFolder(path.dirname(folder), depth - 1);
    await makeFolder(folder, 1);
  }
}

/** Windows refuses to replace a file that a virus scanner or an indexer has open for a moment. */
async function replace(from: string, to: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await fs.rename(from, to);
    } catch (error) {
      const held = process.platform === 'win32' && ['EPERM', 'EACCES', 'EBUSY'].includes(errnoOf(error) ?? '');
      if (!held || attempt === 5) throw error;
      await sleep(20 * 2 ** attempt);
    }
  }
}
