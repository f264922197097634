import { Random } from '../core/random';
import type { Problem } from '../core/mining/problem';
import type { Control } from './control';

/** Rows in an order in which neighbours lie close together, and which blocks of it are worth comparing. */
export interface BlockIndex {
  rows: Int32Array;
  block: number;
  /** whether pairs of two blocks are looked at; symmetric */
  near(i: number, j: number): boolean;
}

/** Share of all blocks that a block is compared with. */
const PROBED = 0.25;
/** Rows on which the direction of a split is found. */
const SAMPLE = 256;

/**
 * A balanced tree: rows are split by the line between two means (two-means on a sample) at the middle, until blocks are left.
 * Each block is then compared with the blocks of the nearest centres, and both with each other. O(N d log N).
 * @returns undefined when the run was cancelled
 */
export async function blockIndex(problem: Problem, block: number, control: Control): Promise<BlockIndex | undefined> {
  const { data, ranks } = problem;
  const { vectors, dimension: d } = data;
  // by hash: the order of the images does not matter
  const rows = problem.rows.slice().sort((i, j) => ranks[i]! - ranks[j]!);
  const random = new Random(1);
  const projections = new Float64Array(data.ids.length);
  const ranges: [number, number][] = [[0, rows.length]];
  for (let range = ranges.pop(); range; range = ranges.pop()) {
    const [from, to] = range;
    const blocks = Math.ceil((to - from) / block);
    if (blocks < 2) continue;
    const part = rows.subarray(from, to);
    const direction = directionOf(problem, part, random);
    for (const [at, row] of part.entries()) {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += vectors[row * d + k]! * direction[k]!;
      projections[row] = sum;
      if ((at & 1023) === 0 && control.due && (await control.pause())) return undefined;
    }
    part.sort((i, j) => projections[i]! - projections[j]! || ranks[i]! - ranks[j]!);
    const middle = from + Math.floor(blocks / 2) * block;
    ranges.push([from, middle], [middle, to]);
  }
  return { rows, block, near: nearBlocks(problem, rows, block) };
}

/** The difference of two means, after a few rounds of two-means on a sample. */
function directionOf({ data }: Problem, rows: Int32Array, random: Random): Float64Array {
  const { vectors, dimension: d } = data;
  const sample = Array.from({ length: Math.min(SAMPLE, rows.length) }, () => rows[random.below(rows.length)]!);
  const rowAt = (row: number) => Float64Array.from(vectors.subarray(row * d, row * d + d));
  let a = rowAt(sample[0]!);
  let b = rowAt(sample[sample.length >> 1]!);
  for (let round = 0; round < 4; round++) {
    const means = [new Float64Array(d), new Float64Array(d)];
    const counts = [0, 0];
    for (const row of sample) {
      let nearer = 0;
      for (let k = 0; k < d; k++) {
        const x = vectors[row * d + k]!;
        nearer += (x - a[k]!) ** 2 - (x - b[k]!) ** 2;
      }
      const side = nearer <= 0 ? 0 : 1;
      counts[side]!++;
      for (let k = 0; k < d; k++) means[side]![k]! += vectors[row * d + k]!;
    }
    if (counts[0] === 0 || counts[1] === 0) break;
    [a, b] = means.map((mean, side) => mean.map(x => x / counts[side]!)) as [
      Float64Array<ArrayBuffer>,
      Float64Array<ArrayBuffer>,
    ];
  }
  return b.map((x, k) => x - a[k]!);
}

/** The blocks of nearest centres, of each block and both ways. */
function nearBlocks({ data }: Problem, rows: Int32Array, block: number): BlockIndex['near'] {
  const { vectors, dimension: d } = data;
  const blocks = Math.ceil(rows.length / block);
  const centres = Array.from({ length: blocks }, (_, i) => {
    const centre = new Float64Array(d);
    const part = rows.subarray(i * block, (i + 1) * block);
    for (const row of part) for (let k = 0; k < d; k++) centre[k]! += vectors[row * d + k]! / part.length;
    return centre;
  });
  const probed = Math.max(Math.min(blocks, 8), Math.ceil(blocks * PROBED));
  const near = new Uint8Array(blocks * blocks);
  for (let i = 0; i < blocks; i++) {
    const distances = centres.map(centre => centre.reduce((sum, x, k) => sum + (x - centres[i]![k]!) ** 2, 0));
    const order = distances.map((_, j) => j).sort((x, y) => distances[x]! - distances[y]! || x - y);
    for (const j of order.slice(0, probed)) near[i * blocks + j] = near[j * blocks + i] = 1;
  }
  return (i, j) => near[i * blocks + j] === 1;
}
