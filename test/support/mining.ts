import { rowDistance } from '../../src/core/distances';
import { kindOfTriplet } from '../../src/core/triplets';
import type { Distance, ImageHash } from '../../src/core/types';
import type { MinedCandidate, MiningData, MiningRequest } from '../../src/core/mining/types';
import { Random } from '../../src/core/random';

/** A made-up image hash that orders as `place` does. */
export function hashOf(place: number): ImageHash {
  return `sha256:${place.toString(16).padStart(64, '0')}`;
}

/** Mining data from nested lists, hashes in row order. */
export function dataOf(rows: readonly (readonly number[])[], labels: readonly number[]): MiningData {
  return {
    vectors: Float32Array.from(rows.flat()),
    dimension: rows[0]?.length ?? 1,
    ids: rows.map((_, i) => hashOf(i)),
    labels: Int32Array.from(labels),
  };
}

/** A request with everything on and nothing capped. */
export function requestOf(changes: Partial<MiningRequest>): MiningRequest {
  return {
    lane: 'semi-hard-triplets',
    metric: 'l2',
    margin: 1,
    strategy: 'nearest',
    perPair: 1,
    topK: 1_000_000,
    guards: {},
    seed: 1,
    ...changes,
  };
}

/** Points around class centres, normalised on request; hashes in shuffled order. */
export function clusters(
  n: number,
  dimension: number,
  classes: number,
  { spread = 1, unit = false, seed = 1 }: { spread?: number; unit?: boolean; seed?: number } = {},
): MiningData {
  const random = new Random(seed);
  const centres = Array.from({ length: classes * dimension }, () => random.normal());
  const vectors = new Float32Array(n * dimension);
  const labels = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    labels[i] = random.below(classes);
    let norm = 0;
    for (let k = 0; k < dimension; k++) {
      const x = centres[labels[i]! * dimension + k]! + spread * random.normal();
      vectors[i * dimension + k] = x;
      norm += x * x;
    }
    if (unit) for (let k = 0; k < dimension; k++) vectors[i * dimension + k]! /= Math.sqrt(norm);
  }
  const places = random.shuffle(Array.from({ length: n }, (_, i) => i));
  return { vectors, dimension, ids: places.map(hashOf), labels };
}

/** Every triplet (a, p, n) of the data with its kind: straight from the definitions, N³. */
export function allTriplets(data: MiningData, request: MiningRequest) {
  const { labels, ids, vectors, dimension } = data;
  const distance = rowDistance(request.metric, dimension, request.weights);
  const d = (i: number, j: number) => distance(vectors, i, vectors, j);
  const triplets: { a: number; p: number; n: number; dp: Distance; dn: Distance; kind: string }[] = [];
  for (let a = 0; a < ids.length; a++) {
    for (let p = 0; p < ids.length; p++) {
      if (p === a || labels[p] !== labels[a] || labels[a]! < 0) continue;
      for (let n = 0; n < ids.length; n++) {
        if (labels[n] === labels[a] || labels[n]! < 0) continue;
        const kind = kindOfTriplet(d(a, p), d(a, n), request.margin, request.boundary);
        triplets.push({ a, p, n, dp: d(a, p), dn: d(a, n), kind });
      }
    }
  }
  return triplets;
}

/** A candidate's rows, as text to compare and sort by. */
export function rowsOf(candidate: MinedCandidate): string {
  return candidate.kind === 'pair'
    ? `${candidate.a} ${candidate.b}`
    : `${candidate.anchor} ${candidate.positive} ${candidate.negative}`;
}
