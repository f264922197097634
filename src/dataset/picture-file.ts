import fs from 'node:fs/promises';
import { errnoOf, readReason } from './errors';
import { PictureError } from './picture-error';
import { READ_FLAGS } from './read-flags';

const MAX_FILE_BYTES = 2 ** 29;

/** The bytes of a picture's file. @throws PictureError; the signal's reason when it aborts */
export async function readPicture(file: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  try {
    const handle = await fs.open(file, READ_FLAGS);
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw new PictureError('unsupported', 'This is not a file.');
      if (stat.size > MAX_FILE_BYTES)
        throw new PictureError('too-large', `The file is larger than ${MAX_FILE_BYTES >> 20} MB.`);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof PictureError) throw error;
    signal?.throwIfAborted();
    throw new PictureError(errnoOf(error) === 'ENOENT' ? 'missing' : 'unreadable', readReason(error), { cause: error });
  }
}
