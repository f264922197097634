import type { ImageHash } from '../types';
import { QuestionOrder, type OrderOptions } from './order';
import { QuestionTable } from './table';
import type { Worth } from './worth';

/** Something to ask: two images, or anchor, positive and negative. */
export interface Question extends Worth {
  images: readonly ImageHash[];
}

/** What `OrderContext` says in numbers, by images. */
export interface HashContext {
  /** whether the question still asks something: not answered, not implied, its images there and not flagged */
  isOpen(question: number): boolean;
  /** how many images are known to be the same as this one, itself included */
  sizeOf(image: ImageHash): number;
  /** whether the relation of the two is known */
  isKnown(a: ImageHash, b: ImageHash): boolean;
  /** equal for images that look alike to a person (near duplicates); the image itself where absent */
  groupOf?(image: ImageHash): string | number;
}

/** An order of questions about images by their hashes, where these are few enough to be looked up one by one. */
export function orderOf(questions: readonly Question[], context: HashContext, options: OrderOptions): QuestionOrder {
  const table = new QuestionTable(questions.map(({ images }) => images));
  const { hashes } = table;
  const { groupOf } = context;
  const unknownOf = (question: number) => {
    if (!context.isOpen(question)) return -1;
    const [anchor, ...others] = questions[question].images;
    return others.reduce((bits, other, i) => bits | (context.isKnown(anchor, other) ? 0 : 1 << i), 0);
  };
  const inNumbers = {
    unknownOf,
    sizeOf: (image: number) => context.sizeOf(hashes[image]),
    ...(groupOf && { groupOf: (image: number) => groupOf(hashes[image]) }),
  };
  return new QuestionOrder(table, question => questions[question], inNumbers, options);
}
