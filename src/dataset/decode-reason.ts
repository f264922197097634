import { textOf } from './errors';
import type { Format } from './formats';
import { PictureError } from './picture-error';

/** For a picture over the limit; width and height 0 where they are not known. */
export function tooLarge(width: number, height: number, max: number): PictureError {
  const size = width > 0 ? `The picture says it is ${width} x ${height} pixels` : 'The picture is too large';
  return new PictureError('too-large', `${size}; at most ${Math.round(max / 1e6)} megapixels are read.`);
}

/** libvips' words, as a sentence that tells a person what is the matter with the file. */
export function reasonOf(error: unknown, format: Format, maxPixels: number): PictureError {
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
