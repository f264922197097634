import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import fs from 'node:fs/promises';
import os from 'node:os';
import type { ImageHash } from '../core/types';
import { errnoOf, readReason, textOf } from './errors';
import { isReadable, sniff, SNIFF_BYTES, unreadableReason, type Format } from './formats';
import { inspect } from './inspect';
import { readJpegHead, withoutStray } from './jpeg';
import { Limiter } from './limiter';
import { PictureError } from './picture-error';
import { loadSharp, type DecoderBuild, type DecoderInfo, type LoadOptions, type Sharp } from './sharp-loader';

/** How a picture becomes numbers: everything that changes them, and nothing else. */
export interface PixelSpec {
  /** pixels */
  width: number;
  height: number;
  /** 3: sRGB; 1: grey */
  channels: 1 | 3;
  /** `fill` stretches, `cover` crops what is over at the edges, `contain` pads with the background */
  fit: 'fill' | 'cover' | 'contain';
  /** the resampling filter; `lanczos3` where left out */
  kernel?: 'nearest' | 'linear' | 'cubic' | 'lanczos3';
}

/** Grows when the same file would give other pixels than before, so that caches of older versions are not used. */
const PIPELINE_VERSION = 1;
/** What shows through transparent parts: white, as line art and product photos assume. */
export const BACKGROUND = '#ffffff';

/** A file-name-safe key of everything that makes pixels what they are. */
export function pixelKey(spec: PixelSpec): string {
  const { width, height, channels, fit, kernel = 'lanczos3' } = spec;
  return `${width}x${height}x${channels}-${fit}-${kernel}-v${PIPELINE_VERSION}`;
}

export interface ReadOptions {
  /** the content that must lie there; another one is an error, so that no vector is kept under a wrong hash */
  expect?: ImageHash;
  signal?: AbortSignal;
}

export interface Picture {
  bytes: Uint8Array;
  mime: string;
  width: number;
  height: number;
}

export interface DecoderOptions extends Partial<LoadOptions> {
  svg?: boolean;
  /** pictures decoded at the same time */
  inFlight?: number;
  /** of one picture, in pixels; larger ones are refused from their header */
  maxPixels?: number;
  /** of one picture, in seconds */
  timeout?: number;
}

/** The largest phone pictures have 200 megapixels. */
const MAX_PIXELS = 2 ** 28;
/** WebAssembly has 4 GB at most, and the whole decoder is lost when it runs out. */
const MAX_PIXELS_WASM = 2 ** 27;
/** Pixels being decoded at the same time, over all pictures: 6 bytes each at the worst (16 bit RGB kept whole). */
const PIXELS_IN_FLIGHT = 80e6;
const MAX_FILE_BYTES = 2 ** 29;
const TIMEOUT_SECONDS = 30;

export function createDecoder(options: DecoderOptions = {}): Decoder {
  const { choice = 'auto', electron, platform } = options;
  const { sharp, build, info } = loadSharp({ choice, electron, platform });
  return new Decoder(sharp, build, info, options);
}

/**
 * Turns files into pixels and thumbnails with sharp: by content, upright (EXIF orientation), first frame or page,
 * 8-bit sRGB, transparency over `BACKGROUND`. Whatever libvips so much as warns of is refused: a damaged picture never
 * passes for a good one. A bounded number of pictures, and of pixels, is worked on at the same time.
 */
export class Decoder {
  /** changes whenever the same bytes may give other pixels, or an error instead of pixels */
  readonly version: string;
  readonly #limiter: Limiter;
  readonly #maxPixels: number;
  readonly #timeout: number;
  readonly #svg: boolean;

