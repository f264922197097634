import { Random } from '../../../src/core/random';
import { distance, type Labelled } from './data';
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

export interface HeadOptions {
  seed: number;
  steps?: number;
  batch?: number;
  rate?: number;
  /** pull towards the identity, so that few answers do not spoil what the backbone knows */
  pull?: number;
}

/**
 * A linear head on frozen vectors, square and starting as the identity, trained with the contrastive loss of Hadsell et
 * al. 2006: d^2 for `same`, max(0, m - d)^2 for `different`, m the mean distance of the untrained vectors.
 * @returns the matrix, row by row
 */
export function trainHead(set: Labelled, lessons: Lessons, options: HeadOptions): Float64Array {
  const { seed, steps = 400, batch = 32, rate = 0.02, pull = 0.02 } = options;
  const { dimension: n, vectors } = set;
  const random = new Random(seed);
  const w = new Float64Array(n * n);
  for (let i = 0; i < n; i++) w[i * n + i] = 1;
  const { same, different } = lessons;
  if (same.length === 0 && different.length === 0) return w;
  let margin = 0;
  for (let i = 0; i < 500; i++)
    margin += distance(set, random.below(set.hashes.length), random.below(set.hashes.length)) / 500;
  const gradient = new Float64Array(n * n);
  const first = new Float64Array(n * n);
  const second = new Float64Array(n * n);
  const delta = new Float64Array(n);
  const image = new Float64Array(n);
  for (let step = 1; step <= steps; step++) {
    gradient.fill(0);
    for (let k = 0; k < batch; k++) {
      const list = different.length === 0 || (k % 2 === 0 && same.length > 0) ? same : different;
      const [x, y] = list[random.below(list.length)];
      for (let i = 0; i < n; i++) delta[i] = vectors[x * n + i] - vectors[y * n + i];
      let square = 0;
      for (let i = 0; i < n; i++) {
        let sum = 0;
        for (let j = 0; j < n; j++) sum += w[i * n + j] * delta[j];
        image[i] = sum;
        square += sum * sum;
      }
      const d = Math.sqrt(square);
      const factor = list === same ? 2 : d < margin ? (-2 * (margin - d)) / Math.max(d, 1e-6) : 0;
      if (factor === 0) continue;
      for (let i = 0; i < n; i++) {
        const scaled = (factor * image[i]) / batch;
        for (let j = 0; j < n; j++) gradient[i * n + j] += scaled * delta[j];
      }
    }
    // Adam (Kingma & Ba 2015), the rate falling to nothing.
    const now = (rate * (1 - step / steps) * Math.sqrt(1 - 0.999 ** step)) / (1 - 0.9 ** step);
    for (let i = 0; i < n * n; i++) {
      const g = gradient[i] + pull * (w[i] - (i % (n + 1) === 0 ? 1 : 0));
      first[i] = 0.9 * first[i] + 0.1 * g;
      second[i] = 0.999 * second[i] + 0.001 * g * g;
      w[i] -= (now * first[i]) / (Math.sqrt(second[i]) + 1e-8);
    }
  }
  return w;
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
