import { planSplit, type SplitBy, SplitError, type SplitPlan, splitShape, type Ties } from '../../core/splits';
import { finish, type Steps } from '../../core/steps';
import type { ImageHash } from '../../core/types';
import { ManifestError } from '../types';
import { RowContext } from './context';
import { addPairs } from './pairs';
import { addTriplets } from './triplets';
import type { BuiltRows, RowChoice, RowData } from './types';

export interface SplitChoice {
  /** `[]` none, `[5]` five folds, `[0.8, 0.1, 0.1]` shares */
  split: readonly number[];
  by?: SplitBy;
}

/**
 * Makes rows of what is ticked: first deals the images into parts, then fills each part from its own images, so that
 * sampling wastes nothing on rows that would straddle. Pure and seeded: the order of the inputs does not matter (but for
 * mined candidates that name one pair twice, where the first keeps it).
 * @throws ManifestError `empty-selection`, `one-class`, `bad-split`, `too-few-units`
 */
export function buildRows(data: RowData, choice: RowChoice & SplitChoice): BuiltRows {
  return finish(rowSteps(data, choice));
}

/** What `buildRows` does, in steps: a million rows take seconds, in which a person may think better of it. */
export function* rowSteps(data: RowData, choice: RowChoice & SplitChoice): Steps<BuiltRows> {
  if (choice.from.length === 0)
    throw new ManifestError(
      'empty-selection',
      'Nothing is ticked: choose answers, implied answers, classes or mined candidates.',
    );
  const images = taking(data, choice);
  const ties: Ties = {
    same: [...data.answers, ...data.implied]
      .filter(pair => pair.relation === 'same')
      .map(pair => [pair.a, pair.b] as const),
    duplicates: data.duplicates ?? [],
  };
  if (images.length === 0) throw nothing(data, choice);
  yield;
  const context = new RowContext(data, choice, plan(images, ties, choice));
  yield* context.learn();
  if (choice.shape === 'pairs') yield* addPairs(context);
  else yield* addTriplets(context);
  const parts = yield* context.parts();
  if (parts.every(part => part.rows.length === 0)) throw nothing(data, choice);
  return { parts, leftOut: context.leftOut, plan: context.plan, ties };
}

/** The images that rows may be made of: the classed ones where classes are ticked, and those that judgements and candidates name. */
function taking(data: RowData, choice: RowChoice): RowData['images'] {
  const from = new Set(choice.from);
  const named = new Set<ImageHash>();
  for (const pair of [...(from.has('answers') ? data.answers : []), ...(from.has('implied') ? data.implied : [])])
    named.add(pair.a).add(pair.b);
  if (from.has('mined')) {
    for (const row of data.mined) {
      if (row.kind === 'pair') named.add(row.a).add(row.b);
      else named.add(row.anchor).add(row.positive).add(row.negative);
    }
  }
  return data.images.filter(
    image =>
      !data.flagged?.has(image.hash) && (named.has(image.hash) || (from.has('classes') && image.class !== undefined)),
  );
}

function plan(images: RowData['images'], ties: Ties, choice: RowChoice & SplitChoice): SplitPlan {
  try {
    const shape = splitShape(choice.split);
    return planSplit({ images, ties, shape, by: choice.by ?? 'auto', seed: choice.seed });
  } catch (error) {
    if (error instanceof SplitError && error.code !== 'no-images')
      throw new ManifestError(error.code, error.message, { cause: error });
    throw error;
  }
}

function nothing(data: RowData, choice: RowChoice): ManifestError {
  const from = new Set(choice.from);
  const classes = new Set(data.images.map(image => image.class).filter(name => name !== undefined));
  if (from.has('classes') && classes.size === 1 && choice.shape === 'triplets') {
    return new ManifestError(
      'one-class',
      `There is only one class ("${[...classes][0]!}"), so no image can be a negative. ` +
        'Put images of another class beside it, or export the answers instead of the classes.',
    );
  }
  const has: string[] = [];
  if (from.has('answers')) has.push(`${data.answers.length} answers`);
  if (from.has('implied')) has.push(`${data.implied.length} implied answers`);
  if (from.has('classes')) has.push(`${classes.size} classes`);
  if (from.has('mined')) has.push(`${data.mined.length} mined candidates`);
  const why =
    choice.shape === 'triplets'
      ? 'A triplet needs an image that is the same as one and different from another.'
      : 'A pair needs an answer, a mined candidate, or a class with two images.';
  return new ManifestError('empty-selection', `No ${choice.shape} can be made of ${has.join(', ')}. ${why}`);
}
