import fs from 'node:fs';
import path from 'node:path';
import type { ImageHash } from '../../src/core/types';
import { identify, ImageIndex, scanFolder, VectorStore } from '../../src/dataset';

/** Seconds by the clock, and of processor time: on a busy machine only the second says something. */
export interface Cost {
  seconds: number;
  processor: number;
}

/** What each step of looking at a folder costs: for the first time, and again unchanged. */
export interface LookTimes {
  files: number;
  scan: Cost;
  identifyFirst: Cost;
  identifyAgain: Cost;
  saveIndex: Cost;
  loadIndex: Cost;
}

/** Scans and identifies `root`; `cache` is a folder for the index. */
export async function benchLook(root: string, cache: string): Promise<LookTimes> {
  const [scan, scanCost] = await timed(() => scanFolder(root));
  const index = await ImageIndex.open(undefined);
  const [, identifyFirst] = await timed(() => identify(scan, index));
  const kept = await ImageIndex.open(cache);
  kept.replace(new Map([...index.entries].map(([at, entry]) => [at, { ...entry, settled: true }])));
  const [, saveIndex] = await timed(() => kept.save());
  const [again, loadIndex] = await timed(() => ImageIndex.open(cache));
  const [, identifyAgain] = await timed(() => identify(scan, again));
  return { files: scan.files.length, scan: scanCost, identifyFirst, identifyAgain, saveIndex, loadIndex };
}

/** A folder of `classes * each` small distinct files with a picture's header: for `benchLook`. */
export function makeManyFiles(root: string, classes: number, each: number, bytes = 512): void {
  const content = Buffer.alloc(bytes, 1);
  content.write('GIF89a');
  for (let c = 0; c < classes; c++) {
    fs.mkdirSync(path.join(root, `class-${c}`), { recursive: true });
    for (let i = 0; i < each; i++) {
      content.writeUInt32LE(c * each + i, 16);
      fs.writeFileSync(path.join(root, `class-${c}`, `${i}.gif`), content);
    }
  }
}

/** What each step in the life of a vector cache costs. */
export interface VectorTimes {
  images: number;
  dimension: number;
  add: Cost;
  flush: Cost;
  /** opening reads and checks every row */
  open: Cost;
  /** all rows, shuffled, into one shared matrix */
  matrix: Cost;
}

export async function benchVectors(cache: string, images: number, dimension: number): Promise<VectorTimes> {
  const hashes = Array.from({ length: images }, (_, i): ImageHash => `sha256:${i.toString(16).padStart(64, '0')}`);
  const store = await VectorStore.open(cache, 'bench', dimension);
  const vector = new Float32Array(dimension);
  const add: Cost = { seconds: 0, processor: 0 };
  const flush: Cost = { seconds: 0, processor: 0 };
  for (let at = 0; at < images; at += 10_000) {
    const block = hashes.slice(at, at + 10_000);
    const adding = async () => block.forEach((hash, i) => store.add(hash, vector.fill(Math.sin(at + i))));
    sum(add, (await timed(adding))[1]);
    sum(flush, (await timed(() => store.flush()))[1]);
  }
  const [again, open] = await timed(() => VectorStore.open(cache, 'bench', dimension));
  const shuffled = hashes.map((_, i) => hashes[(i * 7919) % images]!);
  const [{ missing }, matrix] = await timed(() => again.matrix(shuffled));
  if (missing.length > 0) throw new Error(`${missing.length} rows are missing`);
  return { images, dimension, add, flush, open, matrix };
}

function sum(total: Cost, cost: Cost): void {
  total.seconds += cost.seconds;
  total.processor += cost.processor;
}

async function timed<T>(work: () => Promise<T>): Promise<[T, Cost]> {
  const started = performance.now();
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return [result, { seconds: (performance.now() - started) / 1000, processor: (user + system) / 1e6 }];
}
