import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Holds a lease on a file until its input ends: nobody else may write it meanwhile, or (F_WRLCK) open it at all. */
const HOLDER = `
import fcntl, os, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
file = os.open(sys.argv[1], os.O_RDONLY)
fcntl.fcntl(file, fcntl.F_SETLEASE, getattr(fcntl, sys.argv[2]))
print("held", flush=True)
sys.stdin.read()
`;

/** Whether another program can lock a file here for real: Linux, Python, and a disk that knows leases. */
export function canLock(): boolean {
  const folder = mkdtempSync(path.join(tmpdir(), 'margin-lock-'));
  try {
    const file = path.join(folder, 'file');
    writeFileSync(file, '');
    const { status, stdout } = spawnSync('python3', ['-c', HOLDER, file, 'F_RDLCK'], { input: '', encoding: 'utf8' });
    return status === 0 && stdout.includes('held');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Another process that locks a file, once it does: against writing, or against reading too. Linux breaks such a lock 45
 * seconds after somebody wanted to.
 */
export async function lockFile(
  file: string,
  against: 'writing' | 'reading' = 'writing',
): Promise<{ release(): Promise<void> }> {
  const kind = against === 'reading' ? 'F_WRLCK' : 'F_RDLCK';
  const holder: ChildProcess = spawn('python3', ['-c', HOLDER, file, kind], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>(resolve => holder.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    holder.stdout!.once('data', () => resolve());
    void ended.then(() => reject(new Error('the file could not be locked')));
  });
  return {
    release: () => {
      holder.stdin!.end();
      return ended;
    },
  };
}
