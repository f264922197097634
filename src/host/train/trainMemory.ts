import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TrainControllerOptions, TrainRecord } from './trainController';

/**
 * Remembers the last training of this workspace in a file, so that a closed window can take it up again. VS Code's own
 * memory would not do: in a browser it is written down seconds later, and a window that was loaded again meanwhile would call
 * a finished training interrupted. For the same reason the few KB are written before `set` returns.
 * @param folder the workspace's storage; nothing outlives the window without one
 */
export function trainMemory(folder: string | undefined): TrainControllerOptions['memory'] {
  const file = folder === undefined ? undefined : path.join(folder, 'training.json');
  let known: { record: TrainRecord | undefined } | undefined;
  return {
    get() {
      known ??= { record: file === undefined ? undefined : read(file) };
      return known.record;
    },
    set(record) {
      known = { record };
      if (file === undefined) return;
      try {
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(`${file}.new`, JSON.stringify(record));
        renameSync(`${file}.new`, file);
      } catch {
        // The training goes on, and its model is kept elsewhere; this window knows how it stands.
      }
    },
  };
}

function read(file: string): TrainRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as Partial<TrainRecord> | null;
    return typeof record?.run?.folder === 'string' ? (record as TrainRecord) : undefined;
  } catch {
    return undefined; // there is none, or it was torn
  }
}
