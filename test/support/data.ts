import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '..', '..');
const archives = path.join(repository, '..', 'shared', 'data');
const unpacked = path.join(repository, '.cache', 'data');

/**
 * The folder of an image set, unpacked on first use; undefined where its archive is not on this machine (tests that need
 * it are then skipped, which the report shows). The folder is shared: copy what you change.
 */
export function dataSet(name: string): string | undefined {
  const archive = path.join(archives, `${name}.tar.gz`);
  const folder = path.join(unpacked, name);
  if (fs.existsSync(folder)) return folder;
  if (!fs.existsSync(archive)) return undefined;
  fs.mkdirSync(unpacked, { recursive: true });
  const temporary = fs.mkdtempSync(path.join(unpacked, 'unpacking-'));
  try {
    execFileSync('tar', ['-xzf', archive, '-C', temporary]);
    try {
      fs.renameSync(path.join(temporary, name), folder);
    } catch (error) {
      // Another test process was quicker.
      if (!fs.existsSync(folder)) throw error;
    }
    return folder;
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
}

/** A new empty folder that every user may enter; remove it with `fs.rmSync`. */
export function temporaryFolder(prefix = 'margin-test-'): string {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), prefix)));
  fs.chmodSync(folder, 0o755);
  return folder;
}

/** Runs `work` with an ordinary person's rights, also where the tests run as root (whom no permission stops). */
export async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return await work();
  process.seteuid!(65534);
  try {
    return await work();
  } finally {
    process.seteuid!(0);
  }
}
