import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ImageHash, Relation } from '../../core/types';
import { EngineError, messageOf } from '../errors';
import type { Workspace } from '../workspace';

/** Adds one answer about two files (absolute, or relative to the folder); resolves once it is on disk. */
export async function answerFiles(
  workspace: Workspace,
  { a, b, relation }: { a: string; b: string; relation: Relation },
): Promise<{ id: string }> {
  const [first, second] = await Promise.all([identityOf(workspace.folder, a), identityOf(workspace.folder, b)]);
  if (first.hash === second.hash) {
    throw new EngineError('same-image', `${a} and ${b} are exact copies of one image: there is nothing to answer.`);
  }
  const { ids, saved } = await workspace.ledger.answer({
    a: first.hash,
    b: second.hash,
    relation,
    paths: [first.path, second.path],
    why: { lane: 'script' },
  });
  if (!saved) throw new EngineError('not-saved', workspace.ledger.unsaved?.reason ?? 'The answer could not be saved.');
  return { id: ids[0] };
}

async function identityOf(folder: string, file: string): Promise<{ hash: ImageHash; path: string }> {
  const absolute = path.resolve(folder, file);
  const bytes = await readFile(absolute).catch((error: unknown) => {
    throw new EngineError(
      'unreadable',
      `${file} cannot be read: ${messageOf(error)}`,
      'Give a path inside the folder.',
      { cause: error },
    );
  });
  const relative = path.relative(folder, absolute).split(path.sep).join('/');
  return { hash: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, path: relative };
}
