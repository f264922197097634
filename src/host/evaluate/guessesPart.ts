import * as vscode from 'vscode';
import type { ExamplesInfo, GuessInfo } from '../../rpc/engine-protocol';
import { intervalText, percent } from '../train/words';
import { count } from '../words';
import { escape, table } from './markdown';

const t = vscode.l10n.t;
/** Images of a class that are listed; the file has all. */
const LISTED = 100;

/** What the images are guessed to be, near-ties first, and how good the guesses are where classes say it. */
export function examplesPart(info: ExamplesInfo, model: string): string[] {
  const { examples, neighbours, guessed, guesses } = info;
  const ties = guesses.filter(({ nearTie }) => nearTie).length;
  const classes = guessed.filter(({ images }) => images > 0).sort((a, b) => b.images - a.images);
  return [
    `## ${t('Classification by examples')}`,
    [
      neighbours === 1
        ? t('{0} images, each given the class of the nearest of {1} examples.', count(guesses.length), count(examples))
        : t(
            '{0} images, each given the class that most of the {1} nearest of {2} examples have.',
            count(guesses.length),
            count(neighbours),
            count(examples),
          ),
      ties === 0
        ? t('No guess is a near-tie.')
        : t('{0} guesses are near-ties: another class is at most 5 % farther.', count(ties)),
    ].join(' '),
    table(
      [t('Guessed class'), t('Images'), t('Near-ties')],
      classes.map(({ name, images, nearTies }) => [escape(name), count(images), count(nearTies)]),
    ),
    ...classes.map(({ name }) =>
      listOf(
        name,
        guesses.filter(({ guess }) => guess === name),
        neighbours,
      ),
    ),
    ...scorePart(info, model),
  ];
}

/** The images of one guessed class, folded away. */
function listOf(name: string, guesses: GuessInfo[], neighbours: number): string {
  const ordered = guesses.sort((a, b) => Number(b.nearTie) - Number(a.nearTie) || b.distance - a.distance);
  const shown = ordered.slice(0, LISTED);
  const more = ordered.length - shown.length;
  return [
    `<details><summary>${t('{0}: the images', html(name))}</summary>`,
    table(
      [t('Image'), t('Nearest example'), t('Distance'), ...(neighbours > 1 ? [t('Agreement')] : []), ''],
      shown.map(({ path, nearest, distance, agreement, nearTie }) => [
        escape(path),
        escape(nearest),
        distance.toPrecision(3),
        ...(neighbours > 1 ? [percent(agreement)] : []),
        nearTie ? t('near-tie') : '',
      ]),
    ),
    ...(more > 0 ? [t('{0} more: a file of the guesses has them all.', count(more))] : []),
    '</details>',
  ].join('\n\n');
}

function scorePart(info: ExamplesInfo, model: string): string[] {
  const { queries, passedOver, accuracy, pixels, chance, classes } = info;
  const title = `### ${t('How often the guess is right')}`;
  if (!accuracy || !pixels || chance === undefined) {
    return [title, t('Nothing is scored: no image has a class that is among those of the examples.')];
  }
  return [
    title,
    t(
      'Scored on the {0} images whose class is among the examples; {1} more have another one or none, or are examples themselves.',
      count(queries),
      count(passedOver),
    ),
    table(
      ['', t('Accuracy')],
      [
        [escape(model), intervalText(accuracy)],
        [t('Raw pixels'), intervalText(pixels)],
        [t('Chance'), percent(chance)],
        ...classes.map(each => [escape(each.name), intervalText(each.accuracy)]),
      ],
    ),
  ];
}

function html(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
