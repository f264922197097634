/** What a file holds, told from its first bytes, never from its name. */
export type Format =
  | 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif' | 'svg'
  | 'heic' | 'bmp' | 'ico' | 'jp2' | 'jxl' | 'psd' | 'pnm'
  | 'empty' | 'lfs-pointer' | 'html' | 'text' | 'unknown'; // prettier-ignore

/** How much of a file's head `sniff` wants. */
export const SNIFF_BYTES = 1024;

const READABLE: ReadonlySet<Format> = new Set<Format>(['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif']);

/** Whether pictures of this format can be decoded. */
export function isReadable(format: Format, svg = false): boolean {
  return READABLE.has(format) || (svg && format === 'svg');
}

/** Extensions, lower case without the dot, of files that are taken for pictures. */
const READABLE_EXTENSIONS = new Set('jpg jpeg jpe jfif jif png apng webp gif tif tiff avif'.split(' '));
/** Picture formats that cannot be decoded; such a file is still looked at, for its content may be another format. */
const OTHER_EXTENSIONS = new Set('bmp dib heic heif hif ico cur ppm pgm pbm pnm jp2 j2k jpx jxl psd'.split(' '));
/** Camera raw: mostly TIFF inside, of which a decoder would give a thumbnail for the picture. */
const RAW_EXTENSIONS = new Set('cr2 cr3 crw nef nrw arw srf sr2 dng raf orf rw2 pef srw x3f iiq 3fr'.split(' '));

export type Kind = 'picture' | 'svg' | 'raw' | 'other';

/** What a file's extension (lower case, without the dot) promises. */
export function kindOfExtension(extension: string): Kind {
  if (READABLE_EXTENSIONS.has(extension) || OTHER_EXTENSIONS.has(extension)) return 'picture';
  if (extension === 'svg') return 'svg';
  return RAW_EXTENSIONS.has(extension) ? 'raw' : 'other';
}

export const RAW_REASON = 'Camera raw pictures cannot be read; export them as JPEG or TIFF.';
export const SVG_REASON = 'SVG pictures are left out; the setting margin.svg includes them.';

const UNREADABLE_REASON: Partial<Record<Format, string>> = {
  heic: 'HEIC pictures (of phones) cannot be read; convert it to JPEG, PNG, WebP or AVIF.',
  bmp: 'BMP pictures cannot be read; convert it to PNG.',
  ico: 'Icon files cannot be read; convert it to PNG.',
  jp2: 'JPEG 2000 pictures cannot be read; convert it to JPEG or PNG.',
  jxl: 'JPEG XL pictures cannot be read; convert it to JPEG or PNG.',
  psd: 'Photoshop files cannot be read; export it as PNG or TIFF.',
  pnm: 'PPM, PGM and PBM pictures cannot be read; convert it to PNG.',
  svg: SVG_REASON,
  empty: 'The file is empty.',
  'lfs-pointer': 'This is a Git LFS pointer, not the picture itself; run "git lfs pull" to fetch it.',
  html: 'This is a web page, not a picture; the download probably failed.',
  text: 'This is text, not a picture.',
  unknown: 'This is not a picture in a known format.',
};

/** Why a file of this format gives no picture, or undefined if it can be decoded. */
export function unreadableReason(format: Format, svg = false): string | undefined {
  return isReadable(format, svg) ? undefined : UNREADABLE_REASON[format];
}

/** Tells a file's format from its first bytes (`SNIFF_BYTES` of them, or all if fewer). */
export function sniff(head: Uint8Array): Format {
  if (head.length === 0) return 'empty';
  const b = (i: number): number => head[i] ?? -1;
  const ascii = (from: number, to: number): string => String.fromCharCode(...head.subarray(from, to));
  if (b(0) === 0xff && b(1) === 0xd8 && b(2) === 0xff) return 'jpeg';
  if (b(0) === 0x89 && ascii(1, 8) === 'PNG\r\n\x1a\n') return 'png';
  if (/^GIF8[79]a/.test(ascii(0, 6))) return 'gif';
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return 'webp';
  // 42: classic TIFF, 43: BigTIFF
  if (/^(?:II[*+]\0|MM\0[*+])/.test(ascii(0, 4))) return 'tiff';
  if (ascii(4, 8) === 'ftyp') return isoBrand(ascii(8, Math.min(head.length, 64)));
  if (ascii(4, 12) === 'jP  \r\n\x87\n' || (b(0) === 0xff && b(1) === 0x4f && b(2) === 0xff)) return 'jp2';
  if (ascii(4, 12) === 'JXL \r\n\x87\n' || (b(0) === 0xff && b(1) === 0x0a)) return 'jxl';
  if (ascii(0, 2) === 'BM' && head.length > 25) return 'bmp';
  if (ascii(0, 4) === '8BPS') return 'psd';
  if (b(0) === 0 && b(1) === 0 && (b(2) === 1 || b(2) === 2) && b(3) === 0 && b(4) > 0 && b(5) === 0) return 'ico';
  if (/^P[1-6][\s#]/.test(ascii(0, 3))) return 'pnm';
  return textKind(head);
}

function isoBrand(brands: string): Format {
  if (/avi[fs]/.test(brands)) return 'avif';
  return /hei|hev|mif1|msf1/.test(brands) ? 'heic' : 'unknown';
}

function textKind(head: Uint8Array): Format {
  let text: string;
  try {
    // `stream`: the head may end within a character
    text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
  } catch {
    return 'unknown';
  }
  // eslint-disable-next-line no-control-regex -- control characters are what tells binary data from text
  if (/[\0-\x08\x0e-\x1f]/.test(text)) return 'unknown';
  if (text.startsWith('version https://git-lfs.github.com/')) return 'lfs-pointer';
  if (/<svg[\s>]/i.test(text)) return 'svg';
  return /<!doctype html|<html|<head|<body/i.test(text) ? 'html' : 'text';
}
