import type { Format } from './formats';
import { hasEnd, readJpegHead } from './jpeg';

/** What a file's own structure says, before any decoder sees it. */
export interface Inspection {
  /** of the stored picture, 0 where the header is not understood (then the decoder finds out) */
  width: number;
  height: number;
  /** why the file cannot hold the whole picture */
  damage?: string;
}

const CUT = 'The file is cut short';
const HOLLOW = 'A part of the file is empty: the picture was never written whole.';
/** Compressed data never goes on in zeros this long; interrupted downloads and full disks leave such tails. */
const ZERO_TAIL = 64;

/**
 * Size, and damage that decoders pass over: libvips takes a JPEG, PNG, GIF or WebP whose tail was never written (zeros, or no
 * end marker) for a good one, and paints the rest grey or black.
 */
export function inspect(format: Format, bytes: Uint8Array): Inspection {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    switch (format) {
      case 'jpeg':
        return inspectJpeg(bytes);
      case 'png':
        return inspectPng(view);
      case 'webp':
        return inspectWebp(bytes, view);
      case 'gif':
        return inspectGif(view);
      default:
        return { width: 0, height: 0 };
    }
  } catch (error) {
    if (error instanceof RangeError) return { width: 0, height: 0, damage: `${CUT}.` };
    throw error;
  }
}

function inspectJpeg(bytes: Uint8Array): Inspection {
  const head = readJpegHead(bytes);
  const { width, height } = head;
  return hasEnd(bytes, head) ? { width, height } : { width, height, damage: `${CUT}: its end marker is missing.` };
}

function inspectPng(view: DataView): Inspection {
  const width = view.getUint32(16);
  const height = view.getUint32(20);
  for (let at = 8; at + 12 <= view.byteLength;) {
    const length = view.getUint32(at);
    if (view.getUint32(at + 4) === 0x49454e44 /* IEND */) return { width, height };
    at += 12 + length;
  }
  return { width, height, damage: `${CUT}: its end marker is missing.` };
}

/** As far as the end of the first frame, which is the one that is shown (GIF89a, sections 18 to 27). */
function inspectGif(view: DataView): Inspection {
  const size = { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  let at = 13 + paletteBytes(view.getUint8(10));
  for (;;) {
    const block = view.getUint8(at);
    if (block === GIF_EXTENSION) at = afterSubBlocks(view, at + 2);
    else if (block === GIF_IMAGE) break;
    else return { ...size, damage: block === GIF_TRAILER ? 'The file holds no picture.' : HOLLOW };
  }
  at = afterSubBlocks(view, at + 11 + paletteBytes(view.getUint8(at + 9)));
  const next = at < view.byteLength ? view.getUint8(at) : GIF_TRAILER;
  return [GIF_EXTENSION, GIF_IMAGE, GIF_TRAILER].includes(next) ? size : { ...size, damage: HOLLOW };
}

const GIF_EXTENSION = 0x21;
const GIF_IMAGE = 0x2c;
const GIF_TRAILER = 0x3b;

function paletteBytes(packed: number): number {
  return packed & 0x80 ? 3 << ((packed & 7) + 1) : 0;
}

function afterSubBlocks(view: DataView, from: number): number {
  let at = from;
  for (let length = view.getUint8(at); length > 0; length = view.getUint8(at)) at += length + 1;
  return at + 1;
}

function inspectWebp(bytes: Uint8Array, view: DataView): Inspection {
  const size: Inspection = { width: 0, height: 0 };
  const end = Math.min(bytes.length, 8 + view.getUint32(4, true));
  if (end < 8 + view.getUint32(4, true)) size.damage = `${CUT}.`;
  for (let at = 12; at + 8 <= end;) {
    const name = String.fromCharCode(...bytes.subarray(at, at + 4));
    const length = view.getUint32(at + 4, true);
    const data = at + 8;
    if (name === 'VP8X') {
      size.width = 1 + (view.getUint32(data + 4, true) & 0xffffff);
      size.height = 1 + (view.getUint32(data + 6, true) >>> 8);
    } else if (name === 'VP8 ' && size.width === 0) {
      size.width = view.getUint16(data + 6, true) & 0x3fff;
      size.height = view.getUint16(data + 8, true) & 0x3fff;
    } else if (name === 'VP8L' && size.width === 0) {
      const bits = view.getUint32(data + 1, true);
      size.width = 1 + (bits & 0x3fff);
      size.height = 1 + ((bits >>> 14) & 0x3fff);
    }
    const picture = name === 'VP8 ' || name === 'VP8L' || name === 'ANMF';
    if (picture && endsInZeros(bytes.subarray(data, Math.min(end, data + length)))) {
      size.damage = HOLLOW;
    }
    if (name !== 'VP8X' && picture) break;
    at = data + length + (length & 1);
  }
  return size;
}

function endsInZeros(bytes: Uint8Array): boolean {
  return bytes.length > ZERO_TAIL && bytes.subarray(bytes.length - ZERO_TAIL).every(byte => byte === 0);
}
