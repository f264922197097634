// @ts-check
// Makes the sample images that `npm start` opens: 200 small pictures of eight kinds of things, drawn here and owned by
// nobody. The same every time. Two things are wrong on purpose, as in real sets: one tomato lies among the apples, and one
// mug is there twice, saved again at a lower quality.
//   node scripts/sample-images.mjs [FOLDER]
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { photograph, scene } from './sample-images/scene.mjs';
import { things } from './sample-images/things.mjs';
import { cache } from './vscode-host/hosts.mjs';

const PER_CLASS = 25;
/** Raise when the pictures change. */
const EDITION = '1';

/**
 * mulberry32: small, good enough for pictures, the same everywhere.
 * @param {number} seed
 * @returns {import('./sample-images/things.mjs').Random}
 */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * The folder with the sample images; made where it is missing or of another edition. Answers in it (`.margin`) stay.
 * @param {string} [folder]
 * @returns {Promise<string>}
 */
export async function sampleImages(folder = path.join(cache, 'samples')) {
  const edition = path.join(cache, `samples-${path.basename(folder)}.edition`);
  if (existsSync(folder) && existsSync(edition) && readFileSync(edition, 'utf8') === EDITION) return folder;
  const making = `${folder}.${process.pid}`;
  const jobs = Object.entries(things).flatMap(([place, draw], kind) =>
    Array.from({ length: PER_CLASS }, (_, number) => ({ place, draw, number, seed: kind * 1000 + number + 1 })),
  );
  try {
    for (const { place, draw, number, seed } of jobs) {
      const random = generator(seed);
      const stray = place === 'fruit/apple' && number === 17 ? things['fruit/tomato'] : draw;
      const picture = await photograph(random, scene(random, stray(random)));
      const target = path.join(making, place);
      mkdirSync(target, { recursive: true });
      const name = (/** @type {number} */ n) =>
        path.join(target, `${path.basename(place)}-${String(n).padStart(2, '0')}.jpg`);
      const twin = place === 'kitchen/mug' && number === PER_CLASS - 1;
      const first = path.join(target, 'mug-04.jpg');
      writeFileSync(name(number), twin ? await sharp(readFileSync(first)).jpeg({ quality: 45 }).toBuffer() : picture);
    }
    for (const group of new Set(Object.keys(things).map(place => place.split('/')[0] ?? ''))) {
      rmSync(path.join(folder, group), { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      renameSync(path.join(making, group), path.join(folder, group));
    }
    mkdirSync(path.dirname(edition), { recursive: true });
    writeFileSync(edition, EDITION);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return folder;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(await sampleImages(process.argv[2] && path.resolve(process.argv[2])));
}
