import { UnionFind } from './duplicates';
import type { Entry } from './pool';
import { SAME, type Problem } from './problem';
import type { GroupOfCandidate } from './types';

/**
 * Groups near duplicates: images within reach of each other, directly or by others in between. Of the pairs, given nearest
 * first, those are wanted that join what the pairs taken so far leave apart (Kruskal's minimum spanning forest): each of them
 * is worth a question, the others follow. A pair that a cap refuses joins nothing, so that a later one may hold its group
 * together instead. Pairs answered `same` are joined from the start.
 */
export class NearDuplicates {
  readonly #problem: Problem;
  /** images within reach of each other, whatever was taken */
  readonly #groups: UnionFind;
  /** images that the pairs taken hold together */
  readonly #held: UnionFind;

  constructor(problem: Problem) {
    const { answered, rows, data } = problem;
    this.#problem = problem;
    this.#groups = new UnionFind(data.ids.length);
    this.#held = new UnionFind(data.ids.length);
    const mined = new Uint8Array(data.ids.length);
    for (const row of rows) mined[row] = 1;
    for (const i of rows) {
      for (let at = answered.starts[i]!; at < answered.starts[i + 1]!; at++) {
        const j = answered.others[at]!;
        if (answered.relations[at] !== SAME || !mined[j]) continue;
        this.#groups.join(i, j);
        this.#held.join(i, j);
      }
    }
  }

  /** Takes in that two images are within reach. Whether the pairs taken so far leave them apart. */
  meet({ a, b }: Entry): boolean {
    this.#groups.join(a, b);
    return this.#held.find(a) !== this.#held.find(b);
  }

  /** Takes in that a pair was taken. */
  hold({ a, b }: Entry): void {
    this.#held.join(a, b);
  }

  /** Rows of each group of two or more, by hash; the largest group first, then by the first hash. */
  groups(): number[][] {
    const { rows, ranks } = this.#problem;
    const byRoot = new Map<number, number[]>();
    for (const row of rows) {
      const root = this.#groups.find(row);
      const group = byRoot.get(root);
      if (group) group.push(row);
      else byRoot.set(root, [row]);
    }
    const byRank = (x: number, y: number) => ranks[x]! - ranks[y]!;
    return [...byRoot.values()]
      .filter(group => group.length > 1)
      .map(group => group.sort(byRank))
      .sort((x, y) => y.length - x.length || byRank(x[0]!, y[0]!));
  }
}

/** The group of each row that is in one, numbered from 1 as they are given. */
export function groupsByRow(groups: readonly (readonly number[])[]): Map<number, GroupOfCandidate> {
  return new Map(groups.flatMap((rows, at) => rows.map(row => [row, { number: at + 1, size: rows.length }] as const)));
}
