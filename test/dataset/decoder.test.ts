import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createDecoder, PictureError, pixelKey, type PixelSpec } from '../../src/dataset';
import { loadSharp } from '../../src/dataset/sharp-loader';
import { dataSet, temporaryFolder } from '../support/data';

const nasty = dataSet('nasty-dev');
const native = createDecoder({ choice: 'native' });
const wasm = createDecoder({ choice: 'wasm' });
const square = (size: number, channels: 1 | 3 = 3): PixelSpec => ({ width: size, height: size, channels, fit: 'fill' });

/** A picture made by sharp itself, in any format. */
async function made(
  format: 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif',
  width = 64,
  height = 48,
): Promise<Buffer> {
  const pixels = Buffer.alloc(width * height * 3);
  for (let i = 0; i < pixels.length; i++) pixels[i] = (i * 7 + ((i / 97) | 0) * 13) % 256;
  return await native
    .sharp(pixels, { raw: { width, height, channels: 3 } })
    .toFormat(format)
    .toBuffer();
}

async function failure(run: Promise<unknown>, note?: string): Promise<PictureError> {
  const error: unknown = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error, note).toBeInstanceOf(PictureError);
  return error as PictureError;
}

interface Row {
  file: string;
  expected: string;
}

function manifest(): Row[] {
  const words =
    '(decodes|decodes-or-polite-unsupported|partial-or-rejects|decodes-or-rejects|rejects|rejects-or-bounded|skip-not-image)';
  const lines = fs.readFileSync(path.join(nasty!, 'MANIFEST.csv'), 'utf8').trim().split('\n').slice(1);
  return lines.map(line => ({
    file: line.slice(0, line.indexOf(',')),
    expected: new RegExp(`,${words},`).exec(line)![1]!,
  }));
}

