import { dot } from '../distances';
import { mix32 } from '../random';
import type { Neighbours } from './neighbours';
import type { Problem } from './problem';

/** Distances on the unit sphere below this weigh as if they were this: nearer ones are too noisy (Wu et al. use 0.5). */
const NEAREST = 0.5;

/**
 * Distance-weighted sampling (Wu, Manmatha, Smola, Krähenbühl 2017): a negative at distance D on the unit sphere of R^n is
 * drawn with weight 1 / q(D), q(D) ∝ D^(n-2) (1 - D²/4)^((n-3)/2), which is how densely random points lie at that distance.
 * Vectors are compared by direction whatever the metric of the band. Each anchor-positive pair has its own random number,
 * made of the seed and the two images, so that a draw does not depend on the order of the work.
 */
export class DistanceWeighted {
  readonly #problem: Problem;
  readonly #seeds: Uint32Array;
  readonly #norms: Float64Array;
  #logs = new Float64Array(0);
  /** Σ of the weights before each place, with the largest as 1 */
  #sums = new Float64Array(0);

  constructor(problem: Problem) {
    const { vectors, dimension, ids } = problem.data;
    this.#problem = problem;
    this.#seeds = Uint32Array.from(ids, seedOfId);
    this.#norms = new Float64Array(ids.length);
    for (let i = 0; i < ids.length; i++) {
      this.#norms[i] = dot(vectors, i * dimension, vectors, i * dimension, dimension);
    }
  }

  /** Weighs the negatives of an anchor, before `draw`. */
  weigh(anchor: number, negatives: Neighbours): void {
    const { vectors, dimension } = this.#problem.data;
    const { count, rows } = negatives;
    if (this.#logs.length < count) {
      this.#logs = new Float64Array(count * 2);
      this.#sums = new Float64Array(count * 2 + 1);
    }
    const logs = this.#logs;
    let top = -Infinity;
    for (let at = 0; at < count; at++) {
      const norms = Math.sqrt(this.#norms[anchor]! * this.#norms[rows[at]!]!);
      const cosine =
        norms > 0 ? dot(vectors, anchor * dimension, vectors, rows[at]! * dimension, dimension) / norms : 0;
      logs[at] = logWeight(Math.sqrt(Math.max(0, 2 - 2 * cosine)), dimension);
      top = Math.max(top, logs[at]!);
    }
    for (let at = 0; at < count; at++) this.#sums[at + 1] = this.#sums[at]! + Math.exp(logs[at]! - top);
  }

  /** Draws a place of [begin, end) of the negatives last weighed; -1 from an empty range. */
  draw(anchor: number, positive: number, begin: number, end: number): number {
    if (begin >= end) return -1;
    const u = uniform(this.#problem.request.seed, this.#seeds[anchor]!, this.#seeds[positive]!);
    const whole = this.#sums[end]! - this.#sums[begin]!;
    if (whole > 1e-6 * this.#sums[end]!) {
      const target = this.#sums[begin]! + u * whole;
      let low = begin;
      let high = end - 1;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (this.#sums[middle + 1]! > target) high = middle;
        else low = middle + 1;
      }
      return low;
    }
    // far from the heaviest weight the differences of the sums are all rounding: add this range up by itself
    let top = -Infinity;
    for (let at = begin; at < end; at++) top = Math.max(top, this.#logs[at]!);
    let sum = 0;
    for (let at = begin; at < end; at++) sum += Math.exp(this.#logs[at]! - top);
    let left = u * sum;
    for (let at = begin; at < end; at++) {
      left -= Math.exp(this.#logs[at]! - top);
      if (left < 0) return at;
    }
    return end - 1;
  }
}

/** log of 1/q(D), up to a constant; D of [0, 2] on the unit sphere of R^n. */
export function logWeight(d: number, n: number): number {
  const x = Math.max(d, NEAREST);
  return -((n - 2) * Math.log(x) + ((n - 3) / 2) * Math.log(Math.max(1e-8, 1 - (x * x) / 4)));
}

/** 32 bits that depend on the image alone. */
function seedOfId(id: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  return mix32(hash);
}

/** A number of [0, 1) that depends on its three arguments alone. */
function uniform(seed: number, a: number, b: number): number {
  const high = mix32(mix32(mix32(seed) ^ a) + Math.imul(b, 0x9e3779b1));
  const low = mix32(high ^ 0x5bd1e995);
  return ((high >>> 5) * 67108864 + (low >>> 6)) / 9007199254740992;
}
