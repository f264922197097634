import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ImageHash, Relation } from '../../core/types';
import { EngineError, messageOf } from '../errors';
import { settledBy } from '../disagreements';
import type { Workspace } from '../workspace';

/** Adds one answer about two files (absolute, or relative to the folder); resolves once it is on disk. */
export async function answerFiles(
  workspace: Workspace,
  { a, b, relation, settle = false }: { a: string; b: string; relation: Relation; settle?: boolean },
): Promise<{ id: string }> {
  const [first, second] = await Promise.all([identityOf(workspace, a), identityOf(workspace, b)]);
  if (first.hash === second.hash) {
    throw new EngineError('same-image', `${a} and ${b} are exact copies of one image: there is nothing to answer.`);
  }
  const { ledger } = workspace;
  const settles = settle ? settledBy(ledger.state, first.hash, second.hash, ledger.by) : [];
  const { ids, saved } = await ledger.answer({
    a: first.hash,
    b: second.hash,
    relation,
    paths: [first.path, second.path],
    why: { lane: 'script' },
    ...(settles.length > 0 && { settles }),
  });
  if (!saved)
    throw new EngineError(
      'not-saved',
      `The answer was not saved: ${workspace.ledger.unsaved?.reason ?? 'the ledger cannot be written'}`,
    );
  return { id: ids[0] };
}

async function identityOf(workspace: Workspace, file: string): Promise<{ hash: ImageHash; path: string }> {
  const { folder, settings } = workspace;
  const absolute = path.resolve(folder, file);
  const inside = path.relative(folder, absolute);
  if (inside.startsWith('..') || path.isAbsolute(inside)) {
    throw new EngineError('outside', `${file} does not lie in ${folder}.`, 'Give a path inside the folder.');
  }
  const bytes = await readFile(absolute).catch((error: unknown) => {
    throw new EngineError(
      'unreadable',
      `${file} cannot be read: ${messageOf(error)}`,
      'Give a path inside the folder.',
      { cause: error },
    );
  });
  await workspace
    .decoder(settings)
    .thumbnail(absolute, 16)
    .catch((error: unknown) => {
      throw new EngineError('no-image', `${file} is no image: ${messageOf(error)}`, undefined, { cause: error });
    });
  const relative = inside.split(path.sep).join('/');
  return { hash: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, path: relative };
}
