import { describe, expect, it } from 'vitest';
import { splitHeldOut } from '../../src/model';
import type { TrainingData } from '../../src/model';

/** Pictures of classes of these sizes, one after another. */
function classesOf(sizes: number[], over: Partial<TrainingData> = {}): TrainingData {
  const labels = Int32Array.from(sizes.flatMap((size, label) => new Array<number>(size).fill(label)));
  return { pixels: new Uint8Array(0), count: labels.length, labels, ...over };
}

type Answers = { a: number; b: number; relation: 'same' | 'different' }[];

/** Pictures without classes, and answers about them. */
function flat(count: number, answers: Answers): TrainingData {
  return { pixels: new Uint8Array(0), count, labels: new Int32Array(count).fill(-1), answers };
}

function kindsWithin(rows: number[], answers: Answers) {
  const among = new Set(rows);
  const inside = answers.filter(({ a, b }) => among.has(a) && among.has(b));
  const count = (kind: string) => inside.filter(({ relation }) => relation === kind).length;
  return { same: count('same'), different: count('different') };
}

/** Components of `size` pictures each, whole chains of `same`, and a `different` between each two of them. */
function components(number: number, size: number): Answers {
  const answers: Answers = [];
  for (let c = 0; c < number; c++) {
    for (let i = 0; i < size; i++) {
      for (let j = i + 1; j < size; j++) answers.push({ a: c * size + i, b: c * size + j, relation: 'same' });
      for (let d = c + 1; d < number; d++)
        for (let j = 0; j < size; j++) answers.push({ a: c * size + i, b: d * size + j, relation: 'different' });
    }
  }
  return answers;
}

describe('what is held out of classes', () => {
  it.each([1, 2, 3, 4, 5])('is a whole class of four and five, found among all pictures (seed %i)', seed => {
    for (const sizes of [
      [5, 5, 5, 5],
      [5, 5, 5, 5, 5],
    ]) {
      const data = classesOf(sizes);
      const split = splitHeldOut(data, 0.2, seed);
      expect(split).toMatchObject({ by: 'class', judgedBy: 'classes', among: 'all' });
      const out = new Set(split.heldOut.map(i => data.labels[i]!));
      expect(out.size).toBe(1);
      expect(split.heldOut).toHaveLength(5);
      expect(split.train.some(i => out.has(data.labels[i]!))).toBe(false);
    }
  });

  it('leaves two classes, however much is to be held out, one of them with a pair', () => {
    const data = classesOf([4, 4, 4, 4]);
    const split = splitHeldOut(data, 0.9, 1);
    expect(new Set(split.train.map(i => data.labels[i]!)).size).toBe(2);
  });

  it('is a class with a pair to find, where others are of one picture', () => {
    for (let seed = 0; seed < 12; seed++) {
      const data = classesOf([1, 1, 5, 1, 6]);
      const split = splitHeldOut(data, 0.2, seed);
      expect(split.by).toBe('class');
      expect(split.heldOut.length).toBeGreaterThanOrEqual(5);
    }
  });

  it('is images of each of three, which is said', () => {
    const split = splitHeldOut(classesOf([10, 10, 10]), 0.2, 1);
    expect(split).toMatchObject({ by: 'image', judgedBy: 'classes', among: 'heldOut' });
    expect(split.heldOut).toHaveLength(6);
    expect(split.why).toMatch(/3 classes/);
  });

  it('is two classes or more of six, found among each other', () => {
    const data = classesOf([4, 4, 4, 4, 4, 4]);
    const split = splitHeldOut(data, 0.2, 1);
    expect(split).toMatchObject({ by: 'class', among: 'heldOut' });
    expect(new Set(split.heldOut.map(i => data.labels[i]!)).size).toBe(2);
  });

  it('is nothing where no image can be judged, which is said', () => {
    const split = splitHeldOut(classesOf([2, 2]), 0.2, 1);
    expect(split).toMatchObject({ by: 'none', judgedBy: 'nothing', heldOut: [] });
    expect(split.why).toMatch(/so small/);
  });
});

describe('what is held out of answers', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('has pairs of both kinds, and leaves both (seed %i)', seed => {
    const answers = components(5, 4);
    const split = splitHeldOut(flat(20, answers), 0.2, seed);
    expect(split).toMatchObject({ by: 'component', judgedBy: 'answers' });
    for (const rows of [split.train, split.heldOut]) {
      const { same, different } = kindsWithin(rows, answers);
      expect(Math.min(same, different)).toBeGreaterThan(0);
    }
    const parts = (rows: number[]) => new Set(rows.map(i => Math.floor(i / 4)));
    const [held, left] = [parts(split.heldOut), parts(split.train)];
    expect([...held].some(part => left.has(part))).toBe(false);
  });

  it.each([1, 2, 3])(
    'is of single images where there are too few components to part, which is said (seed %i)',
    seed => {
      const answers = components(2, 12);
      const split = splitHeldOut(flat(24, answers), 0.2, seed);
      expect(split).toMatchObject({ by: 'image', judgedBy: 'answers' });
      expect(Object.values(kindsWithin(split.heldOut, answers)).every(n => n > 0)).toBe(true);
      expect(split.why).toMatch(/single images/);
    },
  );

  it('is nothing where there are too few, which is said', () => {
    const answers: Answers = [
      { a: 0, b: 1, relation: 'same' },
      { a: 0, b: 2, relation: 'different' },
    ];
    const split = splitHeldOut(flat(4, answers), 0.2, 1);
    expect(split).toMatchObject({ by: 'none', judgedBy: 'nothing', train: [0, 1, 2, 3] });
    expect(split.why).toMatch(/1 pairs known to be the same and 1 known to be different/);
  });

  it('also judges beside one class alone, within which every answer would be right', () => {
    const data = { ...classesOf([20]), answers: components(5, 4) };
    expect(splitHeldOut(data, 0.2, 1)).toMatchObject({ by: 'component', judgedBy: 'answers' });
  });
});
