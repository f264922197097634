import { type FileHandle, open } from 'node:fs/promises';
import { isMissing, readError } from './errors';
import { READ } from './open-flags';

/** Where an event's line lies in the file, in bytes. */
export interface LinePlace {
  id: string;
  offset: number;
  length: number;
}

/** read at once: lines between two that are wanted cost less than another read */
const WINDOW = 1 << 18;

/**
 * The events of some lines, parsed whole. What is no longer where it was said to be is passed over.
 * @param places in the order of the file
 * @throws LedgerError `unreadable`; the signal's reason when aborted
 */
export async function* readEvents(
  file: string,
  places: readonly LinePlace[],
  signal?: AbortSignal,
): AsyncGenerator<Record<string, unknown>> {
  if (places.length === 0) return;
  let handle: FileHandle | undefined;
  let buffer = Buffer.allocUnsafe(WINDOW);
  try {
    handle = await open(file, READ);
    for (let next = 0; next < places.length;) {
      signal?.throwIfAborted();
      const { offset: start, length } = places[next];
      if (length > buffer.length) buffer = Buffer.allocUnsafe(length);
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
      const first = next;
      for (; next < places.length; next++) {
        const { id, offset, length: bytes } = places[next];
        const from = offset - start;
        if (from + bytes > bytesRead) break;
        const event = parse(buffer.toString('utf8', from, from + bytes));
        if (event?.['id'] === id) yield event;
      }
      // The file ends before the line does: it was cut short since.
      if (next === first) next++;
    }
  } catch (error) {
    if (signal?.aborted || isMissing(error)) {
      signal?.throwIfAborted();
      return;
    }
    throw readError(file, error);
  } finally {
    await handle?.close();
  }
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
