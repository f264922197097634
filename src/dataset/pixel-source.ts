import path from 'node:path';
import type { ImageHash } from '../core/types';
import type { Decoder } from './decoder';
import type { PixelSpec } from './pixel-spec';
import { PictureError } from './picture-error';
import type { PixelStore } from './pixel-store';
import type { RejectedImages } from './rejected';
import type { FileProblem } from './scan';

/** An image and the places where its content was last seen, inside the root. */
export interface PlacedImage {
  hash: ImageHash;
  paths: readonly string[];
}

export interface PixelSourceOptions {
  /** the folder, absolute */
  root: string;
  decoder: Decoder;
  spec: PixelSpec;
  /** decoded pictures are kept here, and taken from here */
  store?: PixelStore;
  /** contents known to give no picture are not tried again */
  rejected?: RejectedImages;
}

export interface MissingPicture extends FileProblem {
  /** its place in the batch */
  at: number;
}

/** The pixels of images, from wherever they cost least: the pixel store, or any of the files that hold the content. */
export class PixelSource {
  /** bytes of one picture */
  readonly pictureBytes: number;

  constructor(readonly options: PixelSourceOptions) {
    const { width, height, channels } = options.spec;
    this.pictureBytes = width * height * channels;
  }

  /**
   * Decodes one image (HWC), without looking into the store. Where a file is gone or was edited since the scan, an exact
   * copy of it does as well.
   * @throws PictureError; the signal's reason when it aborts
   */
  async decode(image: PlacedImage, signal?: AbortSignal): Promise<Uint8Array> {
    const { root, decoder, spec, rejected } = this.options;
    let failure = rejected?.errorOf(image.hash);
    if (failure) throw failure;
    for (const place of image.paths) {
      try {
        return await decoder.pixels(path.join(root, place), spec, { expect: image.hash, signal });
      } catch (error) {
        if (!(error instanceof PictureError)) throw error;
        failure ??= error;
        if (error.lasting) {
          rejected?.add(image.hash, error);
          throw error;
        }
      }
    }
    throw failure ?? new PictureError('missing', 'The image lies nowhere in the folder any more.');
  }

  /**
   * Fills `target` with the pictures of a batch, one after the other, and resolves to those that give none (their bytes
   * in `target` are left as they were). What had to be decoded goes into the store.
   */
  async batch(images: readonly PlacedImage[], target: Uint8Array, signal?: AbortSignal): Promise<MissingPicture[]> {
    const { store } = this.options;
    const hashes = images.map(image => image.hash);
    const absent = store ? await store.read(hashes, target, signal) : images.map((_, at) => at);
    const missing: MissingPicture[] = [];
    await Promise.all(
      absent.map(async at => {
        const image = images[at]!;
        try {
          const pixels = await this.decode(image, signal);
          target.set(pixels, at * this.pictureBytes);
          store?.add(image.hash, pixels);
        } catch (error) {
          if (!(error instanceof PictureError)) throw error;
          missing.push({ at, path: image.paths[0] ?? '', reason: error.message });
        }
      }),
    );
    await store?.checkpoint();
    return missing.sort((a, b) => a.at - b.at);
  }
}
