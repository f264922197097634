/** Why the ledger could not be written or read; `message` is for a person and says what to do. */
export type LedgerErrorCode = 'read-only' | 'disk-full' | 'locked' | 'unreadable' | 'closed' | 'invalid' | 'io';

export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  constructor(
    readonly code: LedgerErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

function systemCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/** A failed write as a typed error. Windows answers EPERM or EACCES where another program holds the file. */
export function writeError(file: string, error: unknown, platform: NodeJS.Platform = process.platform): LedgerError {
  if (error instanceof LedgerError) return error;
  const code = systemCode(error);
  const cause = { cause: error };
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new LedgerError('disk-full', `no space left to write ${file}; free some`, cause);
    case 'EBUSY':
    case 'EAGAIN':
    case 'ETXTBSY':
    case 'EDEADLK':
      return lockedError(file, error);
    case 'EPERM':
    case 'EACCES':
      if (platform === 'win32') {
        const message = `${file} is locked by another program or write-protected`;
        return new LedgerError('locked', message, cause);
      }
      return new LedgerError('read-only', `no permission to write ${file}; allow it`, cause);
    case 'ENOENT':
      return new LedgerError('io', `the folder of ${file} is gone; bring it back`, cause);
    case 'EROFS':
      return new LedgerError('read-only', `${file} lies on a read-only disk`, cause);
    default: {
      const reason = error instanceof Error ? error.message : String(error);
      return new LedgerError('io', `${file} could not be written (${reason})`, cause);
    }
  }
}

function lockedError(file: string, cause: unknown): LedgerError {
  return new LedgerError('locked', `another program holds ${file}; close it`, { cause });
}

/** A failed read as a typed error. */
export function readError(file: string, error: unknown): LedgerError {
  if (error instanceof LedgerError) return error;
  if (hasCode(error, 'EAGAIN')) return lockedError(file, error);
  const reason = error instanceof Error ? error.message : String(error);
  return new LedgerError('unreadable', `${file} could not be read (${reason})`, { cause: error });
}

/** Whether this is a system error of that code, `ENOENT` and the like. */
export function hasCode(error: unknown, code: string): boolean {
  return systemCode(error) === code;
}

/** Whether a system error says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR');
}
