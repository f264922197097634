import { rowDistance } from '../core/distances';
import { mayCompare, type Side } from '../core/mining/guards';
import { Neighbours } from '../core/mining/neighbours';
import type { Problem } from '../core/mining/problem';
import { Random } from '../core/random';
import type { Control } from './control';
import type { BlockIndex } from './tree';

/** Distances that the measurement may work out. */
const BUDGET = 2e7;
const PARTNERS = 10;

/**
 * The recall of an index: of a random sample of rows, the share of each one's ten best partners (worked out exactly, over all
 * rows) that lie in blocks which the index compares with the row's own.
 * @param value of a distance: smaller is a better partner
 * @returns undefined when the run was cancelled
 */
export async function measureRecall(
  problem: Problem,
  index: BlockIndex,
  side: Side,
  value: (distance: number) => number,
  control: Control,
): Promise<number | undefined> {
  const { data, request, ranks } = problem;
  const { labels, vectors } = data;
  const { rows, block, near } = index;
  const distance = rowDistance(request.metric, data.dimension, request.weights);
  const random = new Random(request.seed);
  const sample = Math.max(8, Math.min(200, Math.floor(BUDGET / rows.length)));
  const partners = new Neighbours();
  const places = new Int32Array(data.ids.length);
  rows.forEach((row, place) => (places[row] = place));
  let found = 0;
  let all = 0;
  for (let run = 0; run < sample; run++) {
    const place = random.below(rows.length);
    const i = rows[place]!;
    partners.clear();
    for (const [at, j] of rows.entries()) {
      if ((at & 1023) === 0 && control.due && (await control.pause())) return undefined;
      if (i === j || (side !== 'any' && (labels[i] === labels[j]) !== (side === 'same'))) continue;
      if (mayCompare(problem, i, j)) partners.push(j, value(distance(vectors, i, vectors, j)));
    }
    partners.sort(ranks);
    const best = partners.rows.subarray(0, Math.min(PARTNERS, partners.count));
    all += best.length;
    for (const j of best) if (near(Math.floor(place / block), Math.floor(places[j]! / block))) found++;
  }
  return all === 0 ? 1 : found / all;
}
