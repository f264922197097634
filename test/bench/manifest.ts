import { mkdtempSync, createWriteStream, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { Engine } from '../../src/engine/engine';
import { assetsBeside } from '../../src/engine/assets';
import type { ManifestView } from '../../src/rpc/manifest-rows';
import { writeShapes } from '../support/images';
import { SETTINGS } from '../support/settings';

// A manifest of a million pairs as the editor meets it: opened, scrolled through, sorted and searched.
//   node scripts/bench-manifest.mjs [ROWS]

const settings = { ...SETTINGS, by: 'bench@example.org' };

/** @param rows of the file that is made, in a temporary folder */
export async function benchManifest(rows: number): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'margin-bench-manifest-'));
  try {
    const images = await writeShapes(folder, 40);
    const file = path.join(folder, 'bench.pairs.jsonl');
    await write(file, images, rows);
    const engine = new Engine(assetsBeside(folder), { log: () => undefined, changed: () => undefined });
    const ref = { folder, settings, file };
    await engine.scan({ folder, settings }).catch(() => undefined);

    console.log(`${rows.toLocaleString('en')} pairs, ${(statSync(file).size / 1e6).toFixed(0)} MB`);
    await time('open', () => engine.manifests.summary(ref));
    const window = (view: ManifestView, from: number) => engine.manifests.rows({ ...ref, view, from, count: 50 });
    await time('first 50 rows', () => window({}, 0));
    const waits: number[] = [];
    for (let i = 0; i < 200; i++) {
      const from = (i * 7_919_317) % rows;
      const started = performance.now();
      await window({}, from);
      waits.push(performance.now() - started);
    }
    waits.sort((a, b) => a - b);
    console.log(`50 rows anywhere: median ${waits[100]!.toFixed(1)} ms, 99 % within ${waits[197]!.toFixed(1)} ms`);
    await time('filter by relation', () => window({ relations: ['same'] }, 0));
    await time('sort by distance', () => window({ sort: 'distance' }, 0));
    await time('search a path', () => window({ text: 'triangle/39' }, 0));
    await time('filter by class', () => window({ class: 'circle' }, 0));
    await time('rows with a missing image', () => window({ only: 'missing' }, 0));
    console.log(`resident memory ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`);
    await engine.dispose();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function write(file: string, images: string[], rows: number): Promise<void> {
  const out = createWriteStream(file);
  const hash = (n: number) => `sha256:${n.toString(16).padStart(64, '0')}`;
  for (let i = 0; i < rows; i++) {
    const [a, b] = [images[i % images.length]!, images[(i * 31 + 7) % images.length]!];
    const row = {
      ...{ a, b, relation: path.dirname(a) === path.dirname(b) ? 'same' : 'different', source: 'mined', weight: 1 },
      ...{ a_hash: hash(i % 120), b_hash: hash(i % 119), a_class: path.dirname(a), b_class: path.dirname(b) },
      ...{ lane: 'hard-negatives', model: 'starter', metric: 'cosine', distance: ((i * 7919) % 10_007) / 10_007 },
      ...{ margin: 0.2, rank: i },
    };
    if (!out.write(JSON.stringify(row) + '\n')) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}

/** By the clock, and in processor time over all threads: the second is what counts on a machine that others use too. */
async function time(what: string, work: () => Promise<unknown>): Promise<void> {
  const started = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  const wall = performance.now() - started;
  console.log(`${what}: ${wall.toFixed(0)} ms, ${((user + system) / 1000).toFixed(0)} ms of processor`);
}
