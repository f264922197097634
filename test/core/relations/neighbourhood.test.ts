import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random';
import { type AnsweredPair, learnOpinion, Neighbourhoods, type Space } from '../../../src/core/relations';
import { finish } from '../../../src/core/steps';

const CLASSES = 12;
const EACH = 15;

/** Classes of points on a plane, with so much spread that distance alone often errs. */
function plane(random: Random): { space: Space; classOf: (x: number) => number } {
  const gauss = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const points = Array.from({ length: CLASSES * EACH }, (_, i) => {
    const centre = i % CLASSES;
    return [(centre % 4) * 4 + gauss(), Math.floor(centre / 4) * 4 + gauss()];
  });
  const distance = (x: number, y: number) => Math.hypot(points[x][0] - points[y][0], points[x][1] - points[y][1]);
  return { space: { size: points.length, distance }, classOf: x => x % CLASSES };
}

function answered(random: Random, classOf: (x: number) => number, count: number, flips: number) {
  const size = CLASSES * EACH;
  const pairs = new Map<string, AnsweredPair & { flipped: boolean }>();
  while (pairs.size < count) {
    const x = random.below(size);
    const y = random.below(2) === 0 ? (x + CLASSES * (1 + random.below(EACH - 1))) % size : random.below(size);
    if (x === y) continue;
    const flipped = random.next() < flips;
    const same = (classOf(x) === classOf(y)) !== flipped;
    const [a, b] = [Math.min(x, y), Math.max(x, y)];
    pairs.set(`${a} ${b}`, { x: a, y: b, relation: same ? 'same' : 'different', flipped });
  }
  return [...pairs.values()];
}

describe('an opinion learned from answers', () => {
  it('does not believe a wrong answer because it was given', () => {
    const random = new Random(5);
    const { space, classOf } = plane(random);
    const answers = answered(random, classOf, 400, 0.05);
    const opinion = finish(learnOpinion(space, answers))!;
    const contrary = ({ x, y, relation }: AnsweredPair) => (relation === 'same' ? 1 - opinion(x, y) : opinion(x, y));
    const suspects = [...answers].sort((p, q) => contrary(q) - contrary(p)).slice(0, 40);
    const flips = answers.filter(({ flipped }) => flipped).length;
    expect(suspects.filter(({ flipped }) => flipped).length / flips).toBeGreaterThan(0.8);
  });

  it('tells pairs that nobody judged, whichever comes first', () => {
    const random = new Random(6);
    const { space, classOf } = plane(random);
    const opinion = finish(learnOpinion(space, answered(random, classOf, 400, 0)))!;
    let right = 0;
    for (let i = 0; i < 1000; i++) {
      const [x, y] = [random.below(space.size), random.below(space.size)];
      if (x === y) continue;
      expect(opinion(x, y)).toBe(opinion(y, x));
      right += Number(opinion(x, y) > 0.5 === (classOf(x) === classOf(y)));
    }
    expect(right).toBeGreaterThan(930);
  });

  it('is the same where the neighbourhoods of the first images were known, ties too', () => {
    const { space } = plane(new Random(9));
    // whole numbers: many are equally near
    const coarse: Space = { ...space, distance: (x, y) => Math.round(space.distance(x, y)) };
    const fresh = finish(Neighbourhoods.none.extendedTo(coarse));
    let grown = Neighbourhoods.none;
    for (const size of [1, 15, 40, 41, coarse.size]) grown = finish(grown.extendedTo({ ...coarse, size }));
    expect(grown.near).toEqual(fresh.near);
    for (const [x, near] of fresh.near.entries()) {
      const naive = [...fresh.near.keys()].filter(y => y !== x);
      naive.sort((y, z) => coarse.distance(x, y) - coarse.distance(x, z) || y - z);
      expect([...near]).toEqual(naive.slice(0, near.length));
    }
  });

  it('is none while answers of one kind are too few, and can be left on the way', () => {
    const { space } = plane(new Random(7));
    const answers = Array.from({ length: 100 }, (_, x): AnsweredPair => ({ x, y: x + 1, relation: 'different' }));
    expect(finish(learnOpinion(space, answers))).toBeUndefined();
    const steps = learnOpinion(
      space,
      answered(new Random(8), x => x % CLASSES, 200, 0),
    );
    expect(steps.next().done).toBe(false);
  });
});
