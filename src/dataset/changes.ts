import type { ImageHash } from '../core/types';
import type { IndexEntry } from './image-index';

/** What happened in a folder since it was last looked at. */
export interface Changes {
  added: { path: string; hash: ImageHash }[];
  /** the same content under another path: keeps its vector and its answers */
  renamed: { from: string; to: string; hash: ImageHash }[];
  /** another content under the same path: a new image, the answers about the old one no longer meet it */
  edited: { path: string; before: ImageHash; after: ImageHash }[];
  removed: { path: string; hash: ImageHash }[];
}

/** Compares two states of a folder. A path that went and a path that came with the same content are one rename. */
export function describeChanges(
  before: ReadonlyMap<string, IndexEntry>,
  after: ReadonlyMap<string, IndexEntry>,
): Changes {
  const changes: Changes = { added: [], renamed: [], edited: [], removed: [] };
  const gone = new Map<ImageHash, string[]>();
  for (const [path, entry] of before) {
    if (after.has(path)) continue;
    const paths = gone.get(entry.hash);
    if (paths) paths.push(path);
    else gone.set(entry.hash, [path]);
  }
  for (const [path, { hash }] of after) {
    const old = before.get(path);
    if (old) {
      if (old.hash !== hash) changes.edited.push({ path, before: old.hash, after: hash });
      continue;
    }
    const from = gone.get(hash)?.shift();
    if (from === undefined) changes.added.push({ path, hash });
    else changes.renamed.push({ from, to: path, hash });
  }
  for (const [hash, paths] of gone) for (const path of paths) changes.removed.push({ path, hash });
  return changes;
}
