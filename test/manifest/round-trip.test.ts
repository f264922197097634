import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Relation } from '../../src/core/types';
import { FORMATS, type RowData } from '../../src/manifest';
import { exported, imported } from './support/exported';
import { DATA, image, IMAGES, known, NASTY_PATHS, writeImages } from './support/folder';
import { temporaryFolder } from '../support/data';

const answersOf = (data: RowData): Map<string, Relation> =>
  new Map(data.answers.map(({ a, b, relation }) => [a < b ? `${a} ${b}` : `${b} ${a}`, relation]));

const CASES = FORMATS.flatMap(format => format.shapes.map(shape => ({ format: format.id, shape })));
/** what the format itself leaves out, so that the trip cannot bring it back */
const WORDS = ['jsonl', 'csv', 'parquet', 'open-metric-learning'];

describe('export, then import', () => {
  let root: string;
  let folder: string;
  beforeAll(() => {
    root = temporaryFolder();
    folder = path.join(root, 'pictures');
    writeImages(folder, IMAGES);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it.each(CASES)('$format $shape gives the answers back', async ({ format, shape }) => {
    const out = path.join(root, `${format}-${shape}`);
    const from = ['answers', 'implied', 'classes', 'mined'] as const;
    const result = await exported({ folder, out, format, shape, from, limit: 40 });
    const back = await imported(result, format, DATA.images, folder);
    const given = answersOf(DATA);
    for (const [pair, relation] of back) expect(relation, pair).toBe(given.get(pair));
    if (shape === 'triplets') {
      // those that met another half: every `same`, and the `different` ones of the same anchors
      expect([...back.values()].filter(relation => relation === 'same').length).toBe(6);
      expect([...back.values()].filter(relation => relation === 'different').length).toBeGreaterThan(0);
    } else if (format === 'lfw') {
      expect(back.size).toBeGreaterThan(8);
    } else {
      if (!WORDS.includes(format))
        for (const [pair, relation] of given) if (relation === 'incomparable') given.delete(pair);
      expect(new Map([...back].sort())).toEqual(new Map([...given].sort()));
    }
  });

  it.each(CASES)('$format $shape carries names that trip others', async ({ format, shape }) => {
    const images = NASTY_PATHS.map((where, i) => image(where, 100 + i));
    const data: RowData = {
      images,
      implied: [],
      mined: [],
      // within and across the folders: one `same` and one `different` for each image
      answers: images.flatMap((one, i) => [
        known(one, images[(i + 1) % images.length]!, 'different'),
        known(one, image(`twins/${i}.png`, 500 + i), 'same'),
      ]),
    };
    const all = [...images, ...images.map((_, i) => image(`twins/${i}.png`, 500 + i))];
    const withTwins = { ...data, images: all.map(({ hash, path: where }) => ({ hash, path: where })) };
    const out = path.join(root, `nasty-${format}-${shape}`);
    const result = await exported({ data: withTwins, folder, out, format, shape, from: ['answers'], images: 'leave' });
    const back = await imported(result, format, withTwins.images, folder);
    const given = answersOf(data);
    for (const [pair, relation] of back) expect(relation).toBe(given.get(pair));
    // the tuples keep the commonest number of negatives, LFW as many of one relation as of the other: here that is all
    expect(back.size).toBe(given.size);
  });
});
