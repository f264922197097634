import { open, readFile, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { appendLines } from './writer';

/** Left while a compaction replaces the ledger, for whoever finds it interrupted. */
export interface Marker {
  /** name of the old file, beside the new one */
  backup: string;
  /** bytes of the old file that the new one accounts for */
  copied: number;
}

export const markerOf = (file: string) => `${file}.compacting`;

/** Carries over what a compaction that was cut short left behind in the old file. Never throws: the next opening tries again. */
export async function finishCompaction(file: string): Promise<void> {
  try {
    const { backup, copied } = JSON.parse(await readFile(markerOf(file), 'utf8')) as Marker;
    const old = await open(path.join(path.dirname(file), path.basename(backup)), 'r');
    try {
      await carryOver(old, copied, file);
    } finally {
      await old.close();
    }
    await rm(markerOf(file), { force: true });
  } catch (error) {
    if (error instanceof SyntaxError) await rm(markerOf(file), { force: true }).catch(() => undefined);
  }
}

/** Appends the whole lines of the old file from an offset on; those that are there already count once. */
export async function carryOver(old: FileHandle, from: number, file: string): Promise<void> {
  const { size } = await old.stat();
  if (size <= from) return;
  const rest = Buffer.alloc(size - from);
  await old.read(rest, 0, rest.length, from);
  const lines = rest
    .toString('utf8')
    .split('\n')
    .filter(line => line.trim() !== '');
  if (lines.length > 0) await appendLines(file, lines);
}
