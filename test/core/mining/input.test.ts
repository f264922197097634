import { describe, expect, it } from 'vitest';
import { mine, MiningInputError } from '../../../src/kernel';
import { MINED_LANES, METRICS } from '../../../src/core/types';
import type { MiningData, MiningRequest } from '../../../src/core/mining/types';
import { clusters, dataOf, hashOf, requestOf } from '../../support/mining';

const points = () =>
  dataOf(
    [
      [0, 1],
      [1, 0],
      [2, 2],
      [3, 1],
    ],
    [0, 0, 1, 1],
  );
const refusal = (data: MiningData, request: Partial<MiningRequest> = {}) =>
  mine(data, requestOf(request)).then(
    () => 'accepted',
    (error: unknown) => {
      expect(error).toBeInstanceOf(MiningInputError);
      return (error as Error).message;
    },
  );

describe('input that cannot be mined', () => {
  it.each([NaN, Infinity, -Infinity])('%d in a vector is refused with the image named', async value => {
    const data = points();
    data.vectors[5] = value;
    const message = await refusal(data);
    expect(message).toContain(hashOf(2));
    expect(message).toContain(`${value} at component 1`);
  });

  it.each([
    [{ margin: NaN }, 'margin'],
    [{ margin: -1 }, 'margin'],
    [{ margin: Infinity }, 'margin'],
    [{ topK: 0 }, 'candidates'],
    [{ perPair: 1.5 }, 'negatives of a pair'],
    [{ metric: 'weightedL1' }, '2 weights'],
    [{ metric: 'weightedL1', weights: Float32Array.of(1, -1) }, 'not negative'],
    [{ metric: 'manhattan' as 'l1' }, 'manhattan'],
    [{ guards: { perImage: 0 } }, 'per image'],
    [{ guards: { rankWindow: [3, 2] } }, 'rank window'],
    [{ guards: { relativeMargin: -0.1 } }, 'relative margin'],
    [{ quantile: 1.2 }, 'quantile'],
  ] as [Partial<MiningRequest>, string][])('%o is refused', async (request, word) => {
    expect(await refusal(points(), request)).toContain(word);
  });

  it('arrays that do not fit together are refused', async () => {
    expect(await refusal({ ...points(), dimension: 3 })).toContain('12 components');
    expect(await refusal({ ...points(), labels: Int32Array.of(0) })).toContain('labels');
    expect(await refusal({ ...points(), dimension: 0 })).toContain('dimension');
  });
});

describe('input with nothing to find', () => {
  const nothing: [string, MiningData][] = [
    ['no images', { vectors: new Float32Array(0), dimension: 4, ids: [], labels: new Int32Array(0) }],
    ['one image', dataOf([[1, 2]], [0])],
    ['one class', { ...clusters(20, 3, 1), labels: new Int32Array(20) }],
    ['every image alone', { ...clusters(20, 3, 5), labels: Int32Array.from({ length: 20 }, (_, i) => i) }],
    ['no classes', { ...clusters(20, 3, 5), labels: new Int32Array(20).fill(-1) }],
  ];
  it.each(nothing)('%s: no triplets, and no error in any lane', async (_, data) => {
    for (const lane of MINED_LANES) {
      for (const metric of METRICS) {
        const weights = new Float32Array(data.dimension).fill(1);
        const { candidates, report } = await mine(data, requestOf({ lane, metric, weights, margin: 5 }));
        if (lane.endsWith('triplets')) expect(candidates).toEqual([]);
        expect(report.partial).toBe(false);
        for (const [name, count] of Object.entries(report.leftOut)) expect(count, name).toBeGreaterThanOrEqual(0);
      }
    }
  });
});
