import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Scroller, TALLEST } from '../../webview/manifest/scroller';

const lists = fc.record({
  rows: fc.integer({ min: 1, max: 2_000_000 }),
  rowHeight: fc.integer({ min: 60, max: 320 }),
  viewport: fc.integer({ min: 100, max: 2000 }),
});

function scrollerOf({ rows, rowHeight, viewport }: { rows: number; rowHeight: number; viewport: number }): Scroller {
  const scroller = new Scroller();
  scroller.resize(rows, rowHeight, viewport);
  return scroller;
}

describe('the scroll bar of a list of any length', () => {
  test('is never taller than an element can be, and leads to the last row', () => {
    fc.assert(
      fc.property(lists, list => {
        const scroller = scrollerOf(list);
        expect(scroller.height).toBeLessThanOrEqual(Math.max(TALLEST, list.viewport));
        scroller.scrolled(scroller.height - list.viewport);
        expect(scroller.range().last).toBe(list.rows - 1);
        scroller.scrolled(0);
        expect(scroller.range().first).toBe(0);
      }),
    );
  });

  test('goes pixel by pixel for a turn of the wheel, however long the list', () => {
    fc.assert(
      fc.property(
        lists,
        fc.double({ min: 0.1, max: 0.9, noNaN: true }),
        fc.integer({ min: -99, max: 99 }),
        (list, share, by) => {
          const scroller = scrollerOf(list);
          const range = scroller.height - list.viewport;
          fc.pre(range > 2000);
          scroller.scrolled(Math.round(share * range));
          const before = scroller.top;
          scroller.scrolled(Math.round(share * range) + by);
          expect(scroller.top - before).toBeCloseTo(by, 3);
        },
      ),
    );
  });

  test('shows a row whole once it is revealed, and moves no farther than it must', () => {
    fc.assert(
      fc.property(lists, fc.nat(), (list, n) => {
        const scroller = scrollerOf(list);
        fc.pre(list.viewport >= list.rowHeight);
        const row = n % list.rows;
        scroller.reveal(row);
        expect(scroller.offset(row)).toBeGreaterThanOrEqual(-1e-6);
        expect(scroller.offset(row) + list.rowHeight).toBeLessThanOrEqual(list.viewport + 1e-6);
        const there = scroller.top;
        scroller.reveal(row);
        expect(scroller.top).toBe(there);
        // and the bar, put where it belongs, means the same place
        const bar = scroller.place();
        scroller.placed(bar);
        scroller.scrolled(bar);
        expect(scroller.top).toBeCloseTo(there, 3);
      }),
    );
  });

  test('at the end of its bar but not of the list, it says where the bar must go instead', () => {
    const scroller = scrollerOf({ rows: 1_000_000, rowHeight: 150, viewport: 800 });
    scroller.top = 500;
    scroller.placed(100); // the bar has drifted: small moves are pixels of the list
    expect(scroller.scrolled(0)).toBeGreaterThan(0);
    expect(scroller.top).toBe(400);
    scroller.placed(200);
    expect(scroller.scrolled(400)).toBeUndefined();
  });
});
