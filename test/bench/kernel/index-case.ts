// argv: JSON { n, d, library, vectors, labels }. Compares what approximate mining could rest on: the tree of src/kernel/tree.ts,
// and usearch's HNSW graph from the folder `library`. Truth: exact rows of a random sample of anchors. Vectors are made up, or
// those of an .npy file of 32-bit floats with their classes as a JSON array of numbers.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import { rowDistance } from '../../../src/core/distances';
import { prepare } from '../../../src/core/mining/problem';
import type { MiningData, MiningRequest } from '../../../src/core/mining/types';
import { Random } from '../../../src/core/random';
import { Control } from '../../../src/kernel/control';
import { blockOf, threadsFor } from '../../../src/kernel/space';
import { blockIndex } from '../../../src/kernel/tree';
import { embeddings } from '../../../src/engine/bench/vectors';

interface Case {
  n: number;
  d: number;
  library?: string;
  vectors?: string;
  labels?: string;
}

/** What of usearch is used here. */
interface Usearch {
  Index: new (options: object) => {
    add(keys: BigUint64Array, vectors: Float32Array, threads: number): void;
    search(vectors: Float32Array, k: number, threads: number): { keys: BigUint64Array };
  };
}

interface Anchor {
  row: number;
  /** negatives in exact order, and the rank of the nearest one beyond each positive that is nearer than it plus the margin */
  negatives: number[];
  semiHard: number[];
}

const SAMPLE = 300;
const NEAREST = 32;
const MARGIN = 0.2;
const { library, ...wanted } = JSON.parse(process.argv[2]!) as Case;
const data = wanted.vectors === undefined ? embeddings(wanted.n, wanted.d, 'clustered') : fromFiles(wanted);
const n = data.ids.length;
const d = data.dimension;
const request: MiningRequest = {
  ...{ lane: 'semi-hard-triplets', metric: 'l2', margin: MARGIN, strategy: 'nearest', perPair: 1, topK: 1000 },
  ...{ guards: {}, seed: 1 },
};
const problem = prepare(data, request);

function fromFiles({ vectors, labels }: Case): MiningData {
  const bytes = readFileSync(vectors!);
  const start = 10 + bytes.readUInt16LE(8);
  const numbers = JSON.parse(readFileSync(labels!, 'utf8')) as number[];
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset + start));
  return {
    vectors: values,
    dimension: values.length / numbers.length,
    ids: numbers.map((_, i) => `sha256:${i.toString(16).padStart(64, '0')}` as const),
    labels: Int32Array.from(numbers),
  };
}

/** Exact rows of a sample. */
function truth(): Anchor[] {
  const random = new Random(3);
  const distance = rowDistance('l2', d);
  return Array.from({ length: SAMPLE }, () => {
    const row = random.below(n);
    const negatives: [number, number][] = [];
    const positives: number[] = [];
    for (let j = 0; j < n; j++) {
      if (j === row) continue;
      const far = distance(data.vectors, row, data.vectors, j);
      if (data.labels[j] === data.labels[row]) positives.push(far);
      else negatives.push([far, j]);
    }
    negatives.sort(([x], [y]) => x - y);
    const semiHard = positives.flatMap(dp => {
      const at = negatives.findIndex(([dn]) => dn > dp);
      return at >= 0 && negatives[at]![0] - dp < MARGIN ? [at] : [];
    });
    return { row, negatives: negatives.map(([, j]) => j), semiHard };
  });
}

const anchors = truth();

/** Shares of the true nearest negatives and of the true semi-hard triplets that an index sees. */
function recall(sees: (anchor: Anchor) => (rank: number) => boolean): { nearest: number; semiHard: number } {
  const sums = [0, 0, 0, 0] as [number, number, number, number];
  for (const anchor of anchors) {
    const seen = sees(anchor);
    for (let rank = 0; rank < NEAREST; rank++) if (seen(rank)) sums[0]++;
    sums[1] += NEAREST;
    sums[2] += anchor.semiHard.filter(seen).length;
    sums[3] += anchor.semiHard.length;
  }
  return { nearest: sums[0] / sums[1], semiHard: sums[2] / Math.max(1, sums[3]) };
}

const told: object[] = [];

async function tree(): Promise<void> {
  const threads = threadsFor(n, d, undefined);
  const started = performance.now();
  const block = Math.min(blockOf(n, d, threads), Math.ceil(n / 64 / 24) * 24);
  const index = (await blockIndex(problem, block, new Control({})))!;
  const seconds = (performance.now() - started) / 1000;
  const places = new Int32Array(n);
  index.rows.forEach((row, place) => (places[row] = Math.floor(place / block)));
  const found = recall(
    ({ row, negatives }) =>
      rank =>
        index.near(places[row]!, places[negatives[rank]!]!),
  );
  told.push({ what: 'tree', build: seconds, ...found });
}

function graph(folder: string): void {
  const { Index } = createRequire(`${folder}/package.json`)('usearch') as Usearch;
  const threads = os.availableParallelism();
  const chunk = 5000;
  const keys = BigUint64Array.from({ length: n }, (_, i) => BigInt(i));
  for (const k of [128, 512, 2048]) {
    const started = performance.now();
    const index = new Index({
      ...{ dimensions: d, metric: 'l2sq', quantization: 'f32', connectivity: 16, expansion_add: 128 },
      ...{ expansion_search: k, multi: false },
    });
    for (let from = 0; from < n; from += chunk) {
      const to = Math.min(n, from + chunk);
      index.add(keys.subarray(from, to), data.vectors.slice(from * d, to * d), threads);
    }
    const build = (performance.now() - started) / 1000;
    // the search of all rows is worked out from a part of them
    const part = Math.min(n, 20_000);
    const begun = performance.now();
    for (let from = 0; from < part; from += chunk) {
      index.search(data.vectors.slice(from * d, Math.min(part, from + chunk) * d), k, threads);
    }
    const search = (((performance.now() - begun) / 1000) * n) / part;
    const found = recall(({ row, negatives }) => {
      const near = new Set(index.search(data.vectors.slice(row * d, (row + 1) * d), k, 1).keys);
      return rank => near.has(BigInt(negatives[rank]!));
    });
    told.push({ what: `usearch, ${k} nearest`, build, search, ...found });
  }
}

void tree().then(() => {
  if (library !== undefined) graph(library);
  console.log(JSON.stringify(told));
});
