import { type ImageRef, imagesOf, type Part, type PairRow } from './types';
import { byText } from './paths';
import type { ImageHash } from '../core/types';
import { UnionFind } from '../core/union-find';

/** Images of one thing, for formats that know identities instead of pairs. */
export interface Identity {
  /** the class that all its images share, if they do */
  class?: string | undefined;
  /** sorted by path */
  images: ImageRef[];
}

export interface Identities {
  /** sorted by class, then by first image */
  all: Identity[];
  /** an image's place in `all` */
  of: ReadonlyMap<ImageHash, number>;
  /** `different` rows whose images ended up in one identity: contradictions, which no identity can express */
  contradicted: number;
  /** classes that were taken apart because rows say that some of their images differ */
  parted: number;
}

/**
 * The finest grouping into identities that agrees with the rows: images of one class belong together, as do images of a
 * `same` row; but a class within which a row says `different` is taken apart, and only its rows join its images.
 */
export function identitiesOf(parts: readonly Part[]): Identities {
  const images = new Map<ImageHash, ImageRef>();
  const same: (readonly [ImageRef, ImageRef])[] = [];
  const different: (readonly [ImageRef, ImageRef])[] = [];
  for (const part of parts) {
    for (const row of part.rows) {
      for (const image of imagesOf(row)) images.set(image.hash, image);
      if (row.kind === 'triplet') {
        same.push([row.anchor, row.positive]);
        different.push([row.anchor, row.negative]);
      } else if (row.relation === 'same') same.push([row.a, row.b]);
      else if (row.relation === 'different') different.push([row.a, row.b]);
    }
  }
  const sorted = [...images.values()].sort((x, y) => byText(x.path, y.path));

  // first with every class whole; then again without the classes inside which something differs
  const whole = grouped(same);
  const apart = new Set<string>();
  const byClass = (groups: UnionFind<string>): void => {
    const first = new Map<string, ImageRef>();
    for (const image of sorted) {
      if (image.class === undefined || apart.has(image.class)) continue;
      const other = first.get(image.class);
      if (other) groups.join(image.hash, other.hash);
      else first.set(image.class, image);
    }
  };
  byClass(whole);
  for (const [x, y] of different)
    if (whole.find(x.hash) === whole.find(y.hash))
      for (const image of sorted)
        if (image.class !== undefined && whole.find(image.hash) === whole.find(x.hash)) apart.add(image.class);
  const groups = grouped(same);
  byClass(groups);

  const members = new Map<string, ImageRef[]>();
  for (const image of sorted) {
    const root = groups.find(image.hash);
    const group = members.get(root);
    if (group) group.push(image);
    else members.set(root, [image]);
  }
  const all = [...members.values()].map(group => ({
    class: group.every(image => image.class === group[0]!.class) ? group[0]!.class : undefined,
    images: group,
  }));
  all.sort((x, y) => byText(x.class ?? '\uffff', y.class ?? '\uffff') || byText(x.images[0]!.path, y.images[0]!.path));
  const of = new Map(all.flatMap((identity, i) => identity.images.map(image => [image.hash, i] as const)));
  const contradicted = different.filter(([x, y]) => of.get(x.hash) === of.get(y.hash)).length;
  return { all, of, contradicted, parted: apart.size };
}

/** Whether a pair's relation is the one that its images' identities imply. */
export function agrees(row: PairRow, identities: Identities): boolean {
  const one = identities.of.get(row.a.hash) === identities.of.get(row.b.hash);
  return row.relation === (one ? 'same' : 'different');
}

function grouped(joined: readonly (readonly [ImageRef, ImageRef])[]): UnionFind<string> {
  const groups = new UnionFind<string>();
  for (const [x, y] of joined) groups.join(x.hash, y.hash);
  return groups;
}
