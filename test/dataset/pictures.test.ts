import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ImageHash } from '../../src/core/types';
import {
  createDecoder,
  MarginFolder,
  PixelSource,
  PixelStore,
  RejectedImages,
  ThumbnailCache,
  type PlacedImage,
} from '../../src/dataset';
import { temporaryFolder } from '../support/data';

const decoder = createDecoder();
let root: string;
let cache: string;
beforeEach(async () => {
  root = temporaryFolder();
  cache = (await new MarginFolder(root).cache())!;
});
afterEach(() => {
  vi.restoreAllMocks();
  fs.rmSync(root, { recursive: true, force: true });
});

const hashOf = (bytes: Uint8Array): ImageHash => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Noise of a given shade, so that a thumbnail of it takes some space. */
async function put(name: string, shade: number, size = 40): Promise<PlacedImage> {
  const pixels = Buffer.alloc(size * size * 3);
  for (let i = 0, state = shade + 1; i < pixels.length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    pixels[i] = (shade + (state >>> 28)) % 256;
  }
  const bytes = await decoder
    .sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer();
  fs.writeFileSync(path.join(root, name), bytes);
  return { hash: hashOf(bytes), paths: [name] };
}

describe('ThumbnailCache', () => {
  it('makes a thumbnail once, also when asked many times at once', async () => {
    const image = await put('a.png', 10, 400);
    const made = vi.spyOn(decoder, 'thumbnail');
    const thumbnails = new ThumbnailCache(cache, decoder);
    const file = path.join(root, 'a.png');
    const [first] = await Promise.all([1, 2, 3].map(() => thumbnails.get(image.hash, file, 128)));
    expect(first).toMatchObject({ mime: 'image/webp', width: 128, height: 128 });
    const again = await new ThumbnailCache(cache, decoder).get(image.hash, file, 128);
    expect(again).toEqual(first);
    expect(made).toHaveBeenCalledTimes(1);
    expect(await thumbnails.get(image.hash, file, 64)).toMatchObject({ width: 64 });
    expect(made).toHaveBeenCalledTimes(2);
  });

  it('carries its bytes in a buffer of their own', async () => {
    const image = await put('a.png', 10, 400);
    const thumbnails = new ThumbnailCache(cache, decoder);
    for (let i = 0; i < 2; i++) {
      const { bytes } = await thumbnails.get(image.hash, path.join(root, 'a.png'), 128);
      expect(bytes.buffer.byteLength).toBe(bytes.byteLength);
      expect(Buffer.isBuffer(bytes)).toBe(false);
    }
  });

  it('serves what is cached when the file is gone, and makes a damaged one again', async () => {
    const image = await put('a.png', 10, 400);
    const file = path.join(root, 'a.png');
    const first = await new ThumbnailCache(cache, decoder).get(image.hash, file, 128);
    const hex = image.hash.slice(7);
    const kept = path.join(cache, 'thumbnails', hex.slice(0, 2), `${hex}-128.webp`);
    fs.writeFileSync(kept, first.bytes.subarray(0, first.bytes.length / 2));
    expect(await new ThumbnailCache(cache, decoder).get(image.hash, file, 128)).toEqual(first);
    fs.rmSync(file);
    expect(await new ThumbnailCache(cache, decoder).get(image.hash, file, 128)).toEqual(first);
  });

  it('stays within its bytes, and lets the least recently used go', async () => {
    const images = await Promise.all(Array.from({ length: 8 }, (_, i) => put(`${i}.png`, i * 30, 300)));
    const size = (await decoder.thumbnail(path.join(root, '0.png'), 200)).bytes.length;
    const thumbnails = new ThumbnailCache(cache, decoder, { maxBytes: size * 4.5 });
    const get = (i: number) => thumbnails.get(images[i]!.hash, path.join(root, `${i}.png`), 200);
    for (let i = 0; i < 4; i++) await get(i);
    await get(0);
    for (let i = 4; i < 8; i++) {
      await new Promise(resolve => setTimeout(resolve, 5));
      await get(i);
      await get(0);
    }
    const made = vi.spyOn(decoder, 'thumbnail');
    await get(0);
    await get(7);
    expect(made).not.toHaveBeenCalled();
    await get(1);
    expect(made).toHaveBeenCalledOnce();
    const folder = path.join(cache, 'thumbnails');
    const stats = fs.readdirSync(folder, { recursive: true }).map(at => fs.statSync(path.join(folder, String(at))));
    const total = stats.reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
    expect(total).toBeLessThanOrEqual(size * 4.5);
  });

  it('never shows another picture under the hash asked for', async () => {
    const image = await put('a.png', 10);
    await put('a.png', 200);
    const get = new ThumbnailCache(cache, decoder).get(image.hash, path.join(root, 'a.png'), 64);
    await expect(get).rejects.toMatchObject({ code: 'changed' });
  });
});

