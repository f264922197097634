import fs from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf } from './errors';

/** Longer than any holder works; an older lock was left behind by a crash. */
const STALE_MS = 30_000;
const PATIENCE_MS = 60_000;

/**
 * Runs `work` while no other process that asks for the same lock file runs its own. Meant for short work: a lock that is
 * `STALE_MS` old counts as left behind.
 */
export async function withFileLock<T>(lock: string, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (let wait = 2; ; wait = Math.min(100, wait * 2)) {
    try {
      await (await fs.open(lock, 'wx')).close();
      break;
    } catch (error) {
      // Windows says EPERM while a deleted lock is still open somewhere.
      const held = errnoOf(error) === 'EEXIST' || (process.platform === 'win32' && errnoOf(error) === 'EPERM');
      if (!held || Date.now() > deadline) throw error;
    }
    const age = await fs.stat(lock).then(stat => Date.now() - stat.mtimeMs, () => 0); // prettier-ignore
    if (age > STALE_MS) await fs.rm(lock, { force: true });
    else await sleep(wait);
  }
  try {
    return await work();
  } finally {
    await fs.rm(lock, { force: true });
  }
}
