import type { ThumbnailSize } from './model';

/** Sizes of a row, in pixels; manifest.css lays it out by the same. */
export interface Layout {
  thumb: number;
  rowHeight: number;
  narrow: boolean;
}

const THUMBS: Readonly<Record<ThumbnailSize, number>> = { small: 64, medium: 104, large: 176 };
/** Below this, facts and verdicts stand under the pictures. */
const NARROW = 640;
const CAPTION = 32;
const PADDING = 16;
/** Under narrow pictures: three lines of facts, one of verdicts. */
const BELOW = { pairs: 96, triplets: 124 };
/** Beside wide pictures there must be room for three lines of facts and the verdicts' buttons. */
const BESIDE = { pairs: 84, triplets: 112 };
const GAP = 8;
const SIDE = 24;

export function layoutOf(width: number, size: ThumbnailSize, shape: 'pairs' | 'triplets'): Layout {
  const narrow = width < NARROW;
  const count = shape === 'triplets' ? 3 : 2;
  const room = Math.floor((width - SIDE - (count - 1) * GAP) / count);
  const thumb = narrow ? Math.max(48, Math.min(THUMBS[size], room)) : THUMBS[size];
  const pictures = thumb + CAPTION;
  const rowHeight = PADDING + (narrow ? pictures + BELOW[shape] : Math.max(pictures, BESIDE[shape]));
  return { thumb, rowHeight, narrow };
}

/** A few sizes only: the engine keeps what it made. */
export function pictureSize(thumb: number, pixelRatio: number): number {
  return [128, 256, 512].find(size => size >= thumb * pixelRatio) ?? 512;
}
