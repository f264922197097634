import { openRoot, pixelKey, vectorKey, VectorStore } from '../../dataset';
import type { PixelSpec } from '../../dataset';
import type { Embedder } from '../../model';
import { batchSize, pictureBytes } from '../../model';
import type { EngineSettings, FileProblem } from '../../rpc/engine-protocol';
import { embedPictures } from '../embedding';
import type { RunningEmbedder } from '../embedders';
import type { KnownImage } from '../inventory';
import { StageProgress } from '../progress';
import type { Report } from '../progress';
import type { Workspace } from '../workspace';

export interface Vectors {
  store: VectorStore;
  embedded: number;
  fromCache: number;
  problems: FileProblem[];
}

/** How pictures become this network's input. */
export function pixelSpec({ input }: Pick<Embedder, 'input'>): PixelSpec {
  const { width, height, channels, fit } = input;
  return { width, height, channels, fit };
}

/** Names the cached vectors of a model. */
export function vectorsOf(embedder: Embedder): { key: string; dimension: number } {
  return { key: vectorKey(embedder.name, embedder.key, pixelKey(pixelSpec(embedder))), dimension: embedder.dimension };
}

/** Sees to it that every image that can be decoded has its vector: cached ones cost nothing, new ones are embedded. */
export async function fillVectors(
  workspace: Workspace,
  images: readonly KnownImage[],
  embedder: RunningEmbedder,
  settings: EngineSettings,
  options: { signal?: AbortSignal; report?: Report } = {},
): Promise<Vectors> {
  const { signal, report } = options;
  const { key, dimension } = vectorsOf(embedder);
  const store = await VectorStore.open(workspace.cache, key, dimension, signal);
  const missing = images.filter(({ hash }) => !store.has(hash));
  if (missing.length === 0) return { store, embedded: 0, fromCache: images.length, problems: [] };
  const source = await workspace.pixelSource(pixelSpec(embedder), settings);
  const progress = new StageProgress('embed', report);
  const { embedded, problems } = await embedPictures(
    missing,
    {
      decode: (pictures, target, stop) => source.batch(pictures, target, stop),
      embed: (pixels, count, stop) => embedder.embed(pixels, count, { signal: stop }),
      store: (hash, vector) => store.add(hash, vector),
      checkpoint: async () => {
        await store.flush();
        await workspace.saveRejected();
      },
      pictureBytes: pictureBytes(embedder.input),
      dimension: embedder.dimension,
      // One batch a thread: the next one is decoded meanwhile, and progress and cancellation are never far.
      chunk: batchSize(embedder.input) * embedder.threads,
    },
    { signal, onProgress: (done, total) => progress.update(done, total) },
  );
  // Files that cannot be read one and all: is the folder still there?
  if (problems.length > 0) await openRoot(workspace.folder, 'folder-vanished');
  return { store, embedded, fromCache: images.length - missing.length, problems };
}
