import type { ImageHash } from '../core/types';
import type { ClassRule, EngineSettings, FileProblem, ImageRef } from '../rpc/engine-protocol';
import { classOf, identify, scanFolder } from '../dataset';
import type { Changes, ClassConflict, ImageIndex } from '../dataset';
import type { LedgerState } from '../dataset/ledger';
import type { Report } from './progress';
import { StageProgress } from './progress';

/** An image of the folder as the work sees it: one content, where it lies, what it is of. */
export interface KnownImage {
  hash: ImageHash;
  /** the first path that holds it */
  path: string;
  paths: readonly string[];
  /** by its folder, or by what a person said since */
  class: string | null;
}

export interface Inventory {
  images: readonly KnownImage[];
  files: number;
  problems: FileProblem[];
  skipped: Record<string, number>;
  conflicts: ClassConflict[];
  changes: Changes;
  hashed: number;
}

/** Scans the folder and says what each image is; reads only files whose stat changed. */
export async function takeInventory(
  folder: string,
  index: ImageIndex,
  settings: EngineSettings,
  state: LedgerState,
  options: { signal?: AbortSignal; report?: Report } = {},
): Promise<Inventory> {
  const { signal, report } = options;
  const { classes, exclude, svg } = settings;
  const scanning = new StageProgress('scan', report);
  const scan = await scanFolder(folder, { classes, exclude, svg, signal, onProgress: n => scanning.update(n, 0) });
  const identifying = new StageProgress('identify', report);
  const found = await identify(scan, index, {
    svg,
    signal,
    onProgress: (done, total) => identifying.update(done, total),
  });
  // The index is a cache: a disk too full to keep it must not stop the work.
  await index.save().catch(() => undefined);
  const { files, problems, conflicts, changes, hashed } = found;
  const images = found.images.map(({ hash, paths, class: byFolder }) => {
    const given = state.classOf(hash);
    return { hash, path: paths[0], paths, class: given ? given.class : byFolder };
  });
  return { images, files, problems, skipped: scan.skipped, conflicts, changes, hashed };
}

/** Where images were when last seen, from the index alone: what the panel needs right after a reload, before any scan. */
export function lastSeen(index: ImageIndex, rule: ClassRule, state: LedgerState): Map<ImageHash, ImageRef> {
  const refs = new Map<ImageHash, ImageRef>();
  for (const [path, { hash }] of index.entries) {
    if (refs.has(hash)) continue;
    const given = state.classOf(hash);
    const name = given ? given.class : classOf(path, rule);
    refs.set(hash, { hash, path, ...(name !== null && { class: name }) });
  }
  return refs;
}
