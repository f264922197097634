import { seeded } from '../../core/splits';
import type { Steps } from '../../core/steps';
import type { ImageHash } from '../../core/types';
import type { ImageRef, Provenance } from '../types';
import { byClass, differentPairs, differentTotal, samePairs, sameTotal } from './classes';
import type { RowContext } from './context';
import type { MinedRow } from './types';

/** Fills the context with pairs: answers, implied ones, mined ones, then classes, so that the stronger source keeps a pair. */
export function* addPairs(context: RowContext): Steps<void> {
  yield* addJudged(context);
  if (context.from('mined')) {
    for (const row of context.data.mined) {
      addMined(context, row);
      yield;
    }
  }
  if (context.from('classes')) yield* addClassPairs(context);
}

function* addJudged(context: RowContext): Steps<void> {
  for (const [key, { relation, source, provenance }] of context.judged) {
    yield;
    if (!context.from(source === 'answer' ? 'answers' : 'implied')) continue;
    const images = context.usable(...(key.split(' ') as ImageHash[]));
    if (images) context.add(context.pair(images[0]!, images[1]!, relation, source, provenance));
  }
}

function addMined(context: RowContext, row: MinedRow): void {
  if (row.kind === 'pair') {
    addMinedPair(context, row.a, row.b, row.provenance ?? {});
    return;
  }
  const { positiveDistance, negativeDistance, ...rest } = row.provenance ?? {};
  addMinedPair(context, row.anchor, row.positive, { ...rest, distance: positiveDistance });
  addMinedPair(context, row.anchor, row.negative, { ...rest, distance: negativeDistance });
}

function addMinedPair(context: RowContext, x: ImageHash, y: ImageHash, provenance: Provenance): void {
  if (context.known(x, y)) {
    context.leaveOut('already-judged');
    return;
  }
  const images = context.usable(x, y);
  if (!images) return;
  const [a, b] = images as [ImageRef, ImageRef];
  context.add(context.pair(a, b, context.byClass(a, b), 'mined', provenance));
}

/** Half of the limit for each relation, in each part by its share of the classed images. */
function* addClassPairs(context: RowContext): Steps<void> {
  const parts = classedParts(context);
  const images = parts.reduce((n, part) => n + part.flat().length, 0);
  for (const [i, classes] of parts.entries()) {
    const name = context.plan.names[i]!;
    const limit = Math.round((context.limit * classes.flat().length) / Math.max(1, images));
    const same = sameTotal(classes);
    const different = differentTotal(classes);
    // what one relation cannot fill goes to the other, up to the limit in all
    const wantSame = Math.min(same, Math.max(Math.ceil(limit / 2), limit - different));
    const wantDifferent = Math.min(different, limit - wantSame);
    context.leaveOut('over-limit', same + different - wantSame - wantDifferent);
    const sources = [
      ['same', samePairs(classes, wantSame, seeded(context.choice.seed, `class-same ${name}`))],
      ['different', differentPairs(classes, wantDifferent, seeded(context.choice.seed, `class-different ${name}`))],
    ] as const;
    for (const [relation, pairs] of sources) {
      for (const [a, b] of pairs) {
        yield;
        const known = context.known(a.hash, b.hash);
        if (known && known.relation !== relation) context.leaveOut('answered-otherwise');
        else context.add(context.pair(a, b, relation, 'class'));
      }
    }
  }
}

/** Usable images with a class, by part and class. */
export function classedParts(context: RowContext): ImageRef[][][] {
  const parts: ImageRef[][] = context.plan.names.map(() => []);
  for (const image of context.images.values()) {
    const part = context.plan.partOf.get(image.hash);
    if (part !== undefined && !context.data.flagged?.has(image.hash)) parts[part]!.push(image);
  }
  return parts.map(byClass);
}
