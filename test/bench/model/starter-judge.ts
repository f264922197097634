// Judges a model on what the starter never saw, beside raw pixels, colour histogram and difference hash. Used by
// scripts/train-starter.mjs, which lays the folders out: argv = model folder, folder of the sets, wasm folder.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pooledRetrieval, retrieval, verification } from '../../../src/core/evaluation';
import type { Embedded } from '../../../src/core/evaluation';
import { rowDistance } from '../../../src/core/distances';
import { loadModel } from '../../../src/model';
import type { Embedder } from '../../../src/model';
import { Random } from '../../../src/model/training/random';
import { colourHistogram, differenceHash, rawPixels } from './floors';
import { decode, pictureFiles } from './pictures';

interface JudgedSet {
  name: string;
  folder: string;
  /** classes to ask with; all where absent */
  queries?: string[];
  /** images a class in a draw */
  each: number;
  /** draws, which share no image: each asks among its own, and their queries are counted together */
  draws?: number;
}

const FLOOR_SIZE = 32;

async function ways(embedder: Embedder, root: string, files: string[]): Promise<Record<string, Embedded>> {
  const small = {
    pixels: await decode(root, files, { width: FLOOR_SIZE, height: FLOOR_SIZE, channels: 3 }),
    count: files.length,
    size: FLOOR_SIZE,
  };
  const vectors = await embedder.embed(await decode(root, files, embedder.input), files.length);
  return {
    model: { vectors, dimension: embedder.dimension, metric: embedder.metric },
    'raw pixels': rawPixels(small),
    'colour histogram': colourHistogram(small),
    'difference hash': differenceHash(small),
  };
}

async function judgeRetrieval(embedder: Embedder, root: string, set: JudgedSet) {
  const base = path.join(root, set.folder);
  const all = pictureFiles(base);
  const names = [...new Set(all.map(file => path.posix.dirname(file)))].sort();
  const shuffled = names.map((name, i) =>
    new Random(7, i).shuffle(all.filter(file => path.posix.dirname(file) === name)),
  );
  const reports: Record<string, ReturnType<typeof retrieval>[]> = {};
  let images = 0;
  for (let draw = 0; draw < (set.draws ?? 1); draw++) {
    const files = shuffled.flatMap(own => own.slice(draw * set.each, (draw + 1) * set.each).sort());
    images += files.length;
    const labels = Int32Array.from(files, file => names.indexOf(path.posix.dirname(file)));
    const asked = files.flatMap((_, i) => (!set.queries || set.queries.includes(names[labels[i]!]!) ? [i] : []));
    for (const [way, data] of Object.entries(await ways(embedder, base, files)))
      (reports[way] ??= []).push(retrieval(data, labels, { queries: asked }));
  }
  const report: Record<string, unknown> = {};
  for (const [way, draws] of Object.entries(reports)) {
    const { precisionAt1, mapAtR, queries } = pooledRetrieval(draws);
    report[way] = { precisionAt1, mapAtR, queries };
  }
  return { set: set.name, images, classes: names.length, ...report };
}

async function judgeNearDuplicates(embedder: Embedder, root: string) {
  const base = path.join(root, 'neardup-dev');
  const rows = readFileSync(path.join(base, 'pairs.csv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map(line => line.trim().split(','));
  const files = [...new Set(rows.flatMap(([, a, b]) => [a!, b!]))].sort();
  const at = new Map(files.map((file, i) => [file, i]));
  const inside = (file: string): string => (file.startsWith('images/') ? file : `images/${file}`);
  const report: Record<string, unknown> = {};
  for (const [way, data] of Object.entries(await ways(embedder, base, files.map(inside)))) {
    const between = rowDistance(data.metric, data.dimension, data.weights);
    const distances = rows.map(([, a, b]) => between(data.vectors, at.get(a!)!, data.vectors, at.get(b!)!));
    const { auc, equalErrorRate } = verification(
      distances,
      rows.map(row => row[3] === '1'),
    );
    report[way] = { auc, equalErrorRate };
  }
  return { set: 'near duplicates (pairs)', images: files.length, ...report };
}

async function main(): Promise<void> {
  const [model, root, wasmDir] = process.argv.slice(2) as [string, string, string];
  const sets = JSON.parse(readFileSync(path.join(root, 'judged.json'), 'utf8')) as JudgedSet[];
  const embedder = await loadModel(model, { backend: { choice: 'wasm', wasmDir } });
  const reports: unknown[] = [];
  for (const set of sets) reports.push(await judgeRetrieval(embedder, root, set));
  reports.push(await judgeNearDuplicates(embedder, root));
  process.stdout.write(JSON.stringify(reports, null, 1) + '\n');
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
