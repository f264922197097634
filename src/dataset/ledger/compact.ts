import { copyFile, link, open, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { carryOver, type Marker, markerOf } from './carry-over';
import { withFileLock } from '../file-lock';
import { LedgerError, writeError } from './errors';
import { faultOf } from './events';
import type { Ledger } from './ledger';
import { READ } from './open-flags';
import type { LedgerState } from './state';
import { syncFolder } from './writer';

export interface Compacted {
  /** the ledger as it was, beside the new one */
  backup: string;
  bytesBefore: number;
  bytesAfter: number;
  linesBefore: number;
  linesAfter: number;
}

const CHUNK = 1 << 20;

/**
 * Rewrites the ledger without what says nothing: undone events with their undos, doubled events, torn and foreign lines.
 * What stands, later corrections, history of repeats and unknown kinds are kept, byte for byte. The one act that rewrites
 * the file, so on request only, and the old file stays beside it.
 *
 * Others may answer meanwhile: what reaches the old file until it is replaced is carried over, also after a crash, by
 * whoever opens the ledger next.
 *
 * @throws LedgerError while answers wait unsaved, or where the folder cannot be written
 */
export function compact(ledger: Ledger): Promise<Compacted> {
  return ledger.exclusively(async () => {
    if (ledger.unsaved !== undefined) throw new LedgerError('io', `first save what waits: ${ledger.unsaved.reason}`);
    try {
      return await withFileLock(`${ledger.file}.lock`, () => rewrite(ledger));
    } catch (error) {
      throw writeError(ledger.file, error);
    }
  });
}

async function rewrite(ledger: Ledger): Promise<Compacted> {
  const { file } = ledger;
  await ledger.readOn();
  const old = await open(file, READ);
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const { size } = await old.stat();
    const result = await copyKept(old, size, temporary, ledger.state);
    const backup = `${file}.${new Date().toISOString().replace(/[:.]/g, '-')}.bak`;
    await link(file, backup).catch(() => copyFile(file, backup));
    await writeFile(
      markerOf(file),
      JSON.stringify({ backup: path.basename(backup), copied: result.copied } satisfies Marker),
    );
    await syncFolder(path.dirname(file));
    await rename(temporary, file);
    await syncFolder(path.dirname(file));
    await carryOver(old, result.copied, file);
    await rm(markerOf(file), { force: true });
    await ledger.readOn();
    const { linesBefore, linesAfter, bytesAfter } = result;
    return { backup, bytesBefore: size, bytesAfter, linesBefore, linesAfter };
  } finally {
    await old.close();
    await rm(temporary, { force: true });
  }
}

async function copyKept(old: FileHandle, size: number, temporary: string, state: LedgerState) {
  const out = await open(temporary, 'w', 0o666);
  const counts = { linesBefore: 0, linesAfter: 0, bytesAfter: 0, copied: 0 };
  const seen = new Set<string>();
  try {
    let held = Buffer.alloc(0);
    while (counts.copied + held.length < size) {
      const chunk = Buffer.alloc(Math.min(CHUNK, size - counts.copied - held.length));
      const { bytesRead } = await old.read(chunk, 0, chunk.length, counts.copied + held.length);
      if (bytesRead === 0) break;
      held = Buffer.concat([held, chunk.subarray(0, bytesRead)]);
      const end = held.lastIndexOf(10) + 1;
      const kept: string[] = [];
      for (const line of held.toString('utf8', 0, end).split('\n').slice(0, -1)) {
        counts.linesBefore++;
        if (isKept(line, state, seen)) kept.push(`${line}\n`);
      }
      const text = kept.join('');
      await out.appendFile(text);
      counts.linesAfter += kept.length;
      counts.bytesAfter += Buffer.byteLength(text);
      counts.copied += end;
      held = held.subarray(end);
    }
    await out.sync();
  } finally {
    await out.close();
  }
  return counts;
}

function isKept(line: string, state: LedgerState, seen: Set<string>): boolean {
  let event: Record<string, unknown>;
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed !== 'object' || parsed === null) return false;
    event = parsed as Record<string, unknown>;
  } catch {
    return false;
  }
  const id = event['id'];
  // Not what the state has: another process may have added to the file since it was read.
  if (typeof id !== 'string' || seen.has(id) || faultOf(event) !== undefined) return false;
  seen.add(id);
  if (event['v'] !== 1) return true;
  // An undo goes with what it undoes, and stays where that may still come with a merge.
  if (event['kind'] === 'undo') return !(typeof event['of'] === 'string' && state.has(event['of']));
  return !state.isUndone(id);
}