describe.each([
  ['native', native],
  ['wasm', wasm],
])('decoder, %s', (build, decoder) => {
  it('says which build it is', () => {
    expect(decoder.build).toBe(build);
    expect(decoder.info.name).toBe(`sharp-${build}`);
    expect(decoder.info.why.at(-1)).toMatch(/libvips \d/);
    expect('emscripten' in decoder.sharp.versions).toBe(build === 'wasm');
  });

  describe.skipIf(!nasty)('the corpus of odd and broken files', () => {
    it.each(nasty ? manifest() : [])('$file: $expected', async ({ file, expected }) => {
      const started = performance.now();
      const outcome = await decoder.pixels(path.join(nasty!, file), square(32)).catch((error: unknown) => error);
      expect(performance.now() - started).toBeLessThan(10_000);
      if (outcome instanceof PictureError) {
        expect(outcome.message).toMatch(/^[A-Z].*\.$/);
        expect(outcome.message.length).toBeLessThan(200);
        expect(expected).not.toBe('decodes');
      } else {
        expect(outcome).toBeInstanceOf(Uint8Array);
        expect(outcome).toHaveLength(32 * 32 * 3);
        expect(expected).toMatch(/^decodes|^partial|bounded$/);
        if (expected.startsWith('partial')) expect(new Set(outcome as Uint8Array).size).toBeGreaterThan(16);
      }
    });

    it('stays bounded while many large pictures wait', async () => {
      const file = path.join(nasty!, 'valid/large-24mp.jpg');
      const before = process.memoryUsage().rss;
      const all = await Promise.all(Array.from({ length: 8 }, () => decoder.thumbnail(file, 256)));
      expect(all.every(({ width, height }) => width === 256 && height === 171)).toBe(true);
      expect(process.memoryUsage().rss - before).toBeLessThan(600e6);
    });
  });

  describe.skipIf(!nasty)('orientation', () => {
    it('turns every picture of a scene upright', async () => {
      const spec: PixelSpec = { width: 60, height: 45, channels: 3, fit: 'fill' };
      const upright = await decoder.pixels(path.join(nasty!, 'valid/Landscape_1.jpg'), spec);
      for (const n of [3, 6, 8]) {
        const file = path.join(nasty!, `valid/Landscape_${n}.jpg`);
        expect(meanDifference(await decoder.pixels(file, spec), upright)).toBeLessThan(8);
        const { width, height } = await decoder.thumbnail(file, 200);
        expect([width, height]).toEqual([200, 150]);
      }
    });

    it('undoes mirrored ones too, in JPEG and WebP', async () => {
      const upright = await decoder.pixels(path.join(nasty!, 'valid/hopper.jpg'), square(64));
      for (const name of ['orientation_2.jpg', 'orientation_4.jpg', 'orientation_7.jpg', 'orientation_6.webp']) {
        const pixels = await decoder.pixels(path.join(nasty!, `valid/hopper_${name}`), square(64));
        expect(meanDifference(pixels, upright), name).toBeLessThan(6);
      }
    });
  });

  it('never passes a cut file for the whole picture', async () => {
    for (const format of ['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const) {
      const bytes = await made(format);
      const whole = await decoder.pixels(bytes, square(32));
      for (let cut = 1; cut < 12; cut++) {
        const head = bytes.subarray(0, Math.floor((bytes.length * cut) / 12));
        const outcome = await decoder.pixels(head, square(32)).catch((error: unknown) => error);
        if (outcome instanceof PictureError) continue;
        expect(Buffer.from(outcome as Uint8Array).equals(whole), `${format} cut at ${cut}/12`).toBe(true);
      }
      await failure(decoder.pixels(bytes.subarray(0, bytes.length / 2), square(32)));
    }
  });

  it('never passes a file for whole whose rest was never written (zeros)', async () => {
    for (const format of ['jpeg', 'png', 'webp', 'gif', 'avif'] as const) {
      const bytes = await made(format);
      for (const kept of [0.3, 0.6, 0.9]) {
        const hollow = Buffer.from(bytes).fill(0, Math.floor(bytes.length * kept));
        const error = await failure(decoder.pixels(hollow, square(32)), `${format} at ${kept}`);
        expect(error.code).toBe('damaged');
      }
    }
  });

  it('gives grey and colour in the shape asked for, whatever the file holds', async () => {
    const { sharp } = native;
    const red = await sharp({ create: { width: 8, height: 4, channels: 3, background: '#ff0000' } })
      .png()
      .toBuffer();
    const grey = await sharp(red).greyscale().png().toBuffer();
    const clear = await sharp({ create: { width: 8, height: 4, channels: 4, background: '#ff000000' } })
      .png()
      .toBuffer();
    const deep = await sharp(red).toColourspace('rgb16').png().toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    const spec = { width: 2, height: 3, channels: 3, fit: 'fill' } as const;
    expect(await decoder.pixels(red, spec)).toEqual(solid([255, 0, 0], 6));
    expect(await decoder.pixels(deep, spec)).toEqual(solid([255, 0, 0], 6));
    expect(await decoder.pixels(clear, spec)).toEqual(solid([255, 255, 255], 6));
    const value = (await decoder.pixels(red, { ...spec, channels: 1 }))[0]!;
    expect(value).toBeGreaterThan(40);
    expect(await decoder.pixels(red, { ...spec, channels: 1 })).toEqual(solid([value], 6));
    expect(await decoder.pixels(grey, spec)).toEqual(solid([value, value, value], 6));
  });

  it('stretches, crops or pads', async () => {
    const { sharp } = native;
    const half = { create: { width: 10, height: 20, channels: 3, background: '#00f' } } as const;
    const wide = await sharp({ create: { width: 40, height: 20, channels: 3, background: '#000' } })
      .composite([{ input: await sharp(half).png().toBuffer(), left: 0, top: 0 }])
      .png()
      .toBuffer();
    const pixel = async (fit: PixelSpec['fit'], x: number, y: number) => {
      const all = await decoder.pixels(wide, { width: 20, height: 20, channels: 3, fit, kernel: 'nearest' });
      return [...all.subarray((y * 20 + x) * 3, (y * 20 + x) * 3 + 3)];
    };
    expect(await pixel('fill', 2, 10)).toEqual([0, 0, 255]);
    expect(await pixel('cover', 2, 10)).toEqual([0, 0, 0]);
    expect(await pixel('contain', 2, 10)).toEqual([0, 0, 255]);
    expect(await pixel('contain', 10, 1)).toEqual([255, 255, 255]);
  });

  it('makes thumbnails: tiny pictures exact, none larger than the picture', async () => {
    const small = await decoder.thumbnail(await made('jpeg', 40, 20), 256);
    expect(small).toMatchObject({ mime: 'image/png', width: 40, height: 20 });
    const large = await decoder.thumbnail(await made('jpeg', 600, 300), 256);
    expect(large).toMatchObject({ mime: 'image/webp', width: 256, height: 128 });
    const { format, exif } = await native.sharp(large.bytes).metadata();
    expect([format, exif]).toEqual(['webp', undefined]);
  });

  it('opens no SVG unless told to, under any name, and never lets one reach out', async () => {
    const svg = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10" fill="red"/></svg>',
    );
    expect((await failure(decoder.pixels(svg, square(2)))).message).toContain('margin.svg');
    const open = createDecoder({ choice: build as 'native' | 'wasm', svg: true });
    expect(await open.pixels(svg, square(2))).toEqual(solid([255, 0, 0], 4));
    const bomb = Buffer.from(svg.toString().replaceAll('"10"', '"1000000"'));
    expect((await failure(open.pixels(bomb, square(2)))).code).toBe('too-large');
  });

  it('says what is the matter with a file that cannot be read', async () => {
    expect(await failure(decoder.pixels('/nowhere/1.png', square(2)))).toMatchObject({
      code: 'missing',
      lasting: false,
    });
    expect((await failure(decoder.pixels(import.meta.dirname, square(2)))).code).toBe('unsupported');
    const other = failure(decoder.pixels(await made('png'), square(2), { expect: `sha256:${'0'.repeat(64)}` }));
    expect(await other).toMatchObject({ code: 'changed', lasting: false });
  });

  it('shows a thumbnail before a long queue is done', async () => {
    const bytes = await made('jpeg', 800, 600);
    let done = 0;
    const queue = Array.from({ length: 60 }, () => decoder.pixels(bytes, square(64)).then(() => done++));
    await decoder.thumbnail(bytes, 64, { urgent: true });
    expect(done).toBeLessThan(40);
    await Promise.all(queue);
  });

  it.skipIf(process.platform === 'win32')('does not wait for a pipe', async () => {
    const folder = temporaryFolder();
    execFileSync('mkfifo', [path.join(folder, '1.png')]);
    expect((await failure(decoder.pixels(path.join(folder, '1.png'), square(2)))).code).toBe('unsupported');
    fs.rmSync(folder, { recursive: true });
  });

  it('refuses more pixels than allowed from the header alone', async () => {
    const strict = createDecoder({ choice: build as 'native' | 'wasm', maxPixels: 1000 });
    for (const format of ['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const) {
      expect((await failure(strict.pixels(await made(format), square(2)))).code, format).toBe('too-large');
    }
  });

  it('takes a cancelled picture out of the queue', async () => {
    const bytes = await made('jpeg', 800, 600);
    const controller = new AbortController();
    const runs = Array.from({ length: 40 }, () => decoder.pixels(bytes, square(64), { signal: controller.signal }));
    setImmediate(() => controller.abort());
    const outcomes = await Promise.allSettled(runs);
    const cancelled = outcomes.filter(o => o.status === 'rejected' && (o.reason as Error).name === 'AbortError');
    expect(cancelled.length).toBeGreaterThan(20);
    await expect(decoder.pixels(bytes, square(64))).resolves.toHaveLength(64 * 64 * 3);
  });
});

describe('choosing a build', () => {
  it('is native where it is safe, wasm in Electron on Linux', () => {
    expect(loadSharp({ choice: 'auto', electron: false }).build).toBe('native');
    expect(loadSharp({ choice: 'auto', electron: true, platform: 'darwin' }).build).toBe('native');
    const desktop = loadSharp({ choice: 'auto', electron: true, platform: 'linux' });
    expect(desktop.build).toBe('wasm');
    expect(desktop.info.why[0]).toContain('Electron');
  });

  it('does as it is told', () => {
    expect(loadSharp({ choice: 'native', electron: true, platform: 'linux' }).build).toBe('native');
    expect(loadSharp({ choice: 'wasm' }).build).toBe('wasm');
  });

  const photos = dataSet('clothing-dev');
  it.skipIf(!photos)('hardly changes the pixels', async () => {
    const folder = path.join(photos!, 'hat');
    for (const name of fs.readdirSync(folder).slice(0, 10)) {
      const file = path.join(folder, name);
      const a = await native.pixels(file, square(96));
      const b = await wasm.pixels(file, square(96));
      expect(meanDifference(a, b)).toBeLessThan(0.6);
    }
  });
});

describe('pixelKey', () => {
  it('differs in everything that changes pixels and is a plain file name', () => {
    const base: PixelSpec = { width: 28, height: 28, channels: 1, fit: 'fill' };
    const keys = [base, { ...base, width: 29 }, { ...base, height: 29 }, { ...base, channels: 3 as const }].map(
      pixelKey,
    );
    keys.push(pixelKey({ ...base, fit: 'cover' }), pixelKey({ ...base, kernel: 'linear' }));
    expect(new Set(keys).size).toBe(keys.length);
    expect(pixelKey({ ...base, kernel: 'lanczos3' })).toBe(pixelKey(base));
    for (const key of keys) expect(key).toMatch(/^[\w-]+$/);
  });
});

function solid(pixel: number[], count: number): Uint8Array {
  return Uint8Array.from(Array.from({ length: count }, () => pixel).flat());
}

function meanDifference(a: Uint8Array, b: Uint8Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;
}
