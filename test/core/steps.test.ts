import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { finish, finishInSlices, sortInSteps, type Steps } from '../../src/core/steps';

function* count(to: number, seen: number[] = []): Steps<number> {
  for (let i = 0; i < to; i++) {
    seen.push(i);
    yield;
  }
  return to;
}

describe('steps', () => {
  it('come to the same end at once and in slices', async () => {
    let pauses = 0;
    const pause = async (): Promise<void> => void pauses++;
    expect(finish(count(1000))).toBe(1000);
    expect(await finishInSlices(count(1000), { pause, slice: 0 })).toBe(1000);
    expect(pauses).toBeGreaterThan(1);
  });

  it('stop where they are when aborted during a pause', async () => {
    const abort = new AbortController();
    const seen: number[] = [];
    const steps = finishInSlices(count(1_000_000, seen), {
      signal: abort.signal,
      pause: async () => abort.abort(new Error('enough')),
      slice: 0,
    });
    await expect(steps).rejects.toThrow('enough');
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.length).toBeLessThan(1000);
  });
});

describe('sortInSteps', () => {
  it('sorts as Array.sort does, and keeps the order of equals', () => {
    const items = fc.array(fc.record({ key: fc.integer({ min: 0, max: 50 }), id: fc.nat() }), { maxLength: 2000 });
    fc.assert(
      fc.property(items, list => {
        const byKey = (x: { key: number }, y: { key: number }) => x.key - y.key;
        const before = [...list];
        expect(finish(sortInSteps(list, byKey))).toEqual([...list].sort(byKey));
        expect(list).toEqual(before);
      }),
      { numRuns: 50 },
    );
    const many = Array.from({ length: 5000 }, (_, i) => ({ key: (i * 7919) % 97, id: i }));
    const byKey = (x: { key: number }, y: { key: number }) => x.key - y.key;
    expect(finish(sortInSteps(many, byKey))).toEqual([...many].sort(byKey));
  });
});
