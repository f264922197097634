import type { Embedded } from '../../../src/core/evaluation';

/** Pictures for a floor: RGB bytes, `size` x `size`, one after another. */
export interface Pictures {
  pixels: Uint8Array;
  count: number;
  size: number;
}

/** The pixels themselves at 32 x 32 RGB, compared by L2. */
export function rawPixels({ pixels, size }: Pictures): Embedded {
  return { vectors: Float32Array.from(pixels), dimension: size * size * 3, metric: 'l2' };
}

/** Share of pixels in each of 8 x 8 x 8 cells of RGB, compared by L1. */
export function colourHistogram({ pixels, count, size }: Pictures): Embedded {
  const vectors = new Float32Array(count * 512);
  const each = size * size;
  for (let i = 0; i < count; i++) {
    for (let p = i * each * 3; p < (i + 1) * each * 3; p += 3) {
      const cell = ((pixels[p]! >> 5) << 6) | ((pixels[p + 1]! >> 5) << 3) | (pixels[p + 2]! >> 5);
      vectors[i * 512 + cell]! += 1 / each;
    }
  }
  return { vectors, dimension: 512, metric: 'l1' };
}

/** Difference hash: the picture averaged to 9 x 8 grey, a bit for each pair of neighbours in a row; Hamming distance. */
export function differenceHash({ pixels, count, size }: Pictures): Embedded {
  const vectors = new Float32Array(count * 64);
  for (let i = 0; i < count; i++) {
    const cells = Array.from({ length: 72 }, (_, k) => cellMean(pixels, i, size, k % 9, Math.floor(k / 9)));
    for (let r = 0; r < 8; r++) {
      for (let c = 0; c < 8; c++) vectors[i * 64 + r * 8 + c] = cells[r * 9 + c]! > cells[r * 9 + c + 1]! ? 1 : 0;
    }
  }
  return { vectors, dimension: 64, metric: 'l1' };
}

function cellMean(pixels: Uint8Array, picture: number, size: number, column: number, row: number): number {
  const [x0, x1] = [Math.floor((column * size) / 9), Math.ceil(((column + 1) * size) / 9)];
  const [y0, y1] = [Math.floor((row * size) / 8), Math.ceil(((row + 1) * size) / 8)];
  let sum = 0;
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      const p = ((picture * size + y) * size + x) * 3;
      sum += 0.299 * pixels[p]! + 0.587 * pixels[p + 1]! + 0.114 * pixels[p + 2]!;
    }
  }
  return sum / ((x1 - x0) * (y1 - y0));
}
