// A million rows: what a manifest of that size costs to write, index, sort, search and scroll.
//   node test/bench/manifest/million.mjs [rows]
import { build } from 'esbuild';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const rows = Number(process.argv[2] ?? 1_000_000);
const folder = mkdtempSync(path.join(tmpdir(), 'margin-million-'));
const root = path.resolve(import.meta.dirname, '..', '..', '..');
try {
  const outfile = path.join(folder, 'manifest.mjs');
  await build({
    entryPoints: [path.join(root, 'src/manifest/index.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    logLevel: 'error',
  });
  const { exportManifest, LineIndex } = await import(outfile);
  const images = Array.from({ length: 20_000 }, (_, i) => ({
    hash: `sha256:${String(i).padStart(64, '0')}`,
    path: `class ${String(i % 200).padStart(3, '0')}/image ${i}.jpg`,
    class: `class ${String(i % 200).padStart(3, '0')}`,
  }));
  // every image with its next fifty: mined and unjudged, each with a distance
  const mined = [];
  for (let i = 0, step = 1; mined.length < rows; i++) {
    if (i === images.length) {
      i = 0;
      step++;
    }
    const distance = Math.fround(((i * 7919 + step * 104729) % 100_003) / 50_000);
    mined.push({
      kind: 'pair',
      a: images[i].hash,
      b: images[(i + step) % images.length].hash,
      provenance: { lane: 'hard-negatives', model: 'starter', metric: 'l2', distance, margin: 0.2, rank: mined.length },
    });
  }
  const time = async (what, work) => {
    globalThis.gc?.();
    const start = performance.now();
    const cpu = process.cpuUsage();
    const result = await work();
    const used = process.cpuUsage(cpu);
    // on a busy machine the wall clock says little
    console.log(
      `${what}: ${((performance.now() - start) / 1000).toFixed(2)} s, ${((used.user + used.system) / 1e6).toFixed(2)} s of CPU`,
    );
    return result;
  };
  const data = { images, answers: [], implied: [], mined };
  for (const format of process.argv[3]?.split(',') ?? ['jsonl']) {
    const result = await time(`export ${rows} rows as ${format}`, () =>
      exportManifest({
        data,
        shape: 'pairs',
        format,
        from: ['mined'],
        seed: 1,
        split: [],
        folder,
        out: path.join(folder, format),
      }),
    );
    const [file] = result.files;
    console.log(
      `  ${(statSync(file.path).size / 2 ** 20).toFixed(0)} MiB, resident ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`,
    );
  }
  data.mined = [];
  mined.length = 0;
  const file = path.join(folder, 'jsonl', 'all.pairs.jsonl');
  const before = process.memoryUsage();
  const index = await time('index', () => LineIndex.open(file));
  const after = process.memoryUsage();
  console.log(
    `  ${index.count} rows, ${((after.arrayBuffers - before.arrayBuffers) / 2 ** 20).toFixed(0)} MiB of arrays`,
  );
  const view = await time('sort by distance', async () => index.view({ sort: 'distance', descending: true }));
  await time('filter and sort', async () =>
    index.view({ relations: ['different'], distance: [0.5, 1], sort: 'distance' }),
  );
  await time('find "image 19999.jpg"', () => index.find('image 19999.jpg'));
  await time('read a screen of 50 sorted rows', () => index.read(view.subarray(view.length / 2, view.length / 2 + 50)));
  await time('read a screen of 50 rows in order', () =>
    index.read(index.view().subarray(index.count / 2, index.count / 2 + 50)),
  );
  await index.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
