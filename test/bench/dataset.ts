import fs from 'node:fs';
import path from 'node:path';
import type { ImageHash } from '../../src/core/types';
import { identify, ImageIndex, scanFolder, VectorStore } from '../../src/dataset';

/** Seconds of each step of looking at a folder: for the first time, and again unchanged. */
export interface LookTimes {
  files: number;
  scan: number;
  identifyFirst: number;
  identifyAgain: number;
  saveIndex: number;
  loadIndex: number;
}

/** Scans and identifies `root`; `cache` is a folder for the index. */
export async function benchLook(root: string, cache: string): Promise<LookTimes> {
  const [scan, scanSeconds] = await timed(() => scanFolder(root));
  const index = await ImageIndex.open(undefined);
  const [, identifyFirst] = await timed(() => identify(scan, index));
  const kept = await ImageIndex.open(cache);
  kept.replace(new Map([...index.entries].map(([at, entry]) => [at, { ...entry, settled: true }])));
  const [, saveIndex] = await timed(() => kept.save());
  const [again, loadIndex] = await timed(() => ImageIndex.open(cache));
  const [, identifyAgain] = await timed(() => identify(scan, again));
  return { files: scan.files.length, scan: scanSeconds, identifyFirst, identifyAgain, saveIndex, loadIndex };
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

/** Seconds of each step in the life of a vector cache. */
export interface VectorTimes {
  images: number;
  dimension: number;
  add: number;
  flush: number;
  /** opening reads and checks every row */
  open: number;
  /** all rows, shuffled, into one shared matrix */
  matrix: number;
}

export async function benchVectors(cache: string, images: number, dimension: number): Promise<VectorTimes> {
  const hashes = Array.from({ length: images }, (_, i): ImageHash => `sha256:${i.toString(16).padStart(64, '0')}`);
  const store = await VectorStore.open(cache, 'bench', dimension);
  const vector = new Float32Array(dimension);
  let add = 0;
  let flush = 0;
  for (let at = 0; at < images; at += 10_000) {
    const block = hashes.slice(at, at + 10_000);
    add += (
      await timed(async () => {
        for (const [i, hash] of block.entries()) store.add(hash, vector.fill(Math.sin(at + i)));
      })
    )[1];
    flush += (await timed(() => store.flush()))[1];
  }
  const [again, open] = await timed(() => VectorStore.open(cache, 'bench', dimension));
  const shuffled = hashes.map((_, i) => hashes[(i * 7919) % images]!);
  const [{ missing }, matrix] = await timed(() => again.matrix(shuffled));
  if (missing.length > 0) throw new Error(`${missing.length} rows are missing`);
  return { images, dimension, add, flush, open, matrix };
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const started = performance.now();
  const result = await work();
  return [result, (performance.now() - started) / 1000];
}
