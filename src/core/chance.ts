/** What retrieval by guessing would reach on average: a random order of the others. */
export interface RetrievalChance {
  precisionAt1: number;
  recallAt: Record<number, number>;
  rPrecision: number;
  mapAtR: number;
}

/**
 * Expected figures of a random order, leave-one-out, averaged over the queries that have another of their class. With n others
 * of which r are of the query's class: P@1 and R-precision r/n; Recall@k 1 - C(n-r, k)/C(n, k); MAP@R the mean over places
 * k <= r of (r/n) (1 + (k-1)(r-1)/(n-1)) / k.
 * @param labels class of each row; -1: none, left out
 */
export function retrievalChance(
  labels: Int32Array,
  queries: readonly number[],
  ks: readonly number[] = [1, 5, 10],
): RetrievalChance {
  const sizes = new Map<number, number>();
  let classed = 0;
  for (const label of labels) {
    if (label < 0) continue;
    classed++;
    sizes.set(label, (sizes.get(label) ?? 0) + 1);
  }
  const n = classed - 1;
  const total: RetrievalChance = {
    precisionAt1: 0,
    recallAt: Object.fromEntries(ks.map(k => [k, 0])),
    rPrecision: 0,
    mapAtR: 0,
  };
  const asked = queries.filter(row => (sizes.get(labels[row]!) ?? 0) > 1);
  // All queries of a class expect the same.
  const counts = new Map<number, number>();
  for (const row of asked) counts.set(labels[row]!, (counts.get(labels[row]!) ?? 0) + 1);
  for (const [label, count] of counts) {
    const r = sizes.get(label)! - 1;
    const share = count / asked.length;
    total.precisionAt1 += share * (r / n);
    total.rPrecision += share * (r / n);
    for (const k of ks) {
      let missed = 1;
      for (let i = 0; i < Math.min(k, n); i++) missed *= Math.max(0, n - r - i) / (n - i);
      total.recallAt[k]! += share * (1 - missed);
    }
    let sum = 0;
    for (let k = 1; k <= r; k++) sum += (1 + (n > 1 ? ((k - 1) * (r - 1)) / (n - 1) : 0)) / k;
    total.mapAtR += (share * (r / n) * sum) / r;
  }
  return total;
}
