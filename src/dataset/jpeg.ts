/** What the markers of a JPEG file say, up to its first scan. */
export interface JpegHead {
  width: number;
  height: number;
  /** where the entropy-coded data of the first scan begins; undefined when the file ends before */
  scanStart: number | undefined;
  /** bytes between segments that belong to none: [from, to) */
  stray: [number, number][];
}

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;

/** Walks the segments of a JPEG (ITU-T T.81, B.1.1) up to the first scan. */
export function readJpegHead(bytes: Uint8Array): JpegHead {
  const head: JpegHead = { width: 0, height: 0, scanStart: undefined, stray: [] };
  let at = 2;
  while (at + 4 <= bytes.length) {
    const marker = findMarker(bytes, at);
    if (marker === -1) break;
    if (marker > at) head.stray.push([at, marker]);
    const code = bytes[marker + 1]!;
    const length = (bytes[marker + 2]! << 8) | bytes[marker + 3]!;
    const isFrame = code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc;
    if (isFrame && marker + 9 <= bytes.length) {
      head.height = (bytes[marker + 5]! << 8) | bytes[marker + 6]!;
      head.width = (bytes[marker + 7]! << 8) | bytes[marker + 8]!;
    }
    if (code === END_OF_IMAGE) break;
    at = marker + 2 + length;
    if (code === START_OF_SCAN) {
      if (at <= bytes.length) head.scanStart = at;
      break;
    }
  }
  return head;
}

/** The next 0xFF that a marker code follows; any number of fill bytes 0xFF may stand before it (B.1.1.2). */
function findMarker(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at + 1 < bytes.length) {
    if (bytes[at] !== 0xff) at++;
    else if (bytes[at + 1] === 0xff) at++;
    else if (bytes[at + 1] === 0 || isStandalone(bytes[at + 1]!)) at += 2;
    else return at;
  }
  return -1;
}

/** Markers without a length: TEM, RST0-7, SOI. */
function isStandalone(code: number): boolean {
  return code === 0x01 || (code >= 0xd0 && code <= 0xd8);
}

/** Whether the end-of-image marker follows the first scan; a cut or zero-filled file has lost it. */
export function hasEnd(bytes: Uint8Array, head: JpegHead): boolean {
  if (head.scanStart === undefined) return false;
  for (let at = bytes.length - 2; at >= head.scanStart; at--) {
    if (bytes[at] === 0xff && bytes[at + 1] === END_OF_IMAGE) return true;
  }
  return false;
}

/** The same picture without the stray bytes between its segments. */
export function withoutStray(bytes: Uint8Array, head: JpegHead): Uint8Array {
  const parts: Uint8Array[] = [];
  let kept = 0;
  for (const [from, to] of head.stray) {
    parts.push(bytes.subarray(kept, from));
    kept = to;
  }
  parts.push(bytes.subarray(kept));
  return Buffer.concat(parts);
}
