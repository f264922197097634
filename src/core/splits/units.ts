import type { ImageHash } from '../types';
import { UnionFind } from '../union-find';

/** What must stay on one side of a split. */
export interface Ties {
  /** pairs known to show the same thing, answered or implied */
  same: readonly (readonly [ImageHash, ImageHash])[];
  /** groups of near duplicates */
  duplicates: readonly (readonly ImageHash[])[];
}

export interface Units {
  /** which unit an image belongs to; units are numbered by first appearance */
  of: ReadonlyMap<ImageHash, number>;
  members: readonly (readonly ImageHash[])[];
}

/**
 * The smallest sets of images that no split may cut: connected by `ties`, and by `classOf` where it is given.
 * Hashes that only the ties name take part (two images may hang together through a third that is not exported),
 * but only `images` are members.
 */
export function unitsOf(
  images: readonly ImageHash[],
  ties: Ties,
  classOf?: (hash: ImageHash) => string | undefined,
): Units {
  const sets = new UnionFind<string>();
  for (const [a, b] of ties.same) sets.join(a, b);
  for (const group of ties.duplicates) for (const member of group) sets.join(group[0]!, member);
  if (classOf) {
    for (const hash of images) {
      const name = classOf(hash);
      // no hash begins with "class ": the two kinds of key cannot meet
      if (name !== undefined) sets.join(hash, `class ${name}`);
    }
  }
  const numbers = new Map<string, number>();
  const of = new Map<ImageHash, number>();
  const members: ImageHash[][] = [];
  for (const hash of images) {
    if (of.has(hash)) continue;
    const root = sets.find(hash);
    let unit = numbers.get(root);
    if (unit === undefined) {
      unit = members.length;
      numbers.set(root, unit);
      members.push([]);
    }
    of.set(hash, unit);
    members[unit]!.push(hash);
  }
  return { of, members };
}
