import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkLeaks,
  describeLeaks,
  leaks,
  planSplit,
  sampleIndices,
  seeded,
  shuffled,
  SplitError,
  splitNames,
  splitShape,
  unitsOf,
} from '../../src/core/splits';
import type { ImageHash } from '../../src/core/types';

const hash = (i: number): ImageHash => `sha256:${String(i).padStart(64, '0')}`;
const images = (n: number, classes = 0): { hash: ImageHash; class?: string }[] =>
  Array.from({ length: n }, (_, i) => (classes > 0 ? { hash: hash(i), class: `c${i % classes}` } : { hash: hash(i) }));
const none = { same: [], duplicates: [] };

const folder = fc.record({
  images: fc
    .array(fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), { nil: undefined }), {
      minLength: 12,
      maxLength: 60,
    })
    .map(classes => classes.map((name, i) => ({ hash: hash(i), class: name }))),
  same: fc.array(fc.tuple(fc.nat(70), fc.nat(70)), { maxLength: 15 }),
  groups: fc.array(fc.array(fc.nat(70), { minLength: 1, maxLength: 4 }), { maxLength: 5 }),
  seed: fc.integer(),
});
const tiesOf = (found: { same: [number, number][]; groups: number[][] }) => ({
  same: found.same.map(([x, y]) => [hash(x), hash(y)] as const),
  duplicates: found.groups.map(group => group.map(hash)),
});

describe('splitShape', () => {
  it('reads nothing, folds and shares', () => {
    expect(splitShape([])).toEqual({ kind: 'none' });
    expect(splitShape([1])).toEqual({ kind: 'none' });
    expect(splitShape([5])).toEqual({ kind: 'folds', folds: 5 });
    expect(splitShape([0.8, 0.1, 0.1])).toEqual({ kind: 'fractions', fractions: [0.8, 0.1, 0.1] });
    expect(splitNames(splitShape([0.7, 0.3]))).toEqual(['train', 'validation']);
    expect(splitNames(splitShape([10])).slice(0, 2)).toEqual(['fold01', 'fold02']);
  });

  it.each([[[0.5]], [[0]], [[-2]], [[2.5]], [[0.5, 0.6]], [[0.5, 0.5, 0]], [[0.25, 0.25, 0.25, 0.25]], [[NaN, 1]]])(
    'refuses %j',
    numbers => {
      expect(() => splitShape(numbers)).toThrow(SplitError);
    },
  );
});

describe('planSplit', () => {
  it('never cuts a unit, puts every image somewhere, and leaves no part empty', () => {
    fc.assert(
      fc.property(
        folder,
        fc.constantFrom([0.8, 0.1, 0.1], [0.5, 0.5], [3]),
        fc.constantFrom('class', 'component'),
        (found, split, by) => {
          const ties = tiesOf(found as never);
          let plan;
          try {
            plan = planSplit({ images: found.images, ties, shape: splitShape(split), by, seed: found.seed });
          } catch (error) {
            expect(error).toMatchObject({ code: 'too-few-units' });
            const classOf = new Map(found.images.map(one => [one.hash, one.class]));
            const units = unitsOf([...classOf.keys()], ties, by === 'class' ? h => classOf.get(h) : undefined);
            expect(units.members.length).toBeLessThan(splitNames(splitShape(split)).length);
            return;
          }
          expect(plan.partOf.size).toBe(found.images.length);
          const parts = plan.names.map((_, i) => found.images.filter(one => plan.partOf.get(one.hash) === i));
          expect(parts.every(part => part.length > 0)).toBe(true);
          expect(parts.map(part => part.length)).toEqual(plan.parts.map(part => part.images));
          expect(leaks(checkLeaks(parts, ties), plan.by)).toBe(false);
        },
      ),
    );
  });

  it('does not depend on the order of the images, and does on the seed', () => {
    const all = images(100);
    const plan = (list: typeof all, seed: number) =>
      [...planSplit({ images: list, ties: none, shape: splitShape([0.5, 0.5]), by: 'component', seed }).partOf].sort();
    expect(plan(all, 7)).toEqual(plan(shuffled(all, seeded(1, 'order')), 7));
    expect(plan(all, 7)).not.toEqual(plan(all, 8));
  });

  it('meets the shares, class by class', () => {
    const all = images(1000, 10);
    const plan = planSplit({ images: all, ties: none, shape: splitShape([0.8, 0.1, 0.1]), by: 'component', seed: 3 });
    expect(plan.parts.map(part => part.images)).toEqual([800, 100, 100]);
    for (let c = 0; c < 10; c++) {
      const counts = [0, 0, 0];
      for (const one of all) if (one.class === `c${c}`) counts[plan.partOf.get(one.hash)!]!++;
      expect(counts).toEqual([80, 10, 10]);
    }
  });

  it('splits by class where there are enough, each part with two at least', () => {
    const plan = planSplit({
      images: images(80, 8),
      ties: none,
      shape: splitShape([0.6, 0.2, 0.2]),
      by: 'auto',
      seed: 1,
    });
    expect(plan.by).toBe('class');
    expect(plan.parts.map(part => part.units)).toEqual([4, 2, 2]);
    const few = planSplit({
      images: images(80, 5),
      ties: none,
      shape: splitShape([0.6, 0.2, 0.2]),
      by: 'auto',
      seed: 1,
    });
    expect(few.by).toBe('component');
  });

  it('moves classes as one that an answer ties together, and names them', () => {
    const all = images(40, 8);
    const ties = { same: [[hash(0), hash(1)]] as [ImageHash, ImageHash][], duplicates: [] };
    const plan = planSplit({ images: all, ties, shape: splitShape([0.5, 0.5]), by: 'class', seed: 1 });
    expect(plan.joinedClasses).toEqual([['c0', 'c1']]);
    expect(plan.partOf.get(hash(0))).toBe(plan.partOf.get(hash(1)));
  });

  it('keeps images apart from strangers that only a third image outside of the choice ties to them', () => {
    const outside = hash(99);
    const ties = {
      same: [
        [hash(0), outside],
        [outside, hash(1)],
      ] as [ImageHash, ImageHash][],
      duplicates: [],
    };
    for (let seed = 0; seed < 20; seed++) {
      const plan = planSplit({ images: images(6), ties, shape: splitShape([0.5, 0.5]), by: 'component', seed });
      expect(plan.partOf.get(hash(0))).toBe(plan.partOf.get(hash(1)));
    }
  });

  it('says what to do when it cannot', () => {
    const one = { images: images(10, 1), ties: none, shape: splitShape([0.5, 0.5]), seed: 1 };
    expect(() => planSplit({ ...one, by: 'class' })).toThrow(/only one class.*component/s);
    expect(() => planSplit({ ...one, images: [], by: 'auto' })).toThrow(/no images/);
    const tied = { same: images(10).map(({ hash: other }) => [hash(0), other] as const), duplicates: [] };
    expect(() => planSplit({ ...one, ties: tied, by: 'component' })).toThrow(/1 group, too few for 2 parts/);
  });
});

