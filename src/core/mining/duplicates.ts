import { mix32 } from '../random';
import type { MiningData } from './types';

/**
 * Gives rows of equal id or of equal vector (component for component; 0 equals -0) the same number, the first such row's.
 * Equality is passed on: a = b by id and b = c by vector puts all three together. O(N d), in steps of some milliseconds.
 */
export function* duplicateGroups({
  vectors,
  dimension,
  ids,
}: Pick<MiningData, 'vectors' | 'dimension' | 'ids'>): Generator<undefined, Int32Array> {
  const n = ids.length;
  const groups = new UnionFind(n);
  const bits = new Uint32Array(vectors.buffer, vectors.byteOffset, vectors.length);
  const byHash = new Map<number, number[]>();
  const byId = new Map<string, number>();
  for (let i = 0; i < n; i++) {
    if ((i & 1023) === 1023) yield;
    const twin = byId.get(ids[i]!);
    if (twin === undefined) byId.set(ids[i]!, i);
    else groups.join(twin, i);
    let hash = 0;
    for (let at = i * dimension; at < (i + 1) * dimension; at++) {
      const word = bits[at]!;
      hash = Math.imul(hash ^ (word === 0x80000000 ? 0 : word), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    const key = mix32(hash);
    const rows = byHash.get(key);
    if (!rows) byHash.set(key, [i]);
    else {
      const same = rows.find(j => equalRows(vectors, dimension, i, j));
      if (same === undefined) rows.push(i);
      else groups.join(same, i);
    }
  }
  return groups.labels();
}

/** Gives rows of equal id the same number, the first such row's. */
export function groupsOfIds({ ids }: Pick<MiningData, 'ids'>): Int32Array {
  const firsts = new Map<string, number>();
  return Int32Array.from(ids, (id, i) => {
    const first = firsts.get(id);
    if (first === undefined) firsts.set(id, i);
    return first ?? i;
  });
}

function equalRows(vectors: Float32Array, dimension: number, i: number, j: number): boolean {
  for (let k = 0; k < dimension; k++) if (vectors[i * dimension + k] !== vectors[j * dimension + k]) return false;
  return true;
}

/** Disjoint sets of 0 .. n-1, with path halving; the smallest member stands for its set. */
export class UnionFind {
  readonly #parents: Int32Array;

  constructor(n: number) {
    this.#parents = new Int32Array(n);
    for (let i = 0; i < n; i++) this.#parents[i] = i;
  }

  find(i: number): number {
    const parents = this.#parents;
    while (parents[i] !== i) i = parents[i] = parents[parents[i]!]!;
    return i;
  }

  /** Joins two sets; false when they were one already. */
  join(i: number, j: number): boolean {
    const a = this.find(i);
    const b = this.find(j);
    if (a === b) return false;
    this.#parents[Math.max(a, b)] = Math.min(a, b);
    return true;
  }

  /** For each member the smallest of its set. */
  labels(): Int32Array {
    return this.#parents.map((_, i) => this.find(i));
  }
}
