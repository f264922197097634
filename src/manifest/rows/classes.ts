import { type Random, sampleIndices, shuffled } from '../../core/splits';
import type { ImageRef } from '../types';

/** Images of one part by class; classes and members in an order that does not depend on the input's. */
export function byClass(images: Iterable<ImageRef>): ImageRef[][] {
  const groups = new Map<string, ImageRef[]>();
  for (const image of images) {
    if (image.class === undefined) continue;
    const group = groups.get(image.class);
    if (group) group.push(image);
    else groups.set(image.class, [image]);
  }
  return [...groups]
    .sort(([x], [y]) => (x < y ? -1 : 1))
    .map(([, members]) => members.sort((x, y) => (x.hash < y.hash ? -1 : 1)));
}

/** Deals `total` out to holders of limited `capacity`, as evenly as they allow; earlier ones get the remainder. */
export function evenly(total: number, capacity: readonly number[]): number[] {
  const share = capacity.map(() => 0);
  let left = Math.min(
    total,
    capacity.reduce((x, y) => x + y, 0),
  );
  while (left > 0) {
    const open = capacity.map((_, i) => i).filter(i => share[i]! < capacity[i]!);
    const each = Math.max(1, Math.floor(left / open.length));
    for (const i of open) {
      const take = Math.min(each, capacity[i]! - share[i]!, left);
      share[i] = share[i]! + take;
      left -= take;
    }
  }
  return share;
}

/** Pairs within classes: all of them where they are no more than `count`, else a sample spread evenly over the classes. */
export function* samePairs(
  classes: readonly ImageRef[][],
  count: number,
  random: Random,
): Generator<[ImageRef, ImageRef]> {
  const capacity = classes.map(members => (members.length * (members.length - 1)) / 2);
  const shares = evenly(count, capacity);
  for (const [i, members] of classes.entries()) {
    for (const index of sampleIndices(capacity[i]!, shares[i]!, random)) {
      const [x, y] = triangle(index);
      yield [members[x]!, members[y]!];
    }
  }
}

/** Pairs across classes: all where they are few, else a sample in which every image has nearly as many as any other. */
export function* differentPairs(
  classes: readonly ImageRef[][],
  count: number,
  random: Random,
): Generator<[ImageRef, ImageRef]> {
  const all = classes.flatMap((members, i) => members.map(image => ({ image, i })));
  const total = differentTotal(classes);
  const want = Math.min(count, total);
  if (total <= 4 * want) {
    const keep = new Set(sampleIndices(total, want, random));
    let at = 0;
    for (let x = 0; x < all.length; x++)
      for (let y = x + 1; y < all.length; y++)
        if (all[x]!.i !== all[y]!.i && keep.has(at++)) yield [all[x]!.image, all[y]!.image];
    return;
  }
  // sparse: fewer than a quarter of the pairs are taken, so that a draw seldom repeats one
  const taken = new Set<string>();
  let order: typeof all = [];
  for (let drawn = 0, at = 0; drawn < want; at++) {
    if (at % all.length === 0) order = shuffled(all, random);
    const one = order[at % all.length]!;
    const other = all[random.below(all.length)]!;
    if (one.i === other.i) continue;
    const [x, y] = one.image.hash < other.image.hash ? [one, other] : [other, one];
    const key = `${x.image.hash} ${y.image.hash}`;
    if (taken.has(key)) continue;
    taken.add(key);
    drawn++;
    yield [x.image, y.image];
  }
}

export function sameTotal(classes: readonly ImageRef[][]): number {
  return classes.reduce((n, members) => n + (members.length * (members.length - 1)) / 2, 0);
}

export function differentTotal(classes: readonly ImageRef[][]): number {
  const n = classes.reduce((sum, members) => sum + members.length, 0);
  return (n * n - classes.reduce((sum, members) => sum + members.length ** 2, 0)) / 2;
}

export function tripletTotal(classes: readonly ImageRef[][]): number {
  const n = classes.reduce((sum, members) => sum + members.length, 0);
  return classes.reduce((sum, { length }) => sum + length * (length - 1) * (n - length), 0);
}

/** Triplets of classes: all where they are few, else a sample that visits the anchors of every class in turn. */
export function* classTriplets(
  classes: readonly ImageRef[][],
  count: number,
  random: Random,
): Generator<[ImageRef, ImageRef, ImageRef]> {
  const total = tripletTotal(classes);
  const want = Math.min(count, total);
  if (want === 0) return;
  const others = classes.map((_, i) => classes.flatMap((members, j) => (i === j ? [] : members)));
  if (total <= 4 * want) {
    const keep = new Set(sampleIndices(total, want, random));
    let at = 0;
    for (const [i, members] of classes.entries())
      for (const anchor of members)
        for (const positive of members)
          if (positive !== anchor)
            for (const negative of others[i]!) if (keep.has(at++)) yield [anchor, positive, negative];
    return;
  }
  const useful = classes.map((_, i) => i).filter(i => classes[i]!.length > 1 && others[i]!.length > 0);
  const anchors = classes.map(members => shuffled(members, random));
  const taken = new Set<string>();
  for (let drawn = 0, round = 0; drawn < want; round++) {
    const i = useful[round % useful.length]!;
    const members = anchors[i]!;
    const anchor = members[Math.floor(round / useful.length) % members.length]!;
    const positive = members[random.below(members.length)]!;
    if (positive === anchor) continue;
    const negative = others[i]![random.below(others[i]!.length)]!;
    const key = `${anchor.hash} ${positive.hash} ${negative.hash}`;
    if (taken.has(key)) {
      // a small class may be used up before the rest: its turn passes
      continue;
    }
    taken.add(key);
    drawn++;
    yield [anchor, positive, negative];
  }
}

/** The `index`-th pair (x, y), x < y, of 0..n-1, counting (0,1), (0,2), (1,2), (0,3)... */
export function triangle(index: number): [number, number] {
  let y = Math.floor((1 + Math.sqrt(1 + 8 * index)) / 2);
  while ((y * (y - 1)) / 2 > index) y--;
  while ((y * (y + 1)) / 2 <= index) y++;
  return [index - (y * (y - 1)) / 2, y];
}