describe('PixelSource', () => {
  const spec = { width: 8, height: 8, channels: 3, fit: 'fill' } as const;

  it('decodes each picture once, then serves it from the store, also after a restart', async () => {
    const images = await Promise.all([10, 20, 30].map(shade => put(`${shade}.png`, shade)));
    const decode = vi.spyOn(decoder, 'pixels');
    const first = new Uint8Array(3 * 192);
    const store = await PixelStore.open(cache, spec);
    const source = new PixelSource({ root, decoder, spec, store });
    expect(await source.batch(images, first)).toEqual([]);
    expect(decode).toHaveBeenCalledTimes(3);
    await store.flush();
    const second = new Uint8Array(3 * 192);
    const restarted = new PixelSource({ root, decoder, spec, store: await PixelStore.open(cache, spec) });
    expect(await restarted.batch([...images].reverse(), second)).toEqual([]);
    expect(decode).toHaveBeenCalledTimes(3);
    expect(second.subarray(0, 192)).toEqual(first.subarray(2 * 192));
    expect(second.subarray(2 * 192)).toEqual(first.subarray(0, 192));
  });

  it('names what gives no picture, fills the rest, and does not try damaged contents twice', async () => {
    const good = await put('good.png', 10);
    const whole = fs.readFileSync(path.join(root, 'good.png'));
    const cut = whole.subarray(0, whole.length / 2);
    fs.writeFileSync(path.join(root, 'cut.png'), cut);
    const images = [
      { hash: hashOf(cut), paths: ['cut.png'] },
      good,
      { hash: hashOf(Buffer.from('x')), paths: ['gone.png'] },
    ];
    const rejected = await RejectedImages.open(cache, decoder.version);
    const target = new Uint8Array(3 * 192);
    const missing = await new PixelSource({ root, decoder, spec, rejected }).batch(images, target);
    expect(missing.map(({ at, path }) => [at, path])).toEqual([
      [0, 'cut.png'],
      [2, 'gone.png'],
    ]);
    expect(target.subarray(192, 384)).toEqual(await decoder.pixels(whole, spec));
    await rejected.save();

    const decode = vi.spyOn(decoder, 'pixels');
    const known = await RejectedImages.open(cache, decoder.version);
    const again = await new PixelSource({ root, decoder, spec, rejected: known }).batch(images, target);
    expect(again).toEqual(missing);
    expect(decode).toHaveBeenCalledTimes(2);
    expect((await RejectedImages.open(cache, 'another version')).errorOf(images[0]!.hash)).toBeUndefined();
  });

  it('takes an exact copy where the first file is gone or was edited', async () => {
    const image = await put('a.png', 10);
    fs.copyFileSync(path.join(root, 'a.png'), path.join(root, 'copy.png'));
    await put('a.png', 99);
    const source = new PixelSource({ root, decoder, spec });
    const pixels = await source.decode({ hash: image.hash, paths: ['gone.png', 'a.png', 'copy.png'] });
    expect(pixels).toEqual(await decoder.pixels(path.join(root, 'copy.png'), spec));
    await expect(source.decode(image)).rejects.toMatchObject({ code: 'changed' });
  });

  it('stops when cancelled', async () => {
    const image = await put('a.png', 10);
    const source = new PixelSource({ root, decoder, spec });
    await expect(source.batch([image], new Uint8Array(192), AbortSignal.abort())).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
