import { describe, expect, it } from 'vitest';
import { StageProgress } from '../../src/engine/progress';
import type { Progress } from '../../src/rpc/engine-protocol';

function run(steps: [second: number, done: number][], total: number): Progress[] {
  const seen: Progress[] = [];
  let now = 0;
  const progress = new StageProgress(
    'embed',
    p => seen.push(p),
    () => now,
  );
  for (const [second, done] of steps) {
    now = second;
    progress.update(done, total);
  }
  return seen;
}

describe('StageProgress', () => {
  it('reports at most ten times a second, and always the end', () => {
    const steps = Array.from({ length: 1000 }, (_, i): [number, number] => [(i + 1) / 1000, i + 1]);
    const seen = run(steps, 1000);
    expect(seen.length).toBeLessThanOrEqual(12);
    expect(seen.at(-1)).toMatchObject({ done: 1000, total: 1000 });
  });

  it('says nothing of the time left in the first second, then the truth for a steady pace', () => {
    const seen = run(
      [0.5, 1.5, 2.5, 5].map((second): [number, number] => [second, second * 10]),
      100,
    );
    expect(seen[0].secondsLeft).toBeUndefined();
    expect(seen.at(-1)?.secondsLeft).toBeCloseTo(5, 6);
  });

  it('follows a pace that drops', () => {
    const steps: [number, number][] = [];
    for (let s = 1; s <= 10; s++) steps.push([s, s * 100]);
    for (let s = 11; s <= 30; s++) steps.push([s, 1000 + (s - 10) * 10]);
    const left = run(steps, 2000).at(-1)?.secondsLeft ?? 0;
    expect(left).toBeGreaterThan(60);
    expect(left).toBeLessThan(90);
  });

  it('gives no estimate without a total', () => {
    expect(
      run(
        [
          [2, 50],
          [4, 90],
        ],
        0,
      ).every(p => p.secondsLeft === undefined),
    ).toBe(true);
  });
});
