import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { axis, epochTicks, position } from '../../webview/train/scale';

const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });

describe('an axis', () => {
  test('spans what is shown with a few round ticks, evenly', () => {
    fc.assert(
      fc.property(number, fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (low, span) => {
        const { low: from, high: to, ticks } = axis(low, low + span, 4);
        const step = ticks[1]! - ticks[0]!;
        expect(from).toBeLessThanOrEqual(low + 1e-6 * step);
        expect(to).toBeGreaterThanOrEqual(low + span - 1e-6 * step - Math.abs(low) * 1e-9);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(7);
        for (let i = 1; i < ticks.length; i++) {
          expect(ticks[i]! - ticks[i - 1]!).toBeCloseTo(
            step,
            Math.max(0, 6 - Math.ceil(Math.log10(Math.abs(low) + span))),
          );
        }
      }),
    );
  });

  test.each([
    [0, 1, [0, 0.5, 1]],
    [0, 0.9, [0, 0.5, 1]],
    [0, 7.3, [0, 2, 4, 6, 8]],
  ])('from %d to %d has ticks at %o', (low, high, ticks) => {
    expect(axis(low, high, 4).ticks).toEqual(ticks);
  });

  test('of one value has room around it', () => {
    const { low, high } = axis(0.3, 0.3, 4);
    expect(low).toBeLessThan(0.3);
    expect(high).toBeGreaterThan(0.3);
  });
});

test('epochs are numbered from 1, each while there are few', () => {
  expect(epochTicks(4, 8)).toEqual([1, 2, 3, 4]);
  expect(epochTicks(30, 8)).toEqual([1, 5, 10, 15, 20, 25, 30]);
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 9999 }), last => {
      const ticks = epochTicks(last, 8);
      expect(ticks.length).toBeLessThanOrEqual(last <= 8 ? 8 : 11);
      expect(ticks.every(tick => Number.isInteger(tick) && tick >= 1 && tick <= last)).toBe(true);
    }),
  );
});

test('a position is a share of the way', () => {
  expect(position(3, 1, 5)).toBe(0.5);
  expect(position(7, 2, 2)).toBe(0.5);
});
