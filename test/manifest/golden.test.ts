import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FORMATS } from '../../src/manifest';
import { bytesUnder, exported } from './support/exported';
import { IMAGES, writeImages } from './support/folder';
import { temporaryFolder } from '../support/data';

/** `UPDATE_GOLDEN=1 npx vitest run test/manifest/golden.test.ts` writes them anew; read the difference before you keep it. */
const GOLDEN = path.resolve(import.meta.dirname, '..', 'golden', 'manifest');
const UPDATE = process.env.UPDATE_GOLDEN === '1';

const CASES = FORMATS.flatMap(format =>
  format.shapes.map(shape => ({ name: `${format.id}-${shape}`, format: format.id, shape })),
);

describe('golden files', () => {
  let root: string;
  beforeAll(() => {
    root = temporaryFolder();
    writeImages(path.join(root, 'pictures'), IMAGES);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it.each(CASES)('$name', async ({ name, format, shape }) => {
    const out = path.join(root, name);
    const from = ['answers', 'implied', 'classes', 'mined'] as const;
    await exported({
      folder: path.join(root, 'pictures'),
      out,
      format,
      shape,
      from,
      split: [0.6, 0.4],
      limit: format === 'sentence-transformers-tuples' ? 120 : 12,
    });
    const made = bytesUnder(out);
    // copied pictures are the originals: their names are enough, and the names are in the lists
    for (const file of made.keys()) if (/\.(bmp|jpg)$/u.test(file)) made.delete(file);
    const kept = path.join(GOLDEN, name);
    if (UPDATE) {
      rmSync(kept, { recursive: true, force: true });
      for (const [file, bytes] of made) {
        mkdirSync(path.dirname(path.join(kept, file)), { recursive: true });
        writeFileSync(path.join(kept, file), bytes);
      }
    }
    expect(existsSync(kept), `no golden files in ${kept}`).toBe(true);
    const golden = bytesUnder(kept);
    expect([...made.keys()]).toEqual([...golden.keys()]);
    for (const [file, bytes] of made) {
      if (/\.(parquet|tfrecord)$/u.test(file)) expect(bytes.equals(golden.get(file)!), file).toBe(true);
      else expect(bytes.toString('utf8'), file).toBe(readFileSync(path.join(kept, file), 'utf8'));
    }
  });
});
