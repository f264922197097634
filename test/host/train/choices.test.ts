import { describe, expect, test } from 'vitest';
import type { Metric } from '../../../src/core/types';
import { BACKBONES, distancesFor, freeName, isModelName, lossesFor } from '../../../src/host/train/choices';
import { BACKBONES as KNOWN, completeOptions } from '../../../src/model';
import { LOSSES } from '../../../src/model/training/options';
import type { LossChoice } from '../../../src/rpc/engine-protocol';

const METRICS: Metric[] = ['l2', 'sql2', 'l1', 'weightedL1', 'cosine'];
const channels = { channels: 3 };

describe('the choices that are offered', () => {
  test('are every base network and every loss there is', () => {
    expect([...BACKBONES].sort()).toEqual([...KNOWN].sort());
    for (const backbone of BACKBONES) expect([...lossesFor(backbone)].sort()).toEqual([...LOSSES].sort());
  });

  test.each(BACKBONES)('with %s are those that train, and no others', backbone => {
    const trains = (loss: LossChoice, distance: Metric) => {
      try {
        completeOptions({ backbone, loss, distance }, channels, 1);
        return true;
      } catch {
        return false;
      }
    };
    for (const loss of lossesFor(backbone)) {
      expect(new Set(distancesFor(loss)), loss).toEqual(new Set(METRICS.filter(metric => trains(loss, metric))));
    }
  });

  test.each(BACKBONES)('with %s begin with what the model takes where nothing is chosen', backbone => {
    const [loss] = lossesFor(backbone);
    expect(completeOptions({ backbone }, channels, 1)).toMatchObject({ loss, distance: distancesFor(loss!)[0] });
  });
});

describe('a name', () => {
  test.each(['model-1', 'クラス', 'été 2', 'v1.2_b'])('may be %s', name => {
    expect(isModelName(name)).toBe(true);
  });

  test.each(['', 'starter', '../x', 'a/b', 'a\\b', '.hidden', 'con:', 'dot.', 'blank ', 'a'.repeat(81)])(
    'may not be "%s"',
    name => {
      expect(isModelName(name)).toBe(false);
    },
  );

  test('is proposed that no model has', () => {
    expect(freeName(['starter'])).toBe('model-1');
    expect(freeName(['model-1', 'model-3', 'model-2'])).toBe('model-4');
  });
});
