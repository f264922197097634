import { describe, expect, it } from 'vitest';
import { retrievalChance } from '../../src/core/chance';
import { classification, guessSteps, isNearTie } from '../../src/core/classification';
import { retrieval } from '../../src/core/evaluation';
import { Random } from '../../src/core/random';
import { finish } from '../../src/core/steps';

describe('retrieval by chance', () => {
  it('is what vectors that know nothing reach on average', () => {
    const labels = Int32Array.from({ length: 40 }, (_, i) => (i < 24 ? 0 : i < 36 ? 1 : i < 39 ? 2 : -1));
    const rows = [...labels.keys()].filter(row => labels[row]! >= 0);
    const expected = retrievalChance(labels, rows);
    const random = new Random(5);
    const mean = { precisionAt1: 0, rPrecision: 0, mapAtR: 0, five: 0 };
    const runs = 400;
    for (let run = 0; run < runs; run++) {
      const vectors = Float32Array.from({ length: 40 * 8 }, () => random.normal());
      const found = retrieval({ vectors, dimension: 8, metric: 'l2' }, labels);
      mean.precisionAt1 += found.precisionAt1.value / runs;
      mean.rPrecision += found.rPrecision.value / runs;
      mean.mapAtR += found.mapAtR.value / runs;
      mean.five += found.recallAt[5]!.value / runs;
    }
    expect(mean.precisionAt1).toBeCloseTo(expected.precisionAt1, 1);
    expect(Math.abs(mean.rPrecision - expected.rPrecision)).toBeLessThan(0.01);
    expect(Math.abs(mean.mapAtR - expected.mapAtR)).toBeLessThan(0.01);
    expect(Math.abs(mean.five - expected.recallAt[5]!)).toBeLessThan(0.015);
  });

  it('is certainty with one class, and leaves out who is alone', () => {
    const sure = retrievalChance(Int32Array.of(0, 0, 0), [0, 1, 2]);
    expect([sure.precisionAt1, sure.rPrecision, sure.mapAtR, sure.recallAt[5]]).toEqual([1, 1, 1, 1]);
    // Row 4 is alone: of the two others of row 0's kind among four, one is its own.
    expect(retrievalChance(Int32Array.of(0, 0, 1, 1, 2), [0, 4]).precisionAt1).toBeCloseTo(1 / 4);
  });
});

describe('classification by the nearest references', () => {
  const data = { vectors: Float32Array.of(0, 10, 1, 8, 4, 5), dimension: 1, metric: 'l2' as const };
  const judge = (labels: Int32Array, queries: number[], references: number[], of = data) =>
    classification(finish(guessSteps(of, labels, queries, references)), labels, references);

  it('counts by class, beside the chance of a reference drawn at random', () => {
    // references 0 (class 0, at 0), 1 (class 1, at 10), 5 (class 1, at 5); queries at 1, 8, 4
    const report = judge(Int32Array.of(0, 1, 0, 1, 0, 1), [2, 3, 4], [0, 1, 5]);
    expect(report.accuracy.value).toBeCloseTo(2 / 3);
    expect(report.chance).toBeCloseTo((1 / 3 + 2 / 3 + 1 / 3) / 3);
    expect(report.classes.map(({ label, queries, accuracy }) => [label, queries, accuracy.value])).toEqual([
      [0, 2, 0.5],
      [1, 1, 1],
    ]);
  });

  it('shares a tie', () => {
    const tied = { ...data, vectors: Float32Array.of(0, 2, 1) };
    expect(judge(Int32Array.of(0, 1, 0), [2], [0, 1], tied).accuracy.value).toBe(0.5);
  });

  it('guesses what has no class, and says how near, how sure and whether another is nearly as near', () => {
    const labels = Int32Array.of(0, 1, -1, -1, -1, 1);
    const guesses = finish(guessSteps(data, labels, [2, 3, 4], [0, 1, 5]));
    expect(guesses).toEqual([
      { row: 2, label: 0, nearest: 0, distance: 1, agreement: 1, other: 4 },
      { row: 3, label: 1, nearest: 1, distance: 2, agreement: 1, other: 8 },
      { row: 4, label: 1, nearest: 5, distance: 1, agreement: 1, other: 4 },
    ]);
    expect(guesses.map(isNearTie)).toEqual([false, false, false]);
    expect(isNearTie({ distance: 1, other: 1.05 })).toBe(true);
    expect(isNearTie({ distance: 1, other: 1.06 })).toBe(false);
    expect(classification(guesses, labels, [0, 1, 5]).queries).toBe(0);
  });

  it('lets the k nearest vote, the nearest deciding between as many votes', () => {
    const labels = Int32Array.of(0, 1, -1, 0, -1, 1);
    // from 1: 0 (class 0) at 1, 5 (class 1) at 4, 8 (class 0) at 7, 10 (class 1) at 9
    const guess = (k: number) => finish(guessSteps(data, labels, [2], [0, 1, 3, 5], k))[0]!;
    expect([1, 2, 3, 4, 9].map(k => [guess(k).label, guess(k).agreement])).toEqual([
      [0, 1],
      [0, 1 / 2],
      [0, 2 / 3],
      [0, 1 / 2],
      [0, 1 / 2],
    ]);
    // from 4: 5 (class 1) at 1, then 0 and 8 (class 0) at 4: outvoted
    expect(finish(guessSteps(data, labels, [4], [0, 1, 3, 5], 3))[0]).toMatchObject({
      label: 0,
      nearest: 0,
      distance: 4,
      agreement: 2 / 3,
      other: 1,
    });
  });
});
