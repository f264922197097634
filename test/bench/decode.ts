import fs from 'node:fs/promises';
import path from 'node:path';
import { createDecoder, scanFolder, type DecoderBuild, type PixelSpec } from '../../src/dataset';

export interface DecodeThroughput {
  build: DecoderBuild;
  images: number;
  inFlight: number;
  /** images/s through `Decoder.pixels`: reading, sniffing, damage checks, queue and all */
  decoder: number;
  /** images/s of sharp alone on the same files: read, upright, resize, raw */
  sharp: number;
  /** processor milliseconds an image, over all threads: what a busy machine does not blur */
  processor: { decoder: number; sharp: number };
}

/**
 * Decoding throughput of a folder's images at a given input size, against sharp alone in the same run. The two take
 * turns over small blocks, so that a busy machine slows both alike.
 */
export async function benchDecode(
  folder: string,
  options: { choice: DecoderBuild; spec: PixelSpec; count?: number; inFlight?: number },
): Promise<DecodeThroughput> {
  const { choice, spec, count = 400, inFlight = 4 } = options;
  const { files } = await scanFolder(folder);
  const step = Math.max(1, Math.floor(files.length / count));
  const paths = files.filter((_, i) => i % step === 0).slice(0, count).map(file => path.join(folder, file.path)); // prettier-ignore
  const decoder = createDecoder({ choice, inFlight });
  const { width, height, fit, channels } = spec;
  const ways = {
    decoder: (file: string) => decoder.pixels(file, spec),
    sharp: async (file: string) =>
      await decoder
        .sharp(await fs.readFile(file))
        .autoOrient()
        .resize({ width, height, fit })
        .toColourspace(channels === 1 ? 'b-w' : 'srgb')
        .raw()
        .toBuffer(),
  };
  const seconds = { decoder: 0, sharp: 0 };
  const processor = { decoder: 0, sharp: 0 };
  const block = inFlight * 10;
  for (const warm of [true, false]) {
    for (let at = 0; at < (warm ? Math.min(block, paths.length) : paths.length); at += block) {
      for (const way of ['sharp', 'decoder'] as const) {
        const started = performance.now();
        const before = process.cpuUsage();
        await inParallel(paths.slice(at, at + block), inFlight, ways[way]);
        if (warm) continue;
        seconds[way] += (performance.now() - started) / 1000;
        const { user, system } = process.cpuUsage(before);
        processor[way] += (user + system) / 1000 / paths.length;
      }
    }
  }
  const rate = (way: keyof typeof ways) => paths.length / seconds[way];
  return {
    build: decoder.build,
    images: paths.length,
    inFlight,
    decoder: rate('decoder'),
    sharp: rate('sharp'),
    processor,
  };
}

async function inParallel(
  files: readonly string[],
  lanes: number,
  work: (file: string) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < files.length) await work(files[next++]!);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
