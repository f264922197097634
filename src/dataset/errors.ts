/** What can go wrong with a folder or a disk, as opposed to with one picture (that is `PictureError`). */
export type DatasetErrorCode =
  | 'folder-missing'
  | 'folder-vanished'
  | 'not-a-folder'
  | 'folder-unreadable'
  | 'read-only'
  | 'disk-full'
  | 'no-decoder'
  | 'io';

/** `message` says what happened, `hint` what to do. `code` is stable. */
export class DatasetError extends Error {
  override readonly name = 'DatasetError';
  /** what crosses a process boundary beside code and message */
  readonly data: { hint: string };
  constructor(
    readonly code: DatasetErrorCode,
    message: string,
    readonly hint: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.data = { hint };
  }
}

/** The `code` of a Node system error (`ENOENT`, …), or undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : undefined;
}

/** What went wrong when writing `place`, as a `DatasetError`. An error that is one already passes through. */
export function writeError(error: unknown, place: string): DatasetError {
  if (error instanceof DatasetError) return error;
  const cause = { cause: error };
  switch (errnoOf(error)) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new DatasetError(
        'read-only',
        `Margin may not write to ${place}.`,
        'Give yourself write permission for the folder, or copy the images to a place that you own.',
        cause,
      );
    case 'ENOSPC':
    case 'EDQUOT':
      return new DatasetError(
        'disk-full',
        `No space is left to write ${place}.`,
        'Free some space, then run again.',
        cause,
      );
    case 'ENOENT':
    case 'ENOTDIR':
      return new DatasetError(
        'folder-vanished',
        `${place} cannot be written, because its folder is gone.`,
        'Was the folder moved, deleted or unplugged? Open it again from where it is now.',
        cause,
      );
    default:
      return new DatasetError(
        'io',
        `${place} cannot be written: ${textOf(error)}`,
        'Check the disk, then run again.',
        cause,
      );
  }
}

/** Why one file cannot be read, as a sentence for a person. */
export function readReason(error: unknown): string {
  switch (errnoOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'The file is no longer there.';
    case 'EACCES':
    case 'EPERM':
      return 'You have no permission to read this file.';
    case 'ELOOP':
      return 'This link leads back to itself.';
    case 'EISDIR':
      return 'This is a folder, not a file.';
    case 'EMFILE':
    case 'ENFILE':
      return 'Too many files are open at once; run again.';
    case 'EIO':
      return 'The disk reported an error while reading this file.';
    case 'ENAMETOOLONG':
      return 'The path is too long for this system.';
    default:
      return `The file cannot be read: ${textOf(error)}`;
  }
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
