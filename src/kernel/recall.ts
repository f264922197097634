import { rowDistance } from '../core/distances';
import { mayBePositive, mayCompare, type Side } from '../core/mining/guards';
import { lowerBound } from '../core/mining/neighbours';
import type { Problem } from '../core/mining/problem';
import { Random } from '../core/random';
import type { Control } from './control';
import type { BlockIndex } from './tree';

/** Distances that the measurement may work out. */
const BUDGET = 2e7;
const PARTNERS = 10;

/** What of a row an index is to see: its best partners among rows of a side, or the negatives of its semi-hard triplets. */
export type Sought =
  | {
      kind: 'nearest';
      side: Side;
      /** of a distance: smaller is a better partner */
      value(distance: number): number;
    }
  | { kind: 'semi-hard' };

/**
 * The recall of an index: of a random sample of rows, the share of what is sought (worked out exactly, over all rows) that lies
 * in blocks which the index compares with the row's own. Each row counts by how much it seeks: ten partners, or one negative
 * for each of its positives that has a semi-hard triplet with its nearest negative.
 * @returns undefined when the run was cancelled
 */
export async function measureRecall(
  problem: Problem,
  index: BlockIndex,
  sought: Sought,
  control: Control,
): Promise<number | undefined> {
  const { data, request } = problem;
  const { labels, vectors } = data;
  const { rows, block, near } = index;
  const distance = rowDistance(request.metric, data.dimension, request.weights);
  const random = new Random(request.seed);
  const sample = Math.max(8, Math.min(200, Math.floor(BUDGET / rows.length)));
  const places = new Int32Array(data.ids.length);
  rows.forEach((row, place) => (places[row] = place));
  const distances = new Float64Array(rows.length);
  let found = 0;
  let all = 0;
  for (let run = 0; run < sample; run++) {
    const place = random.below(rows.length);
    const i = rows[place]!;
    for (const [at, j] of rows.entries()) {
      if ((at & 1023) === 0 && control.due && (await control.pause())) return undefined;
      const same = labels[i] === labels[j];
      const wanted =
        sought.kind === 'nearest'
          ? (sought.side === 'any' || same === (sought.side === 'same')) && mayCompare(problem, i, j)
          : same
            ? mayBePositive(problem, i, j)
            : mayCompare(problem, i, j);
      distances[at] = wanted && i !== j ? distance(vectors, i, vectors, j) : Infinity;
    }
    const partners =
      sought.kind === 'nearest'
        ? bestOf(problem, rows, distances, sought.value)
        : semiHardNegatives(problem, i, rows, distances);
    all += partners.length;
    for (const j of partners) if (near(Math.floor(place / block), Math.floor(places[j]! / block))) found++;
  }
  return all === 0 ? 1 : found / all;
}

/** The ten best rows, ties by hash; an infinite distance stands for a row that is none. */
function bestOf(
  { ranks }: Problem,
  rows: Int32Array,
  distances: Float64Array,
  value: (distance: number) => number,
): number[] {
  const best: { row: number; value: number }[] = [];
  const isBefore = (x: { row: number; value: number }, y: { row: number; value: number }) =>
    x.value < y.value || (x.value === y.value && ranks[x.row]! < ranks[y.row]!);
  for (const [at, row] of rows.entries()) {
    if (distances[at] === Infinity) continue;
    const worth = value(distances[at]!);
    if (best.length === PARTNERS && worth > best[PARTNERS - 1]!.value) continue;
    const entry = { row, value: worth };
    if (best.length === PARTNERS && !isBefore(entry, best[PARTNERS - 1]!)) continue;
    if (best.length === PARTNERS) best.pop();
    let to = best.length;
    while (to > 0 && isBefore(entry, best[to - 1]!)) to--;
    best.splice(to, 0, entry);
  }
  return best.map(({ row }) => row);
}

/** For each positive of row i that has one: the nearest negative beyond it, where it is nearer than the margin. */
function semiHardNegatives(
  { data, ranks, request }: Problem,
  i: number,
  rows: Int32Array,
  distances: Float64Array,
): number[] {
  const { labels } = data;
  const positives = Float64Array.from(
    distances.filter((d, at) => d < Infinity && labels[rows[at]!] === labels[i]),
  ).sort();
  // the nearest negative of each gap between one positive and the next
  const nearest = Array.from(positives, () => ({ row: -1, distance: Infinity }));
  for (const [at, row] of rows.entries()) {
    const d = distances[at]!;
    if (d === Infinity || labels[row] === labels[i]) continue;
    const gap = lowerBound(positives, d) - 1;
    const held = nearest[gap];
    if (held && (d < held.distance || (d === held.distance && ranks[row]! < ranks[held.row]!))) {
      nearest[gap] = { row, distance: d };
    }
  }
  const negatives: number[] = [];
  let beyond = { row: -1, distance: Infinity };
  for (let p = positives.length - 1; p >= 0; p--) {
    if (nearest[p]!.row >= 0) beyond = nearest[p]!;
    const t = beyond.distance - positives[p]!;
    if (t < request.margin || (request.boundary === 'inclusive' && t === request.margin)) negatives.push(beyond.row);
  }
  return negatives;
}
