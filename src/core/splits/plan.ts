import type { ImageHash } from '../types';
import { seeded, shuffled } from './random';
import { type Ties, unitsOf } from './units';

/** How many parts, and how large. */
export type SplitShape =
  { kind: 'none' } | { kind: 'fractions'; fractions: number[] } | { kind: 'folds'; folds: number };

export type SplitErrorCode = 'bad-split' | 'no-images' | 'too-few-units';

/** A split that cannot be made; the message says what to do. */
export class SplitError extends Error {
  constructor(
    readonly code: SplitErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'SplitError';
  }
}

/**
 * Reads a list of numbers as a split: `[]` or `[1]` none, `[5]` five folds, `[0.8, 0.1, 0.1]` shares of the images.
 * @throws SplitError `bad-split` on anything else.
 */
export function splitShape(numbers: readonly number[]): SplitShape {
  const first = numbers[0];
  if (first === undefined || (numbers.length === 1 && first === 1)) return { kind: 'none' };
  if (numbers.length === 1) {
    if (Number.isInteger(first) && first >= 2 && first <= 1000) return { kind: 'folds', folds: first };
    throw new SplitError(
      'bad-split',
      `"${first}" is no split: give a whole number of folds, or shares such as 0.8,0.1,0.1`,
    );
  }
  if (numbers.length > 3)
    throw new SplitError(
      'bad-split',
      'At most three shares (train, validation, test); for more parts give a number of folds',
    );
  if (numbers.some(n => !(n > 0 && n < 1)))
    throw new SplitError('bad-split', `Each share must lie between 0 and 1, both exclusive: ${numbers.join(', ')}`);
  const sum = numbers.reduce((x, y) => x + y, 0);
  if (Math.abs(sum - 1) > 1e-6)
    throw new SplitError(
      'bad-split',
      `The shares must add up to 1, they add up to ${Number(sum.toFixed(6))}: ${numbers.join(', ')}`,
    );
  return { kind: 'fractions', fractions: [...numbers] };
}

/** The parts' names: `all`; `train`, `validation`, `test`; or `fold1`... */
export function splitNames(shape: SplitShape): string[] {
  if (shape.kind === 'none') return ['all'];
  if (shape.kind === 'fractions') return ['train', 'validation', 'test'].slice(0, shape.fractions.length);
  return Array.from(
    { length: shape.folds },
    (_, i) => `fold${String(i + 1).padStart(String(shape.folds).length, '0')}`,
  );
}

/**
 * What is kept whole. `class`: every class, together with what the ties join to it, lies in one part: the trainer meets
 * unseen classes, metric learning's own test. `component`: only what the ties join; classes may lie in several parts.
 * `auto`: by class where there are at least two classes for each part, else by component.
 */
export type SplitBy = 'auto' | 'class' | 'component';

export interface SplitRequest {
  images: readonly { hash: ImageHash; class?: string | undefined }[];
  ties: Ties;
  shape: SplitShape;
  by: SplitBy;
  seed: number;
}

export interface SplitPlan {
  names: string[];
  /** each part's share of the images, as asked */
  shares: number[];
  by: 'none' | 'class' | 'component';
  /** an image's part: an index into `names` */
  partOf: ReadonlyMap<ImageHash, number>;
  /** images and whole units in each part */
  parts: { images: number; units: number }[];
  /** sets of classes that answers or near duplicates tie together, so that they move as one; only when split by class */
  joinedClasses: string[][];
}

/**
 * Deals images into parts so that no unit is cut. Units go largest first, equal ones in a seeded order, each to the part
 * that lacks most of what the unit brings (its classes first, images second): the greedy rule of iterative stratification
 * (Sechidis et al. 2011), applied to whole units. The order of `images` does not matter.
 * @throws SplitError when there are no images, or fewer units than parts.
 */
