import { describe, expect, it } from 'vitest';
import { completeOptions, OptionsError } from '../../src/model';

const grey = { channels: 1 };

describe('choices of training', () => {
  it.each([
    [{ loss: 'cross-entropy', distance: 'l2' }, /weightedL1/],
    [{ loss: 'contrastive', distance: 'weightedL1' }, /growing/],
    [{ loss: 'triplet', distance: 'weightedL1' }, /growing/],
    [{ loss: 'contrastive', distance: 'sql2' }, /squares the distance itself/],
    [{ loss: 'contrastive', mining: 'distance-weighted', distance: 'cosine' }, /unit sphere/],
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

  it('allow every other combination of loss and distance', () => {
    for (const loss of ['contrastive', 'triplet', 'soft-margin', 'hoffer-ailon'] as const) {
      for (const distance of ['l2', 'l1', 'cosine'] as const) {
        expect(completeOptions({ loss, distance, mining: 'batch-hard' }, grey, 2)).toMatchObject({ loss, distance });
      }
    }
  });
});
