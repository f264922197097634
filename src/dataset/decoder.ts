import { createHash } from 'node:crypto';
import os from 'node:os';
import type { ImageHash } from '../core/types';
import { reasonOf, tooLarge } from './decode-reason';
import { textOf } from './errors';
import { isReadable, sniff, SNIFF_BYTES, unreadableReason } from './formats';
import { inspect } from './inspect';
import { readJpegHead, withoutStray } from './jpeg';
import { Limiter } from './limiter';
import { PictureError } from './picture-error';
import { readPicture } from './picture-file';
import { BACKGROUND, PIPELINE_VERSION, type PixelSpec } from './pixel-spec';
import { orAbort, withDeadline } from './race';
import { loadSharp, type DecoderBuild, type DecoderInfo, type LoadOptions, type Sharp } from './sharp-loader';

export interface ReadOptions {
  /** the content that must lie there; another one is an error, so that no vector is kept under a wrong hash */
  expect?: ImageHash;
  signal?: AbortSignal;
  /** goes before all that is not: somebody is looking at it */
  urgent?: boolean;
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
  /** pictures from reading their file to their result */
  readonly #entrance: Limiter;
  readonly #decoding: Limiter;
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
    // A few more than are decoded, so that files are read meanwhile.
    this.#entrance = new Limiter(inFlight + 4, Infinity);
    this.#decoding = new Limiter(inFlight, PIXELS_IN_FLIGHT);
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
    const { signal, urgent } = options;
    signal?.throwIfAborted();
    const job = this.#entrance.run(0, signal, () => this.#readAndDecode(source, options, work), urgent);
    return await orAbort(job, signal);
  }

  async #readAndDecode<T>(source: string | Uint8Array, options: ReadOptions, work: Work<T>): Promise<T> {
    const { signal, expect, urgent } = options;
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
    const decode = async (): Promise<T> => {
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
    };
    return await this.#decoding.run(pixels, signal, decode, urgent);
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
