import { describe, expect, it } from 'vitest';
import { chanceOfChange, hiddenRepeat, paceOf, timeLeft } from '../../../src/core/order';
import { Random } from '../../../src/core/random';

describe('hidden repeats', () => {
  it('come at the share asked for, repeatably, and spread over what there is', () => {
    const plan = (answered: number, seed = 1) => hiddenRepeat(50, { answered, share: 0.1, seed });
    const drawn = Array.from({ length: 10_000 }, (_, i) => plan(i)).filter(place => place !== undefined);
    expect(drawn.length).toBeGreaterThan(900);
    expect(drawn.length).toBeLessThan(1100);
    expect(new Set(drawn).size).toBe(50);
    expect(plan(17)).toBe(plan(17));
    expect(hiddenRepeat(0, { answered: 1, share: 1, seed: 1 })).toBeUndefined();
    expect(hiddenRepeat(9, { answered: 1, share: 0, seed: 1 })).toBeUndefined();
    expect(hiddenRepeat(9, { answered: 1, share: 1, seed: 1 })).toBeDefined();
  });
});

describe('the chance that the next answers change anything', () => {
  it('is near 1 without evidence and while surprises come, and falls as they stop', () => {
    expect(chanceOfChange([])).toBeGreaterThan(0.9);
    expect(chanceOfChange(Array(100).fill(true))).toBeCloseTo(1, 6);
    const quiet = (n: number) => chanceOfChange(Array(n).fill(false), 100, 1e9);
    expect(quiet(100)).toBeLessThan(quiet(10));
    expect(quiet(10_000)).toBeLessThan(0.01);
  });

  it('is the beta-binomial in closed form', () => {
    // With one answer ahead: (s + 1/2) / (n + 1).
    expect(chanceOfChange([false, true, false, false], 1, 1e12)).toBeCloseTo(1.5 / 5, 9);
    // Nothing seen, k ahead: 1 - (2k choose k) / 4^k.
    expect(chanceOfChange([], 3, 1)).toBeCloseTo(1 - 20 / 64, 9);
  });

  it('is calibrated: of sessions whose rates Jeffreys draws, as many change as it says', () => {
    const random = new Random(4);
    let predicted = 0;
    let changed = 0;
    const sessions = 4000;
    for (let i = 0; i < sessions; i++) {
      const rate = Math.sin((Math.PI / 2) * random.next()) ** 2;
      const seen = Array.from({ length: 60 }, () => random.next() < rate);
      predicted += chanceOfChange(seen, 20, 1e12);
      for (let k = 0; k < 20; k++) {
        if (random.next() >= rate) continue;
        changed++;
        break;
      }
    }
    expect(Math.abs(predicted - changed) / sessions).toBeLessThan(0.015);
  });
});

describe('pace', () => {
  it('leaves pauses out and says nothing too early', () => {
    expect(paceOf([900, 900, 900])).toBeUndefined();
    const pace = paceOf([1000, 1000, 1000, 1000, 2000, 2000, 3000, 3000, 3000, 600_000, 0])!;
    expect(pace).toEqual({ answers: 9, median: 2000, low: 1000, high: 3000 });
    expect(timeLeft(100, pace)).toEqual({ seconds: 200, low: 100, high: 300 });
    expect(timeLeft(100, pace, 0.5).seconds).toBe(100);
  });
});