describe('checkLeaks', () => {
  const parts = (...lists: number[][]) => lists.map(list => list.map(i => ({ hash: hash(i), class: `c${i % 3}` })));

  it('finds each kind of leak in what it is shown', () => {
    expect(checkLeaks(parts([0, 1], [1, 2]), none)).toMatchObject({ images: 1, components: 0, duplicates: 0 });
    const same = {
      same: [
        [hash(0), hash(9)],
        [hash(9), hash(1)],
      ] as [ImageHash, ImageHash][],
      duplicates: [],
    };
    expect(checkLeaks(parts([0], [1]), same)).toMatchObject({ images: 0, components: 1, duplicates: 0 });
    expect(checkLeaks(parts([0], [1]), { same: [], duplicates: [[hash(0), hash(1)]] })).toMatchObject({
      components: 0,
      duplicates: 1,
    });
    expect(checkLeaks(parts([0, 1], [3]), none)).toMatchObject({ classes: 1, classNames: ['c0'] });
  });

  it('counts a class in two parts as a leak only where the split is by class', () => {
    const report = checkLeaks(parts([0], [3]), none);
    expect(leaks(report, 'class')).toBe(true);
    expect(leaks(report, 'component')).toBe(false);
    expect(describeLeaks(report, 'class')).toMatch(/1 class\./);
  });
});

describe('seeded', () => {
  it('draws the same on every machine', () => {
    const random = seeded(42, 'a purpose');
    expect([random.below(1000), random.below(1000), random.below(2 ** 50)]).toMatchInlineSnapshot(`
      [
        720,
        804,
        950682579822313,
      ]
    `);
    expect(seeded(42, 'another').next()).not.toBe(seeded(42, 'a purpose').next());
  });

  it('samples without repeats, in order, within bounds', () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.nat(300), fc.integer(), (total, count, seed) => {
        const sample = sampleIndices(total, count, seeded(seed, 's'));
        expect(sample.length).toBe(Math.min(total, count));
        for (const [i, index] of sample.entries()) {
          expect(index).toBeLessThan(total);
          if (i > 0) expect(index).toBeGreaterThan(sample[i - 1]!);
        }
      }),
    );
  });

  it('samples evenly', () => {
    const seen = new Array<number>(10).fill(0);
    for (let seed = 0; seed < 2000; seed++) for (const i of sampleIndices(10, 3, seeded(seed, 'even'))) seen[i]!++;
    // 600 expected each; six standard deviations are 123
    for (const count of seen) expect(Math.abs(count - 600)).toBeLessThan(123);
  });
});
