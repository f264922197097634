import { describe, expect, it } from 'vitest';
import { finish } from '../../src/core/steps';
import { Random } from '../../src/core/random';
import { fittingMargin } from '../../src/engine/default-margin';
import type { ModelCard } from '../../src/model';

// Points on a line: two classes of pairs 1 apart, each pair 10 from the next, so that distances are known by heart.
const line = (places: readonly number[], labels: readonly number[]) => ({
  vectors: Float32Array.from(places),
  dimension: 1,
  labels: Int32Array.from(labels),
});
const pairs = line(
  Array.from({ length: 40 }, (_, i) => Math.floor(i / 2) * 10 + (i % 2)),
  Array.from({ length: 40 }, (_, i) => Math.floor(i / 2) % 2),
);
const card = (
  margin: number | undefined,
  loss: string,
  metric: 'l2' | 'sql2' = 'l2',
): Pick<ModelCard, 'embedding' | 'training'> => ({
  embedding: { normalise: true, metric, ...(margin !== undefined && { margin }) },
  training: { options: { loss } },
});
const fit = (...args: Parameters<typeof fittingMargin>) => finish(fittingMargin(...args));

describe('the margin that nobody chose', () => {
  it('is the model’s own where it means the same: a hinge’s of triplets, a contrastive one of pairs', () => {
    expect(fit('semi-hard-triplets', 'l2', pairs, card(0.35, 'triplet')).margin).toBe(0.35);
    expect(fit('hard-negatives', 'l2', pairs, card(1.1, 'contrastive')).margin).toBe(1.1);
    expect(fit('semi-hard-triplets', 'l2', pairs, card(0.35, 'triplet')).why).toMatch(/trained with it/);
  });

  it('is measured where the card’s is of another kind or another distance, or there is none', () => {
    // Each image's nearest of the other class is 9 or 10 - 1 away.
    expect(fit('hard-negatives', 'l2', pairs, card(0.35, 'triplet'))).toEqual({
      margin: 9,
      why: 'a quarter of the images have a negative nearer than that',
    });
    expect(fit('hard-negatives', 'sql2', pairs, card(1, 'contrastive')).margin).toBe(81);
    expect(fit('semi-hard-triplets', 'l2', pairs, card(1, 'contrastive')).margin).not.toBe(1);
  });

  it('of uncertain pairs is half as far again as the nearest image, on a scale of lengths', () => {
    expect(fit('uncertain-pairs', 'l2', pairs, card(0.2, 'triplet')).margin).toBe(1.5);
    expect(fit('uncertain-pairs', 'sql2', pairs, card(0.2, 'triplet')).margin).toBe(2.25);
  });

  it('of triplets is a fifth of the usual distance: on the unit sphere near 0.28 for far spread vectors', () => {
    const random = new Random(3);
    const vectors = Float32Array.from({ length: 400 * 64 }, () => random.normal());
    for (let row = 0; row < 400; row++) {
      const part = vectors.subarray(row * 64, (row + 1) * 64);
      const length = Math.hypot(...part);
      part.forEach((value, i) => (part[i] = value / length));
    }
    const data = { vectors, dimension: 64, labels: new Int32Array(400) };
    const { margin } = fit('hard-triplets', 'l2', data, card(undefined, 'triplet'));
    expect(margin).toBeCloseTo(0.2 * Math.SQRT2, 2);
  });

  it('looks past exact copies and images without a class, and repeats', () => {
    const copies = line([0, 0, 5, 5, 9, 100], [0, 1, 0, 1, 0, -1]);
    const first = fit('hard-negatives', 'l2', copies, card(0.2, 'triplet'));
    // By image 5, 5, 5, 4, 4: without the copies' zeros, and without the one at 100.
    expect(first.margin).toBe(4);
    expect(fit('hard-negatives', 'l2', copies, card(0.2, 'triplet'))).toEqual(first);
  });
});