export function planSplit(request: SplitRequest): SplitPlan {
  const { shape, ties, seed } = request;
  const names = splitNames(shape);
  const shares = shape.kind === 'fractions' ? shape.fractions : names.map(() => 1 / names.length);
  const classOf = new Map(request.images.map(image => [image.hash, image.class]));
  const images = [...classOf.keys()].sort();
  if (images.length === 0) throw new SplitError('no-images', 'There is nothing to split: no images were chosen');
  if (shape.kind === 'none') {
    const partOf = new Map(images.map(hash => [hash, 0]));
    return { names, shares, by: 'none', partOf, parts: [{ images: images.length, units: 1 }], joinedClasses: [] };
  }
  const classes = new Set([...classOf.values()].filter(name => name !== undefined));
  const by = request.by === 'auto' ? (classes.size >= 2 * names.length ? 'class' : 'component') : request.by;
  const units = unitsOf(images, ties, by === 'class' ? hash => classOf.get(hash) : undefined);
  if (units.members.length < names.length) throw tooFew(by, units.members.length, names.length, classes.size);

  const totals = new Map<string, number>();
  for (const hash of images) add(totals, stratum(classOf.get(hash)), 1);
  const want = shares.map(share => new Map([...totals].map(([name, n]) => [name, n * share])));
  const wantImages = shares.map(share => share * images.length);
  const order = shuffled(
    units.members.map((_, i) => i),
    seeded(seed, 'split'),
  ).sort((x, y) => units.members[y]!.length - units.members[x]!.length);

  const dealt: number[][] = names.map(() => []);
  for (const unit of order) {
    const members = units.members[unit]!;
    const brings = new Map<string, number>();
    for (const hash of members) add(brings, stratum(classOf.get(hash)), 1);
    let best = 0;
    let bestNeed = -Infinity;
    for (let part = 0; part < names.length; part++) {
      let need = 0;
      // by class a unit is its own stratum: only the number of images can be balanced
      if (by === 'component') for (const [name, n] of brings) need += (n * want[part]!.get(name)!) / members.length;
      need += wantImages[part]! * (by === 'component' ? 1e-3 : 1);
      if (need > bestNeed + 1e-9) {
        bestNeed = need;
        best = part;
      }
    }
    for (const [name, n] of brings) add(want[best]!, name, -n);
    wantImages[best] = wantImages[best]! - members.length;
    dealt[best]!.push(unit);
  }
  // a part of one class has no negatives
  const least = by === 'class' && units.members.length >= 2 * names.length ? 2 : 1;
  fillUp(dealt, least, unit => units.members[unit]!.length);

  const partOf = new Map<ImageHash, number>();
  dealt.forEach((part, index) => part.forEach(unit => units.members[unit]!.forEach(hash => partOf.set(hash, index))));
  const parts = dealt.map(part => ({
    images: part.reduce((n, unit) => n + units.members[unit]!.length, 0),
    units: part.length,
  }));
  const joinedClasses: string[][] = [];
  if (by === 'class') {
    for (const members of units.members) {
      const found = new Set(members.map(hash => classOf.get(hash)).filter(name => name !== undefined));
      if (found.size > 1) joinedClasses.push([...found].sort());
    }
    joinedClasses.sort((x, y) => (x[0]! < y[0]! ? -1 : 1));
  }
  return { names, shares, by, partOf, parts, joinedClasses };
}

const stratum = (name: string | undefined): string => (name === undefined ? 'none' : `class ${name}`);

function add(map: Map<string, number>, key: string, n: number): void {
  map.set(key, (map.get(key) ?? 0) + n);
}

/** Gives a part with fewer than `least` units the smallest ones of the part that has most, so that a small share is never nothing. */
function fillUp(dealt: number[][], least: number, size: (unit: number) => number): void {
  for (const part of dealt) {
    while (part.length < least) {
      const donor = dealt.reduce((x, y) => (y.length > x.length ? y : x));
      let smallest = 0;
      donor.forEach((unit, i) => {
        if (size(unit) <= size(donor[smallest]!)) smallest = i;
      });
      part.push(...donor.splice(smallest, 1));
    }
  }
}

function tooFew(by: 'class' | 'component', units: number, parts: number, classes: number): SplitError {
  const one = units === 1;
  if (by === 'class') {
    const what =
      classes === 1 ? 'There is only one class' : `Only ${units} group${one ? '' : 's'} of classes can be kept whole`;
    return new SplitError(
      'too-few-units',
      `${what}, too few for ${parts} parts that share no class. Split by component of the answers, or ask for fewer parts.`,
    );
  }
  return new SplitError(
    'too-few-units',
    `The answers and near duplicates tie the images into ${units} group${one ? '' : 's'}, too few for ${parts} parts. ` +
      'Ask for fewer parts, or look at the contradictions: one wrong "same" can join two groups.',
  );
}
