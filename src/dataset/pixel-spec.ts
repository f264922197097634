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
export const PIPELINE_VERSION = 1;
/** What shows through transparent parts: white, as line art and product photos assume. */
export const BACKGROUND = '#ffffff';

/** A file-name-safe key of everything that makes pixels what they are. */
export function pixelKey(spec: PixelSpec): string {
  const { width, height, channels, fit, kernel = 'lanczos3' } = spec;
  return `${width}x${height}x${channels}-${fit}-${kernel}-v${PIPELINE_VERSION}`;
}
