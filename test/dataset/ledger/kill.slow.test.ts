import { expect, it } from 'vitest';
import { killRepeatedly } from './kill';

it('survives 2,000 kills of two processes that answer at once: nothing acknowledged lost, nothing doubled', async () => {
  const report = await killRepeatedly(2000);
  console.log(JSON.stringify(report));
  expect(report.lost).toEqual([]);
  expect(report.doubled).toEqual([]);
  expect(report.kills).toBeGreaterThanOrEqual(2000);
  // The test is worth something only where answers were given, and some of them cut short.
  expect(report.acknowledged).toBeGreaterThan(1000);
  expect(report.cutShort).toBeGreaterThan(100);
}, 1_200_000);
