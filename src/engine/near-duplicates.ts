import path from 'node:path';
import type { ImageHash } from '../core/types';
import { VectorStore } from '../dataset';
import { mine } from '../kernel';
import type { Assets } from './assets';
import type { KnownImage } from './inventory';
import type { JobOptions } from './progress';
import type { Workspace } from './workspace';

/**
 * Groups of images that look alike to the model of the lane mined last, for a split not to part them. Only cached vectors
 * are looked at: where there are none for some images, the warning says so.
 */
export async function nearDuplicates(
  workspace: Workspace,
  images: readonly KnownImage[],
  assets: Assets,
  { signal }: JobOptions,
): Promise<{ groups: ImageHash[][]; warning?: string }> {
  const stored = workspace.lanes.latest();
  if (!stored) {
    return {
      groups: [],
      warning:
        'Near duplicates were not looked for, because nothing was mined yet: some may lie in two parts of the split.',
    };
  }
  const { key, dimension, weights } = stored.vectors;
  const store = await VectorStore.open(workspace.cache, key, dimension, signal);
  const ids = images.map(({ hash }) => hash).filter(hash => store.has(hash));
  const { vectors } = await store.matrix(ids, signal);
  const { groups = [] } = await mine(
    { vectors, dimension, ids, labels: new Int32Array(ids.length).fill(-1) },
    {
      lane: 'near-duplicates',
      metric: stored.metric,
      ...(weights && { weights: Float32Array.from(weights) }),
      margin: stored.margin,
      strategy: 'nearest',
      perPair: 1,
      topK: 1,
      guards: {},
      seed: 0,
    },
    { signal, workerPath: path.join(assets.dist, 'kernel-worker.cjs'), wasmDir: path.join(assets.dist, 'wasm') },
  );
  signal?.throwIfAborted();
  const unseen = images.length - ids.length;
  return {
    groups: groups.map(rows => rows.map(row => ids[row])),
    ...(unseen > 0 && {
      warning: `Near duplicates were not looked for among ${unseen} images that have no embedding yet; mine again to include them.`,
    }),
  };
}
