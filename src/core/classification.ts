import { rowDistance } from './distances';
import type { Embedded, Interval } from './evaluation';
import { proportion } from './evaluation';
import type { Steps } from './steps';

export interface ClassifiedClass {
  label: number;
  /** rows of the class that were asked */
  queries: number;
  /** share of them whose nearest reference is of the class */
  accuracy: Interval;
}

export interface ClassificationReport {
  queries: number;
  accuracy: Interval;
  /** of a guess: a reference drawn at random */
  chance: number;
  classes: ClassifiedClass[];
}

/**
 * Classification by the nearest of some references (1-NN), one query a step. Equally near references of several classes count
 * as the share of the right one among them.
 * @param labels class of each row, of queries and references alike; every query's class must have a reference
 */
export function* classificationSteps(
  data: Embedded,
  labels: Int32Array,
  queries: readonly number[],
  references: readonly number[],
): Steps<ClassificationReport> {
  const between = rowDistance(data.metric, data.dimension, data.weights);
  const counts = new Map<number, { queries: number; right: number }>();
  const sizes = new Map<number, number>();
  for (const row of references) sizes.set(labels[row]!, (sizes.get(labels[row]!) ?? 0) + 1);
  let chance = 0;
  for (const query of queries) {
    yield;
    let least = Infinity;
    let tied = 0;
    let own = 0;
    for (const reference of references) {
      const d = between(data.vectors, query, data.vectors, reference);
      if (d > least) continue;
      if (d < least) [least, tied, own] = [d, 0, 0];
      tied++;
      if (labels[reference] === labels[query]) own++;
    }
    const label = labels[query]!;
    let count = counts.get(label);
    if (!count) counts.set(label, (count = { queries: 0, right: 0 }));
    count.queries++;
    count.right += own / tied;
    chance += (sizes.get(label) ?? 0) / references.length;
  }
  const right = [...counts.values()].reduce((sum, count) => sum + count.right, 0);
  return {
    queries: queries.length,
    accuracy: proportion(right, queries.length),
    chance: chance / queries.length,
    classes: [...counts].map(([label, count]) => ({
      label,
      queries: count.queries,
      accuracy: proportion(count.right, count.queries),
    })),
  };
}
