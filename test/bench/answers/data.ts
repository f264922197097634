import { readdirSync } from 'node:fs';
import path from 'node:path';
import { Random } from '../../../src/core/random';
import type { ImageHash } from '../../../src/core/types';
import { decode } from '../model/pictures';
import { identify, ImageIndex, scanFolder, VectorStore } from '../../../src/dataset';

/** Embedded images with their true classes. */
export interface Labelled {
  hashes: ImageHash[];
  classes: string[];
  /** row after row, unit length */
  vectors: Float32Array;
  dimension: number;
}

/**
 * Images that no network has seen: averaged pixels, 10 x 10 grey or 6 x 6 in colour, each image's mean taken off. What a
 * person has whose images are unlike all that the shipped model was trained on; and it never changes with that model.
 */
export async function readPixels(folder: string): Promise<Labelled> {
  const { images } = await identify(await scanFolder(folder), await ImageIndex.open(undefined));
  const classed = images.filter(image => image.class !== null);
  const files = classed.map(({ paths }) => paths[0]);
  const colours = await decode(folder, files, { width: 6, height: 6, channels: 3 });
  const isGrey = colours.every((value, i) => Math.abs(value - colours[i - (i % 3)]) < 8);
  const pixels = isGrey ? await decode(folder, files, { width: 10, height: 10, channels: 1 }) : colours;
  const dimension = pixels.length / files.length;
  const vectors = Float32Array.from(pixels);
  for (let row = 0; row < files.length; row++) {
    const from = row * dimension;
    const mean = vectors.subarray(from, from + dimension).reduce((sum, x) => sum + x, 0) / dimension;
    for (let i = 0; i < dimension; i++) vectors[from + i] -= mean;
  }
  toUnitLength(vectors, dimension);
  return { hashes: classed.map(({ hash }) => hash), classes: classed.map(image => image.class!), vectors, dimension };
}

function toUnitLength(vectors: Float32Array, dimension: number): void {
  for (let from = 0; from < vectors.length; from += dimension) {
    let square = 0;
    for (let i = 0; i < dimension; i++) square += vectors[from + i] ** 2;
    for (let i = 0; i < dimension; i++) vectors[from + i] /= Math.sqrt(square) || 1;
  }
}

/** What `margin embed` left in a folder's cache: every image with a class and a vector of the named model. */
export async function readEmbedded(folder: string, model: string): Promise<Labelled> {
  const cache = path.join(folder, '.margin', 'cache');
  const key = readdirSync(path.join(cache, 'vectors'))
    .find(name => name.startsWith(`${model}-`) && name.endsWith('.npy'))
    ?.slice(0, -4);
  if (key === undefined) throw new Error(`no vectors of ${model} in ${cache}: run "margin embed" first`);
  const { images } = await identify(await scanFolder(folder), await ImageIndex.open(cache));
  const classed = images.filter(image => image.class !== null);
  const dimension = await dimensionOf(path.join(cache, 'vectors', `${key}.npy`));
  const store = await VectorStore.open(cache, key, dimension);
  const { vectors, missing } = await store.matrix(classed.map(({ hash }) => hash));
  if (missing.length > 0) throw new Error(`${missing.length} images have no vector`);
  const copy = Float32Array.from(vectors);
  toUnitLength(copy, dimension);
  return {
    hashes: classed.map(({ hash }) => hash),
    classes: classed.map(image => image.class!),
    vectors: copy,
    dimension,
  };
}

async function dimensionOf(npy: string): Promise<number> {
  const { open } = await import('node:fs/promises');
  const handle = await open(npy);
  try {
    const head = Buffer.alloc(256);
    await handle.read(head, 0, 256, 0);
    return Number(/'shape': \(\d+, (\d+)\)/.exec(head.toString('latin1'))![1]);
  } finally {
    await handle.close();
  }
}

/** Some rows of a set, as a set. */
export function rowsOf(set: Labelled, rows: readonly number[]): Labelled {
  const { dimension } = set;
  const vectors = new Float32Array(rows.length * dimension);
  for (const [i, row] of rows.entries())
    vectors.set(set.vectors.subarray(row * dimension, (row + 1) * dimension), i * dimension);
  return { hashes: rows.map(row => set.hashes[row]), classes: rows.map(row => set.classes[row]), vectors, dimension };
}

/** Half of the classes for answering and half held out, or half of the images where there are few classes. */
export function split(set: Labelled, seed: number): { train: Labelled; heldOut: Labelled } {
  const random = new Random(seed);
  const names = [...new Set(set.classes)];
  const few = names.length < 20;
  const units: (string | number)[] = few ? set.hashes.map((_, row) => row) : names;
  const chosen = new Set(random.shuffle([...units]).slice(0, Math.floor(units.length / 2)));
  const rows = set.hashes.map((_, row) => row);
  const isTrain = (row: number) => chosen.has(few ? row : set.classes[row]);
  return {
    train: rowsOf(set, rows.filter(isTrain)),
    heldOut: rowsOf(
      set,
      rows.filter(row => !isTrain(row)),
    ),
  };
}

export function distance({ vectors, dimension }: Labelled, x: number, y: number): number {
  let sum = 0;
  for (let i = 0; i < dimension; i++) sum += (vectors[x * dimension + i] - vectors[y * dimension + i]) ** 2;
  return Math.sqrt(sum);
}

/** Every image with its k nearest, each pair once, by rows. */
export function neighbourPairs(set: Labelled, k: number): [number, number][] {
  const n = set.hashes.length;
  const pairs = new Map<number, [number, number]>();
  for (let x = 0; x < n; x++) {
    const near: { y: number; d: number }[] = [];
    for (let y = 0; y < n; y++) if (y !== x) near.push({ y, d: distance(set, x, y) });
    near.sort((p, q) => p.d - q.d);
    for (const { y } of near.slice(0, k))
      pairs.set(Math.min(x, y) * n + Math.max(x, y), [Math.min(x, y), Math.max(x, y)]);
  }
  return [...pairs.values()];
}
