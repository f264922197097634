import { createDecoder, identify, ImageIndex, PixelSource, scanFolder } from '../../../src/dataset';
import { embedPictures } from '../../../src/engine/embedding';
import { batchSize, pictureBytes } from '../../../src/model';
import type { Embedder } from '../../../src/model';

/**
 * Images a second from a folder's files, the first `count` of them, as the engine does it: decoding alone, and decoding
 * beside embedding. The two take turns, so that a busy machine slows both alike; once through before, to warm the disk.
 */
export async function paceFromFiles(
  folder: string,
  embedder: Embedder & { threads: number },
  count: number,
  runs: number,
): Promise<{ decoding: number[]; both: number[] }> {
  const { images } = await identify(await scanFolder(folder), await ImageIndex.open(undefined));
  const some = images.slice(0, count);
  const { width, height, channels, fit } = embedder.input;
  const source = new PixelSource({
    root: folder,
    decoder: createDecoder({ choice: 'auto' }),
    spec: { width, height, channels, fit },
  });
  const once = async (embeds: boolean): Promise<number> => {
    const started = performance.now();
    const { embedded } = await embedPictures(some, {
      decode: (pictures, target, signal) => source.batch(pictures, target, signal),
      embed: (pixels, n) =>
        embeds ? embedder.embed(pixels, n) : Promise.resolve(new Float32Array(n * embedder.dimension)),
      store: () => undefined,
      checkpoint: () => Promise.resolve(),
      pictureBytes: pictureBytes(embedder.input),
      dimension: embedder.dimension,
      chunk: batchSize(embedder.input) * embedder.threads,
    });
    return embedded / ((performance.now() - started) / 1000);
  };
  await once(true);
  const pace = { decoding: [] as number[], both: [] as number[] };
  for (let run = 0; run < runs; run++) {
    pace.decoding.push(await once(false));
    pace.both.push(await once(true));
  }
  return pace;
}
