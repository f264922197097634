import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ImageHash } from '../../../src/core/types';
import type { ImageRef, KnownPair, RowData } from '../../../src/manifest';

/** A picture of one coloured pixel as BMP, which no compressor's version can change: 58 bytes. */
export function pixel(index: number): Buffer {
  const bytes = Buffer.alloc(58);
  bytes.write('BM');
  bytes.writeUInt32LE(58, 2);
  bytes.writeUInt32LE(54, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(1, 18);
  bytes.writeInt32LE(1, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  bytes.writeUInt32LE(4, 34);
  bytes.writeUIntLE(index, 54, 3);
  return bytes;
}

/** Image `index` at a path; its class is its folder. */
export function image(at: string, index: number): ImageRef & { bytes: Buffer } {
  const bytes = pixel(index);
  const hash: ImageHash = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const folder = at.includes('/') ? at.slice(0, at.lastIndexOf('/')) : undefined;
  return { hash, path: at, class: folder, bytes };
}

/** Writes the images into a folder, as far as this system can store their names. */
export function writeImages(folder: string, images: readonly (ImageRef & { bytes: Buffer })[]): void {
  for (const { path: at, bytes } of images) {
    const file = path.join(folder, ...at.split('/'));
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
}

/** Classes whose names every system can store and some readers trip over. */
const CLASSES = ['hats', 'shoes, "old"'.replaceAll('"', "'"), 'ünï/日本', '-dash', 'NA', '1'];

/** Six classes of four images. */
export const IMAGES = CLASSES.flatMap((name, i) =>
  Array.from({ length: 4 }, (_, j) => image(`${name}/${'abcd'[j]!} ${j}.bmp`, 10 * i + j + 1)),
);

/** Image `j` of class `i`. */
export const at = (i: number, j: number): ImageRef => IMAGES[4 * i + j]!;

export function known(
  x: ImageRef,
  y: ImageRef,
  relation: KnownPair['relation'],
  provenance: KnownPair['provenance'] = {},
): KnownPair {
  return { a: x.hash, b: y.hash, relation, provenance };
}

/** Answers of two people with their reasons, what follows from them, and two mined candidates. */
export const DATA: RowData = {
  images: IMAGES.map(({ hash, path: where, class: name }) => ({ hash, path: where, class: name })),
  answers: CLASSES.flatMap((_, i) => [
    known(at(i, 0), at(i, 1), 'same', {
      lane: 'hard-positives',
      model: 'starter',
      metric: 'l2',
      distance: 0.5 + i / 8,
      margin: 0.25,
      rank: i,
      by: 'ada@example.org',
      at: `2026-11-22T10:00:0${i}.000Z`,
    }),
    known(at(i, 1), at((i + 1) % 6, 2), 'different', {
      lane: 'hard-negatives',
      model: 'starter',
      metric: 'l2',
      distance: 0.1 + i / 64,
      margin: 0.25,
      rank: i + 6,
      by: 'Grace "Amazing" Hopper, RADM',
      at: `2026-11-22T11:00:0${i}.000Z`,
    }),
    known(at(i, 0), at((i + 1) % 6, 0), 'different'),
  ]).concat(known(at(0, 3), at(1, 3), 'incomparable')),
  implied: CLASSES.map((_, i) => known(at(i, 0), at((i + 1) % 6, 2), 'different')),
  mined: [
    {
      kind: 'pair',
      a: at(0, 2).hash,
      b: at(0, 3).hash,
      provenance: { lane: 'hard-positives', model: 'starter', distance: 1.25, rank: 0 },
    },
    {
      kind: 'triplet',
      anchor: at(2, 2).hash,
      positive: at(2, 3).hash,
      negative: at(3, 3).hash,
      provenance: {
        lane: 'semi-hard-triplets',
        model: 'starter',
        positiveDistance: 0.5,
        negativeDistance: 0.625,
        margin: 0.25,
        rank: 1,
      },
    },
  ],
};

/** Names that no careful person would use; some systems cannot store them, every manifest must. */
export const NASTY_PATHS = [
  'a,b/comma, "both quotes\'.png',
  'a,b/line\nbreak\tand tab.png',
  'a,b/carriage\rreturn\r\n.png',
  '日本語/画像 🦊.png',
  '日本語/e\u0301 decomposed.png',
  '-leading/-dash.png',
  '-leading/=1+1.png',
  '__proto__/constructor.png',
  '__proto__/toString',
  ' spaces / around .png',
  ' spaces /back\\slash.png',
  'NA/null',
  'NA/NaN.png',
  '1/2.png',
  '1/3.png',
  '<b>&amp;|`x`/[brackets]{braces}#?%41.png',
  '<b>&amp;|`x`/emoji-\u{1f9d1}\u200d\u{1f680}.png',
  `long/${'d'.repeat(100)}/${'e'.repeat(100)}/${'f'.repeat(90)}.png`,
  'long/plain.png',
  'semi;colon/a;b.png',
  'semi;colon/\ufeffbom.png',
];
