import type { ImageHash } from '../types';

/** What an answer `same` between images of two classes may mean for the classes. */
export interface ClassProposal {
  kind: 'merge' | 'relabel' | 'name';
  /** images that get another class */
  images: ImageHash[];
  from: string | null;
  to: string;
}

export interface ClassView {
  classOf(image: ImageHash): string | undefined;
  /** all images of a class */
  imagesOf(name: string): readonly ImageHash[];
  /** images known to be the same as this one, itself included */
  membersOf(image: ImageHash): readonly ImageHash[];
}

/**
 * "This mined negative is really the same": the ways to bring the classes in line with it, the fewest images first.
 * Relabel: the image and what is known to be the same as it, within its class, goes over to the other's class, either way
 * round. Merge: one class becomes part of the other, the smaller of the two. An image without a class can only be named.
 */
export function classProposals(a: ImageHash, b: ImageHash, view: ClassView): ClassProposal[] {
  const [ofA, ofB] = [view.classOf(a), view.classOf(b)];
  if (ofA === ofB) return [];
  if (ofA === undefined || ofB === undefined) {
    const [nameless, to] = ofA === undefined ? [a, ofB!] : [b, ofA];
    const images = view.membersOf(nameless).filter(image => view.classOf(image) === undefined);
    return [{ kind: 'name', images, from: null, to }];
  }
  const together = (image: ImageHash, name: string) =>
    view.membersOf(image).filter(other => view.classOf(other) === name);
  const proposals: ClassProposal[] = [
    { kind: 'relabel', images: together(a, ofA), from: ofA, to: ofB },
    { kind: 'relabel', images: together(b, ofB), from: ofB, to: ofA },
  ];
  const [small, large] = view.imagesOf(ofA).length < view.imagesOf(ofB).length ? [ofA, ofB] : [ofB, ofA];
  proposals.push({ kind: 'merge', images: [...view.imagesOf(small)], from: small, to: large });
  return proposals.sort((x, y) => x.images.length - y.images.length);
}
