import { describe, expect, it } from 'vitest';
import type { Metric } from '../../src/core/types';
import { completeOptions, OptionsError } from '../../src/model';
import { trainable } from './support/training';

const grey = { channels: 1 };

describe('choices of training', () => {
  it.each([
    [{ loss: 'cross-entropy', distance: 'l2' }, /weightedL1/],
    [{ loss: 'cross-entropy', distance: 'cosine' }, /no scale of its own/],
    [{ loss: 'contrastive', distance: 'sql2' }, /squares the distance itself/],
    [{ loss: 'contrastive', mining: 'distance-weighted', distance: 'l1' }, /unit sphere.*not l1, or/],
    [{ loss: 'triplet', mining: 'distance-weighted', normalise: false }, /not l2 of embeddings as they are/],
    [{ loss: 'triplet', distance: 'l2', margin: 2 }, /between 0 and 2/],
    [{ loss: 'triplet', distance: 'sql2', margin: 4 }, /between 0 and 4/],
    [{ loss: 'contrastive', margin: 0 }, /cannot be met/],
    [{ backbone: 'koch', loss: 'triplet', whiten: true }, /sigmoid/],
    [{ epochs: 0 }, /epochs is 0/],
    [{ learningRate: NaN }, /learningRate/],
    [{ weightDecay: -1 }, /weightDecay is -1/],
    [{ widen: 0 }, /widen is 0/],
    [{ heldOut: 1 }, /heldOut/],
  ] as const)('%j are refused with the reason', (chosen, reason) => {
    expect(() => completeOptions(chosen, grey, 2)).toThrow(OptionsError);
    expect(() => completeOptions(chosen, grey, 2)).toThrow(reason);
  });

  it('are completed by what suits them', () => {
    expect(completeOptions({}, grey, 2)).toMatchObject({
      backbone: 'conv4',
      loss: 'triplet',
      distance: 'l2',
      threads: 2,
    });
    expect(completeOptions({ backbone: 'koch' }, grey, 2)).toMatchObject({
      loss: 'cross-entropy',
      distance: 'weightedL1',
      normalise: false,
      embeddingSize: 4096,
    });
    expect(completeOptions({}, { channels: 3 }, 2)).toMatchObject({
      backbone: 'resnet',
      augmentation: { flipHorizontal: true },
    });
    expect(completeOptions({}, grey, 2).augmentation).toMatchObject({ affine: true, flipHorizontal: false });
  });

  it('have a margin that fits: a number on the unit sphere, elsewhere what the network begins with', () => {
    const marginOf = (loss: 'contrastive' | 'triplet', distance: Metric, normalise: boolean) =>
      completeOptions({ loss, distance, normalise }, grey, 2).margin;
    expect(marginOf('contrastive', 'l2', true)).toBe(1);
    expect(marginOf('triplet', 'sql2', true)).toBe(0.2);
    expect(marginOf('triplet', 'cosine', false)).toBe(0.2);
    expect(marginOf('contrastive', 'l2', false)).toBe('auto');
    expect(marginOf('contrastive', 'l1', true)).toBe('auto');
    expect(marginOf('triplet', 'weightedL1', true)).toBe('auto');
  });

  it('allow every other combination of loss and distance, normalised or not, and mining by distance on the sphere', () => {
    for (const [loss, distance, normalise] of trainable()) {
      expect(completeOptions({ loss, distance, normalise }, grey, 2)).toMatchObject({ loss, distance, normalise });
    }
    expect(trainable()).toHaveLength(40);
    for (const distance of ['l2', 'sql2', 'cosine'] as const) {
      expect(completeOptions({ distance, mining: 'distance-weighted' }, grey, 2)).toMatchObject({ distance });
    }
  });
});