  constructor(
    readonly sharp: Sharp,
    readonly build: DecoderBuild,
    readonly info: DecoderInfo,
    options: DecoderOptions,
  ) {
    this.version = `${PIPELINE_VERSION} ${build} ${sharp.versions.vips}${options.svg ? ' svg' : ''}`;
    const inFlight = options.inFlight ?? Math.min(8, Math.max(4, os.availableParallelism()));
    this.#limiter = new Limiter(inFlight, PIXELS_IN_FLIGHT);
    this.#maxPixels = options.maxPixels ?? (build === 'wasm' ? MAX_PIXELS_WASM : MAX_PIXELS);
    this.#timeout = options.timeout ?? TIMEOUT_SECONDS;
    this.#svg = options.svg ?? false;
  }

  /**
   * A picture as `height * width * channels` bytes: row after row, channels innermost (HWC).
   * @param source absolute path of the file, or its bytes
   * @throws PictureError; the signal's reason when it aborts
   */
  async pixels(source: string | Uint8Array, spec: PixelSpec, options: ReadOptions = {}): Promise<Uint8Array> {
    const { width, height, channels, fit, kernel = 'lanczos3' } = spec;
    return await this.#decode(source, options, async (image, timeout) => {
      const { data, info } = await image
        .resize({ width, height, fit, kernel, background: BACKGROUND })
        .toColourspace(channels === 1 ? 'b-w' : 'srgb')
        .raw({ depth: 'uchar' })
        .timeout({ seconds: timeout })
        .toBuffer({ resolveWithObject: true });
      return withChannels(data, info.channels, channels, width * height);
    });
  }

  /**
   * A small version for the screen, upright, within `size` x `size`, never larger than the picture itself. WebP; tiny
   * pictures come as PNG, so that they can be enlarged without artefacts.
   * @throws PictureError; the signal's reason when it aborts
   */
  async thumbnail(source: string | Uint8Array, size: number, options: ReadOptions = {}): Promise<Picture> {
    return await this.#decode(source, options, async (image, timeout, pixels) => {
      const small = image
        .resize({ width: size, height: size, fit: 'inside', withoutEnlargement: true })
        .toColourspace('srgb')
        .timeout({ seconds: timeout });
      const tiny = pixels > 0 && pixels <= TINY_PIXELS;
      const encoded = tiny ? small.png({ compressionLevel: 6 }) : small.webp({ quality: 82, effort: 0 });
      const { data, info } = await encoded.toBuffer({ resolveWithObject: true });
      return { bytes: plain(data), mime: tiny ? 'image/png' : 'image/webp', width: info.width, height: info.height };
    });
  }

  async #decode<T>(source: string | Uint8Array, options: ReadOptions, work: Work<T>): Promise<T> {
    const { signal, expect } = options;
    signal?.throwIfAborted();
    const bytes = typeof source === 'string' ? await readPicture(source, signal) : source;
    if (expect !== undefined && hashOf(bytes) !== expect) {
      throw new PictureError('changed', 'The file changed while Margin was reading it; run again.');
    }
    const format = sniff(bytes.subarray(0, SNIFF_BYTES));
    if (!isReadable(format, this.#svg)) throw new PictureError('unsupported', unreadableReason(format, this.#svg)!);
    const { width, height, damage } = inspect(format, bytes);
    if (damage !== undefined) throw new PictureError('damaged', damage);
    const pixels = width * height;
    if (pixels > this.#maxPixels) throw tooLarge(width, height, this.#maxPixels);
    const job = this.#limiter.run(pixels, signal, async () => {
      try {
        return await this.#attempt(bytes, pixels, work);
      } catch (error) {
        const mended = format === 'jpeg' && STRAY_BYTES.test(textOf(error)) && mendJpeg(bytes);
        if (!mended) throw reasonOf(error, format, this.#maxPixels);
        // The bytes between the segments gone, every other warning still counts.
        return await this.#attempt(mended, pixels, work).catch((second: unknown) => {
          throw reasonOf(second, format, this.#maxPixels);
        });
      }
    });
    return await orAbort(job, signal);
  }

  async #attempt<T>(bytes: Uint8Array, pixels: number, work: Work<T>): Promise<T> {
    const image = this.sharp(bytes, { failOn: 'warning', limitInputPixels: this.#maxPixels, page: 0, pages: 1 });
    const job = work(image.autoOrient().flatten({ background: BACKGROUND }), this.#timeout, pixels);
    return await withDeadline(job, (this.#timeout + 5) * 1000);
  }
}

type Work<T> = (image: ReturnType<Sharp>, timeout: number, pixels: number) => Promise<T>;

/** Pictures of this many pixels or fewer are kept exact. */
const TINY_PIXELS = 160 * 160;
const STRAY_BYTES = /extraneous bytes before marker/;

function mendJpeg(bytes: Uint8Array): Uint8Array | undefined {
  const head = readJpegHead(bytes);
  return head.stray.length > 0 ? withoutStray(bytes, head) : undefined;
}

async function readPicture(file: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  try {
    const handle = await fs.open(file, 'r');
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw new PictureError('unsupported', 'This is not a file.');
      if (stat.size > MAX_FILE_BYTES)
        throw new PictureError('too-large', `The file is larger than ${MAX_FILE_BYTES >> 20} MB.`);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof PictureError) throw error;
    signal?.throwIfAborted();
    throw new PictureError(errnoOf(error) === 'ENOENT' ? 'missing' : 'unreadable', readReason(error), { cause: error });
  }
}

function hashOf(bytes: Uint8Array): ImageHash {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The bytes in a buffer of their own: what a message to another process carries is the whole buffer under a view. */
export function plain(bytes: Uint8Array): Uint8Array {
  const whole = bytes.byteLength === bytes.buffer.byteLength;
  return whole ? new Uint8Array(bytes.buffer) : new Uint8Array(bytes);
}

/** Grey to three channels, or the first one or three of four. */
function withChannels(data: Uint8Array, from: number, to: 1 | 3, pixels: number): Uint8Array {
  if (from === to) return plain(data);
  const out = new Uint8Array(pixels * to);
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < to; c++) out[i * to + c] = data[i * from + (from >= to ? c : 0)]!;
  }
  return out;
}

/** Rejects as soon as `signal` aborts; libvips cannot be stopped, its result is dropped when it comes. */
async function orAbort<T>(job: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await job;
  // One listener for each picture under way is no leak.
  setMaxListeners(0, signal);
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([job, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function withDeadline<T>(job: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('timeout')), ms);
  });
  try {
    return await Promise.race([job, late]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLarge(width: number, height: number, max: number): PictureError {
  const size = width > 0 ? `The picture says it is ${width} x ${height} pixels` : 'The picture is too large';
  return new PictureError('too-large', `${size}; at most ${Math.round(max / 1e6)} megapixels are read.`);
}

/** libvips' words, as a sentence that tells a person what is the matter with the file. */
function reasonOf(error: unknown, format: Format, maxPixels: number): PictureError {
  if (error instanceof PictureError) return error;
  const text = textOf(error);
  const detail = text
    .split('\n')[0]!
    .replace(/^(?:source|[\w/\\.-]+): (?=\S)/, '')
    .trim();
  const cause = { cause: error };
  const name = format.toUpperCase();
  if (/exceeds pixel limit/i.test(text)) return tooLarge(0, 0, maxPixels);
  if (/timeout/i.test(text))
    return new PictureError('too-slow', 'Decoding takes too long; the file is left out.', cause);
  if (/out of memory|memory access|unable to (?:m|re)?alloc/i.test(text)) {
    return new PictureError('no-memory', 'There is not enough memory to decode this picture.', cause);
  }
  if (/premature end|read error|bad seek|unexpected end|unable to parse|truncated|not enough data/i.test(text)) {
    return new PictureError('damaged', `The ${name} file is damaged or cut short (${detail}).`, cause);
  }
  if (/unsupported image format/i.test(text)) {
    return new PictureError('unsupported', `This kind of ${name} cannot be read.`, cause);
  }
  return new PictureError('damaged', `The ${name} file is damaged (${detail}).`, cause);
}
