import { mayCompare } from '../core/mining/guards';
import { CandidatePool, type Entry } from '../core/mining/pool';
import { answerOf, type Problem } from '../core/mining/problem';
import { printsOf, surroundingsOf, type MiningCache, type SavedPairs } from './cache';

/** A pool of an earlier run over the same images, vectors and classes, without the pairs answered since. */
export interface TakenUp {
  pool: CandidatePool;
  inBand: number;
}

/**
 * Takes up the pool of an earlier run, if since then nothing but answers came: with other images a pool may lack pairs.
 * @param turn what the lane turns on now
 */
export function takeUpPairs(problem: Problem, cache: MiningCache, turn: number, limit: number): TakenUp | undefined {
  const saved = cache.pairs(problem);
  // pairs nearer than a least distance are counted by a pass
  if (!saved || saved.turn !== turn || problem.request.guards.minDistance !== undefined) return undefined;
  const prints = printsOf(problem);
  const classes = surroundingsOf(problem, prints).classes;
  if (prints.length !== saved.prints.length) return undefined;
  const placeOf = new Map<number, number>();
  prints.forEach((print, i) => placeOf.set(print, i));
  const rows = new Int32Array(prints.length);
  for (let old = 0; old < rows.length; old++) {
    const i = placeOf.get(saved.prints[old]!);
    if (i === undefined || classes[i] !== saved.classes[old]) return undefined;
    rows[old] = problem.rows[i]!;
  }
  for (let at = 0; at < saved.answered.length; at += 2) {
    const [i, j] = [rows[saved.answered[at]!]!, rows[saved.answered[at + 1]!]!];
    // an answer that was taken back brings a pair back that the pool does not have
    if (answerOf(problem.answered, i, j) === undefined) return undefined;
  }
  const pool = new CandidatePool(problem.ranks, limit);
  for (const { score, a, b } of saved.entries) {
    if (mayCompare(problem, rows[a]!, rows[b]!)) pool.offer(score, rows[a]!, rows[b]!, -1);
  }
  pool.dropped = saved.dropped;
  if (saved.floor) pool.floor = { ...saved.floor, a: rows[saved.floor.a]!, b: rows[saved.floor.b]! };
  return { pool, inBand: saved.inBand };
}

/** Keeps the pool of a whole run for the next one. */
export function keepPairs(
  problem: Problem,
  cache: MiningCache,
  turn: number,
  pool: CandidatePool,
  inBand: number,
): void {
  const { rows, answered, data } = problem;
  const places = new Int32Array(data.ids.length).fill(-1);
  rows.forEach((row, i) => (places[row] = i));
  const local = (entry: Entry): Entry => ({ ...entry, a: places[entry.a]!, b: places[entry.b]! });
  const pairs: number[] = [];
  rows.forEach((row, i) => {
    for (let at = answered.starts[row]!; at < answered.starts[row + 1]!; at++) {
      const j = places[answered.others[at]!]!;
      if (j > i) pairs.push(i, j);
    }
  });
  const prints = printsOf(problem);
  const saved: SavedPairs = {
    prints,
    classes: surroundingsOf(problem, prints).classes,
    answered: Int32Array.from(pairs),
    entries: Array.from({ length: pool.count }, (_, at) => local(pool.entry(at))),
    floor: pool.floor && local(pool.floor),
    dropped: pool.dropped,
    inBand,
    turn,
  };
  cache.keepPairs(problem, saved);
}
