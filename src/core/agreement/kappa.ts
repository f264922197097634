import type { Relation } from '../types';

export interface Kappa {
  /** 1: full agreement, 0: what chance would give, below: worse than chance; 1 where both always say one and the same */
  kappa: number;
  /** share of pairs on which both say the same */
  observed: number;
  /** the share that chance would give, from how often each says what */
  expected: number;
  pairs: number;
  /** large-sample standard error of kappa; 0 where it cannot be estimated */
  standardError: number;
}

/**
 * Cohen's kappa of two raters, or of one rater with themselves at another time: (observed - expected) / (1 - expected)
 * (Cohen 1960), standard error sqrt(observed (1 - observed) / n) / (1 - expected). Undefined without any pair.
 */
export function cohenKappa(ratings: Iterable<readonly [Relation, Relation]>): Kappa | undefined {
  const first = new Map<Relation, number>();
  const second = new Map<Relation, number>();
  let pairs = 0;
  let agreed = 0;
  for (const [x, y] of ratings) {
    pairs++;
    if (x === y) agreed++;
    first.set(x, (first.get(x) ?? 0) + 1);
    second.set(y, (second.get(y) ?? 0) + 1);
  }
  if (pairs === 0) return undefined;
  const observed = agreed / pairs;
  let expected = 0;
  for (const [relation, count] of first) expected += (count / pairs) * ((second.get(relation) ?? 0) / pairs);
  // Both always say one thing: there is nothing that chance leaves to explain.
  if (expected === 1) return { kappa: 1, observed, expected, pairs, standardError: 0 };
  return {
    kappa: (observed - expected) / (1 - expected),
    observed,
    expected,
    pairs,
    standardError: Math.sqrt((observed * (1 - observed)) / pairs) / (1 - expected),
  };
}
