import fs from 'node:fs';
import { DatasetError, errnoOf, readReason } from './errors';

/**
 * The real path of an image folder.
 * @param missing what it means when it is not there
 * @throws DatasetError `folder-missing` or `folder-vanished`, `not-a-folder`, `folder-unreadable`
 */
export async function openRoot(
  root: string,
  missing: 'folder-missing' | 'folder-vanished' = 'folder-missing',
): Promise<string> {
  try {
    const real = await fs.promises.realpath(root);
    const stat = await fs.promises.stat(real);
    if (stat.isDirectory()) return real;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') throw unreadableRoot(root, error);
    const message =
      missing === 'folder-vanished'
        ? `The folder ${root} vanished while Margin was reading it.`
        : `There is no folder ${root}.`;
    const hint = 'Was it moved, deleted or unplugged? Open it again from where it is now.';
    throw new DatasetError(missing, message, hint, { cause: error });
  }
  throw new DatasetError('not-a-folder', `${root} is not a folder.`, 'Open the folder that holds the images.');
}

export function unreadableRoot(root: string, error: unknown): DatasetError {
  const hint = 'Give yourself read permission for it, or open another folder.';
  return new DatasetError('folder-unreadable', `${root}: ${folderReason(error, '')}`, hint, { cause: error });
}

/** Why a folder inside the root cannot be listed. */
export function folderReason(error: unknown, at: string): string {
  const code = errnoOf(error);
  if (code === 'EACCES' || code === 'EPERM') return 'You have no permission to read this folder.';
  if (code === 'ENOENT') return nameReason(at, error) ?? 'The folder is no longer there.';
  return `The folder cannot be read: ${readReason(error)}`;
}

/** Bytes that are no UTF-8 come out of the file system's listing as U+FFFD, and no such file can be opened. */
export function nameReason(at: string, error: unknown): string | undefined {
  return errnoOf(error) === 'ENOENT' && at.includes('\uFFFD') ? 'The name is not valid Unicode; rename it.' : undefined;
}
