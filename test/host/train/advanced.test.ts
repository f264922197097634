import { describe, expect, test } from 'vitest';
import { advancedFor, chosenOf, numberIn, withoutIdle } from '../../../src/host/train/advanced';
import { BACKBONES, distancesFor, lossesFor } from '../../../src/host/train/choices';
import { BACKBONE_DEFAULTS, completeOptions } from '../../../src/model';
import type { TrainOptions } from '../../../src/model';
import type { TrainChoice } from '../../../src/rpc/train-protocol';

const name = 'x';
const keys = (choice: TrainChoice) => advancedFor(choice).map(({ key }) => key);

/** Completes the choices as the engine does; throws where it refuses them. */
function trains({
  metric,
  use: _use,
  name: _name,
  inputSize: _size,
  channels: _channels,
  from: _from,
  ...rest
}: TrainChoice) {
  void [_use, _name, _size, _channels, _from];
  return completeOptions(
    { ...rest, distance: metric } as Partial<Omit<TrainOptions, 'augmentation'>>,
    { channels: 3 },
    1,
  );
}

describe('the further choices', () => {
  for (const backbone of BACKBONES)
    for (const loss of lossesFor(backbone))
      test.each(distancesFor(loss))(
        `of ${backbone} with ${loss} and %s are all taken by the engine, to their bounds`,
        metric => {
          const choice: TrainChoice = { name, backbone, loss, metric };
          for (const advanced of advancedFor(choice)) {
            const values = 'values' in advanced ? advanced.values : [advanced.bounds.low, advanced.bounds.high];
            for (const value of values) {
              const changed = withoutIdle({ ...choice, [advanced.key]: value });
              expect(changed).toHaveProperty(advanced.key, value);
              expect(() => trains(changed), `${advanced.key} ${String(value)}`).not.toThrow();
            }
          }
        },
      );

  test('are those of the networks: the smallest input is what their layers need', () => {
    for (const backbone of BACKBONES) {
      const size = advancedFor({ name, backbone }).find(({ key }) => key === 'inputSize')!;
      expect('bounds' in size && size.bounds.low).toBe(BACKBONE_DEFAULTS[backbone].smallest);
    }
  });

  test('that say nothing are not offered: of a map none, of a model to go on from no input', () => {
    expect(keys({ name, from: 'starter', map: true })).toEqual([]);
    expect(keys({ name, from: 'starter' })).not.toContain('inputSize');
    expect(keys({ name, from: 'starter' })).not.toContain('channels');
    expect(keys({ name, backbone: 'koch' })).not.toContain('mining');
    expect(keys({ name, backbone: 'resnet', loss: 'soft-margin' })).not.toContain('margin');
    expect(keys({ name, backbone: 'resnet' })).toHaveLength(13);
  });

  test('go when what they went with is changed, and nothing else does', () => {
    const choice: TrainChoice = {
      name,
      backbone: 'resnet',
      loss: 'triplet',
      metric: 'l2',
      whiten: true,
      margin: 0.3,
      epochs: 7,
    };
    expect(chosenOf(choice)).toEqual(['margin', 'whiten']);
    expect(withoutIdle(choice)).toEqual(choice);
    expect(withoutIdle({ ...choice, metric: 'l1' })).not.toHaveProperty('whiten');
    expect(withoutIdle({ ...choice, loss: 'soft-margin' })).toEqual({
      name,
      backbone: 'resnet',
      loss: 'soft-margin',
      metric: 'l2',
      whiten: true,
      epochs: 7,
    });
  });
});

describe('a number that was typed', () => {
  const whole = { low: 2, high: 64, whole: true };
  test.each(['', ' ', '1', '65', '2.5', 'many', '-3', 'Infinity', '1e9'])('is refused as "%s"', text => {
    expect(numberIn(text, whole)).toBeUndefined();
  });
  test('is taken within its bounds, with a comma too', () => {
    expect(numberIn(' 64 ', whole)).toBe(64);
    expect(numberIn('0,25', { low: 0, high: 1 })).toBe(0.25);
    expect(numberIn('0', { low: 1e-6, high: 1 })).toBeUndefined();
  });
});
