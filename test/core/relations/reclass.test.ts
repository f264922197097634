import { describe, expect, it } from 'vitest';
import { classProposals, type ClassView } from '../../../src/core/relations';
import type { ImageHash } from '../../../src/core/types';

const image = (name: string) => `sha256:${name.padStart(64, '0')}` as ImageHash;

/** Classes by their images; images of one letter in `same` are known to be the same. */
function view(classes: Record<string, string>, same: string[]): ClassView {
  const find = (hash: ImageHash) => Object.keys(classes).find(name => [...classes[name]].map(image).includes(hash));
  return {
    classOf: find,
    imagesOf: name => [...classes[name]].map(image),
    membersOf: hash => [...(same.find(group => [...group].map(image).includes(hash)) ?? '')].map(image),
  };
}

describe('a mined negative that is really the same', () => {
  it('may move one image with its like, or merge the smaller class, the least change first', () => {
    const world = view({ cats: 'abcdefg', dogs: 'pqrs' }, ['abcp', 'q']);
    const told = classProposals(image('a'), image('p'), world).map(
      ({ kind, images, from, to }) => `${kind} ${images.length} ${from} ${to}`,
    );
    expect(told).toEqual(['relabel 1 dogs cats', 'relabel 3 cats dogs', 'merge 4 dogs cats']);
  });

  it('may only name an image without a class, and says nothing within one class', () => {
    const world = view({ cats: 'ab' }, ['axy', 'b']);
    expect(classProposals(image('a'), image('x'), world)).toEqual([
      { kind: 'name', images: [image('x'), image('y')], from: null, to: 'cats' },
    ]);
    expect(classProposals(image('a'), image('b'), world)).toEqual([]);
    expect(classProposals(image('x'), image('y'), world)).toEqual([]);
  });
});
