import { UnionFind } from './duplicates';
import type { Entry } from './pool';
import { SAME, type Problem } from './problem';

/**
 * Groups near duplicates: images within reach of each other, directly or by others in between. Of the pairs, given nearest
 * first, only those are kept that join two groups (Kruskal's minimum spanning forest): each of them is worth a question, the
 * others follow. Pairs answered `same` are joined from the start.
 */
export class NearDuplicates {
  readonly #problem: Problem;
  readonly #sets: UnionFind;

  constructor(problem: Problem) {
    const { answered, rows, data } = problem;
    this.#problem = problem;
    this.#sets = new UnionFind(data.ids.length);
    const mined = new Uint8Array(data.ids.length);
    for (const row of rows) mined[row] = 1;
    for (const i of rows) {
      for (let at = answered.starts[i]!; at < answered.starts[i + 1]!; at++) {
        if (answered.relations[at] === SAME && mined[answered.others[at]!]) this.#sets.join(i, answered.others[at]!);
      }
    }
  }

  /** Whether the pair joins two groups; it does so then. */
  join({ a, b }: Entry): boolean {
    return this.#sets.join(a, b);
  }

  /** Rows of each group of two or more, by hash; the largest group first, then by the first hash. */
  groups(): number[][] {
    const { rows, ranks } = this.#problem;
    const byRoot = new Map<number, number[]>();
    for (const row of rows) {
      const root = this.#sets.find(row);
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
