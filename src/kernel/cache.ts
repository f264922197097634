import type { Problem } from '../core/mining/problem';
import { mix32 } from '../core/random';
import { fileOf, setsOf } from './cache-file';
import type { SavedAnchors, SavedPairs } from './saved';

export type { SavedAnchors, SavedPairs } from './saved';

/**
 * What one mining run leaves for the next, in memory, and as bytes for whoever keeps it on disk. Keep one for a folder and model and pass it to every run: the next run
 * then works out only what changed. Its answer is the same as without.
 */
export class MiningCache {
  readonly #anchors = new Map<string, SavedAnchors>();
  readonly #pairs = new Map<string, SavedPairs>();

  /** whether a run left something since the last `bytes` or `restore` */
  changed = false;

  /** All of it as the parts of a file, to be written one after the other. @param label what `restore` has to name */
  bytes(label: string): Uint8Array[] {
    this.changed = false;
    return fileOf({ anchors: this.#anchors, pairs: this.#pairs }, label);
  }

  /** Takes up what `bytes` gave; anything else (another label, an older version, a file cut short) is passed over. */
  restore(file: Uint8Array, label: string): boolean {
    const sets = setsOf(file, label);
    for (const [key, saved] of sets?.anchors ?? []) this.#anchors.set(key, saved);
    for (const [key, saved] of sets?.pairs ?? []) this.#pairs.set(key, saved);
    return sets !== undefined;
  }

  /** Forgets everything: the next run starts from nothing. */
  clear(): void {
    this.#anchors.clear();
    this.#pairs.clear();
  }

  /** @internal */
  anchors(problem: Problem): SavedAnchors | undefined {
    return this.#anchors.get(keyOf(problem));
  }

  /** @internal */
  keepAnchors(problem: Problem, saved: SavedAnchors): void {
    this.changed = true;
    keep(this.#anchors, keyOf(problem), saved);
  }

  /** @internal */
  pairs(problem: Problem): SavedPairs | undefined {
    return this.#pairs.get(keyOf(problem));
  }

  /** @internal */
  keepPairs(problem: Problem, saved: SavedPairs): void {
    this.changed = true;
    keep(this.#pairs, keyOf(problem), saved);
  }
}

/** Two runs of each kind: a lane, and the one a person goes back and forth with. */
function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= 2) break;
    map.delete(oldest);
  }
}

/** All of a request that decides what an anchor keeps or a pool holds. */
function keyOf({ data, request }: Problem): string {
  const { lane, metric, weights, margin, strategy, perPair, boundary, quantile, threshold, topK } = request;
  const { minDistance, relativeMargin, rankWindow, perImage, perClassPair } = request.guards;
  return JSON.stringify([
    ...[
      data.dimension,
      lane,
      metric,
      weights ? [...weights] : 0,
      margin,
      strategy,
      perPair,
      boundary,
      quantile,
      threshold,
    ],
    ...[minDistance, relativeMargin, rankWindow, perImage, perClassPair, topK],
  ]);
}

/** Number that stands for each mined row's image and vector: equal ones are taken for unchanged (53 bits). */
export function printsOf({ data, rows }: Problem): Float64Array {
  const { vectors, dimension, ids } = data;
  const bits = new Uint32Array(vectors.buffer, vectors.byteOffset, vectors.length);
  return Float64Array.from(rows, row => {
    let a = 0x811c9dc5;
    let b = 0x2545f491;
    const id = ids[row]!;
    for (let at = 0; at < id.length; at++) a = Math.imul(a ^ id.charCodeAt(at), 0x01000193);
    for (let at = row * dimension; at < (row + 1) * dimension; at++) {
      const word = bits[at]!;
      a = Math.imul(a ^ word, 0x9e3779b1);
      a ^= a >>> 15;
      b = Math.imul(b + word, 0x85ebca6b);
      b ^= b >>> 13;
    }
    return (mix32(a) & 0x1fffff) * 4294967296 + mix32(b);
  });
}

/** Of each mined row a number that stands for its class's members, and one for its answers and copies. */
export function surroundingsOf(
  problem: Problem,
  prints: Float64Array,
): { classes: Float64Array; guards: Float64Array } {
  const { rows, classes, copies, answered, data } = problem;
  const places = new Int32Array(data.ids.length).fill(-1);
  rows.forEach((row, i) => (places[row] = i));
  const ofClass = new Float64Array(rows.length);
  for (const { start, end } of classes) {
    let sum = 0;
    for (let i = start; i < end; i++) sum = (sum + prints[i]!) % 9007199254740881;
    ofClass.fill(sum, start, end);
  }
  const ofCopies = new Map<number, number>();
  rows.forEach((row, i) =>
    ofCopies.set(copies[row]!, ((ofCopies.get(copies[row]!) ?? 0) + prints[i]!) % 9007199254740881),
  );
  const guards = Float64Array.from(rows, row => {
    let sum = ofCopies.get(copies[row]!)!;
    for (let at = answered.starts[row]!; at < answered.starts[row + 1]!; at++) {
      const other = places[answered.others[at]!]!;
      if (other >= 0) sum = (sum + (prints[other]! % 1e15) * (2 + answered.relations[at]!)) % 9007199254740881;
    }
    return sum;
  });
  return { classes: ofClass, guards };
}
