import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { identify, ImageIndex, scanFolder } from '../../../src/dataset';

/** The grain of a sensor, so that enlarged photographs compress no better than taken ones; deviation in grey levels. */
const GRAIN = { type: 'gaussian', mean: 128, sigma: 12 } as const;

/**
 * Photographs as large as a camera's, which the data sets here are not: `count` images of `folder`, taken evenly, enlarged
 * to `longSide` pixels with grain over them and written to `target` as JPEG of quality 90.
 * @returns their mean size in bytes
 */
export async function enlarge(folder: string, target: string, longSide: number, count: number): Promise<number> {
  const { images } = await identify(await scanFolder(folder), await ImageIndex.open(undefined));
  await mkdir(target, { recursive: true });
  const written = Math.min(count, images.length);
  let bytes = 0;
  for (let i = 0; i < written; i++) {
    const from = path.join(folder, images[Math.floor((i * images.length) / written)]!.paths[0]!);
    const { data, info } = await sharp(from)
      .rotate()
      .resize(longSide, longSide, { fit: 'inside' })
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    const grain = await sharp({ create: { width, height, channels: 3, background: '#808080', noise: GRAIN } })
      .png({ compressionLevel: 0 })
      .toBuffer();
    const taken = sharp(data)
      .composite([{ input: grain, blend: 'overlay' }])
      .jpeg({ quality: 90 });
    bytes += (await taken.toFile(path.join(target, `${i}.jpg`))).size;
  }
  return bytes / written;
}
