import { describe, expect, it } from 'vitest';
import { pooledRetrieval, retrieval } from '../../src/core/evaluation';
import { Random } from '../../src/core/random';

const COUNT = 300;
const random = new Random(11);
const labels = Int32Array.from({ length: COUNT }, (_, i) => (i === 0 ? 99 : i % 6));
const vectors = Float32Array.from({ length: COUNT * 4 }, (_, at) => {
  const label = labels[Math.floor(at / 4)]!;
  return random.normal() + (at % 4 === 0 ? label : 0);
});
const data = { vectors, dimension: 4, metric: 'l2' } as const;
const rows = [...labels.keys()];

describe('retrieval of several sets of queries', () => {
  it('is that of all of them, with an interval as wide', () => {
    const whole = retrieval(data, labels);
    // Of unlike sizes, so that a mean of means would be another number.
    const parts = [rows.filter(row => row < 40), rows.filter(row => row >= 40)];
    const pooled = pooledRetrieval(parts.map(queries => retrieval(data, labels, { queries })));
    expect(pooled).toMatchObject({ queries: COUNT - 1, alone: 1 });
    expect(pooled.precisionAt1).toEqual(whole.precisionAt1);
    for (const k of [1, 5, 10]) expect(pooled.recallAt[k]).toEqual(whole.recallAt[k]);
    for (const figure of ['rPrecision', 'mapAtR'] as const) {
      expect(pooled[figure].value).toBeCloseTo(whole[figure].value, 12);
      const width = ({ low, high }: { low: number; high: number }) => high - low;
      expect(width(pooled[figure]) / width(whole[figure])).toBeCloseTo(1, 1);
    }
  });

  it('says of none that there is none', () => {
    const none = pooledRetrieval([retrieval(data, labels, { queries: [0] })]);
    expect(none).toMatchObject({ queries: 0, alone: 1 });
    expect(none.mapAtR.value).toBeNaN();
    expect(none.precisionAt1.value).toBeNaN();
  });
});
