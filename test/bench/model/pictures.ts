import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type sharpModule from 'sharp';

// The bundle lies elsewhere: sharp is taken from the repository it is run in.
const sharp = createRequire(path.join(process.cwd(), 'package.json'))('sharp') as typeof sharpModule;

/** Every picture file under a folder, in a fixed order, relative to it. */
export function pictureFiles(root: string): string[] {
  const walk = (folder: string): string[] =>
    readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap(entry => {
      const at = path.posix.join(folder, entry.name);
      return entry.isDirectory() || entry.isSymbolicLink()
        ? walk(at)
        : /\.(png|jpe?g|webp)$/i.test(entry.name)
          ? [at]
          : [];
    });
  return walk('').sort();
}

/** Decodes files to `width` x `height` x `channels` bytes, stretched, upright, one after another. */
export async function decode(
  root: string,
  files: readonly string[],
  { width, height, channels }: { width: number; height: number; channels: 1 | 3 },
): Promise<Uint8Array> {
  const bytes = width * height * channels;
  const pixels = new Uint8Array(files.length * bytes);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < files.length) {
      const at = next++;
      const image = sharp(path.join(root, files[at]!)).rotate().resize(width, height, { fit: 'fill' }).removeAlpha();
      const { data, info } = await image
        .toColourspace(channels === 1 ? 'b-w' : 'srgb')
        .raw()
        .toBuffer({ resolveWithObject: true });
      for (let p = 0; p < width * height; p++) {
        for (let c = 0; c < channels; c++) {
          pixels[at * bytes + p * channels + c] = data[p * info.channels + Math.min(c, info.channels - 1)]!;
        }
      }
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  return pixels;
}
