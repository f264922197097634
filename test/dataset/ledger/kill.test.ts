import { expect, it } from 'vitest';
import { killRepeatedly } from './kill';

it('survives kills of two processes that answer at once (2,000 of them in the slow suite)', async () => {
  const { kills, lost, doubled, acknowledged } = await killRepeatedly(16);
  expect({ lost, doubled }).toEqual({ lost: [], doubled: [] });
  expect(kills).toBeGreaterThanOrEqual(16);
  expect(acknowledged).toBeGreaterThan(0);
}, 60_000);
