import { Random } from '../../../src/core/random';
import type { Labelled } from './data';
import type { Session } from './session';

/** Pairs that a session taught, by rows: judged and implied ones, contradicted components left out. */
export interface Lessons {
  same: [number, number][];
  different: [number, number][];
}

const MOST = 20_000;

export function lessonsOf(set: Labelled, { graph, given }: Pick<Session, 'graph' | 'given'>, seed: number): Lessons {
  const random = new Random(seed);
  const row = new Map(set.hashes.map((hash, i) => [hash, i]));
  const lessons: Lessons = { same: [], different: [] };
  const components = new Map<number, number[]>();
  for (const members of graph.componentsOf(2)) {
    if (graph.isContradicted(members[0])) continue;
    const rows = members.map(hash => row.get(hash)!);
    components.set(graph.componentOf(members[0]), rows);
    for (let i = 0; i < rows.length; i++) for (let j = 0; j < i; j++) lessons.same.push([rows[i], rows[j]]);
  }
  const met = new Set<string>();
  for (const { x, y, relation } of given.values()) {
    const [p, q] = [graph.componentOf(set.hashes[x]), graph.componentOf(set.hashes[y])];
    const key = p < q ? `${p} ${q}` : `${q} ${p}`;
    if (relation !== 'different' || p === q || met.has(key)) continue;
    met.add(key);
    for (const a of components.get(p) ?? [x]) for (const b of components.get(q) ?? [y]) lessons.different.push([a, b]);
  }
  for (const list of [lessons.same, lessons.different]) random.shuffle(list).splice(MOST);
  return lessons;
}

/**
 * A linear head on frozen vectors from `same` pairs alone: relevant component analysis (Bar-Hillel et al. 2003), which
 * shortens the directions in which images of one class differ, L^-1 for C = L L' the covariance of such differences. C is
 * mixed with as large a multiple of the identity, so that few answers change little. A head trained by gradient descent on
 * both kinds of pairs, with as many weights as this one has, falls below the frozen vectors on classes that it has not met.
 * @param shrinkage the identity's part, 0 to 1; 1 leaves the vectors as they are
 * @returns the matrix, row by row
 */
export function learnHead(set: Labelled, { same }: Lessons, shrinkage = 0.7): Float64Array {
  const { dimension: n, vectors } = set;
  const covariance = new Float64Array(n * n);
  const delta = new Float64Array(n);
  for (const [x, y] of same) {
    for (let i = 0; i < n; i++) delta[i] = vectors[x * n + i] - vectors[y * n + i];
    for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) covariance[i * n + j] += delta[i] * delta[j];
  }
  let trace = 0;
  for (let i = 0; i < n; i++) trace += covariance[i * n + i];
  const scale = trace > 0 ? ((1 - shrinkage) * n) / trace : 0;
  const least = trace > 0 ? shrinkage : 1;
  const lower = new Float64Array(n * n);
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = scale * covariance[i * n + j] + (i === j ? least : 0);
      for (let k = 0; k < j; k++) sum -= lower[i * n + k] * lower[j * n + k];
      lower[i * n + j] = i === j ? Math.sqrt(sum) : sum / lower[j * n + j];
    }
  }
  for (let column = 0; column < n; column++) {
    for (let i = column; i < n; i++) {
      let sum = i === column ? 1 : 0;
      for (let k = column; k < i; k++) sum -= lower[i * n + k] * inverse[k * n + column];
      inverse[i * n + column] = sum / lower[i * n + i];
    }
  }
  return inverse;
}

/** Share of images whose nearest other image is of their class, after the head. */
export function recallAt1(set: Labelled, head?: Float64Array): number {
  const { dimension: n, vectors, classes } = set;
  const rows = classes.length;
  const mapped = new Float32Array(rows * n);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < n; i++) {
      let sum = head === undefined ? vectors[row * n + i] : 0;
      if (head !== undefined) for (let j = 0; j < n; j++) sum += head[i * n + j] * vectors[row * n + j];
      mapped[row * n + i] = sum;
    }
  }
  let right = 0;
  for (let x = 0; x < rows; x++) {
    let best = -1;
    let least = Infinity;
    for (let y = 0; y < rows; y++) {
      if (x === y) continue;
      let sum = 0;
      for (let i = 0; i < n && sum < least; i++) sum += (mapped[x * n + i] - mapped[y * n + i]) ** 2;
      if (sum < least) [least, best] = [sum, y];
    }
    if (classes[best] === classes[x]) right++;
  }
  return right / rows;
}
