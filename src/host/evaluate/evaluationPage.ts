import * as vscode from 'vscode';
import type { ChanceInfo, EvaluateResult, IntervalInfo, RetrievalInfo } from '../../rpc/engine-protocol';
import { intervalText, percent } from '../train/words';
import { count } from '../words';
import { examplesPart } from './guessesPart';
import { escape, table } from './markdown';
import { rocChart } from './rocChart';

const t = vscode.l10n.t;
const SCHEME = 'margin-evaluation';

/** Shows how good a model is, as a page of Markdown: VS Code renders it, themes it and reads it aloud. One page a model. */
export class EvaluationPage implements vscode.TextDocumentContentProvider {
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;

  register(): vscode.Disposable {
    return vscode.Disposable.from(vscode.workspace.registerTextDocumentContentProvider(SCHEME, this), this.#changed);
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.path) ?? t('These figures are gone: evaluate the model again.');
  }

  async show(result: EvaluateResult, folder: string): Promise<void> {
    const name = t('Evaluation of {0}', result.model).replaceAll(/[/\\]/g, '-');
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${name}.md` });
    this.#texts.set(uri.path, markdownOf(result, folder));
    this.#changed.fire(uri);
    await vscode.commands.executeCommand('markdown.showPreview', uri);
  }
}

export function markdownOf(result: EvaluateResult, folder: string): string {
  const { model, backend, images, metric, retrieval, examples, oneShot, verification } = result;
  const parts = [
    `# ${t('Evaluation of {0}', escape(model))}`,
    t('{0} images of {1}, distance {2}, computed by {3}.', count(images), escape(folder), metric, backend),
  ];
  if (retrieval) parts.push(...retrievalPart(retrieval, result));
  else parts.push(...withoutClasses(result));
  if (examples) parts.push(...examplesPart(examples, model));
  if (oneShot) {
    parts.push(
      `## ${t('{0}-way one-shot recognition', oneShot.ways)}`,
      t('{0} trials: the nearest of the candidates is the guess.', count(oneShot.trials)),
      table(
        ['', t('Accuracy')],
        [
          [escape(model), intervalText(oneShot.accuracy)],
          [t('Raw pixels'), intervalText(oneShot.pixels)],
          [t('Chance'), percent(oneShot.chance)],
        ],
      ),
    );
  }
  if (verification) parts.push(...verificationPart(verification, model));
  if (result.problems.length > 0)
    parts.push(t('{0} files could not be read; the log names them.', count(result.problems.length)));
  return `${parts.join('\n\n')}\n`;
}

function retrievalPart(retrieval: RetrievalInfo, { model, pixels, chance }: EvaluateResult): string[] {
  const row = (name: string, value: (info: RetrievalInfo) => string, byChance: string): string[] => [
    name,
    value(retrieval),
    pixels ? value(pixels) : '',
    byChance,
  ];
  const guess = (of: (info: ChanceInfo) => number) => (chance ? percent(of(chance)) : '');
  return [
    `## ${t('Retrieval by class')}`,
    retrieval.alone === 0
      ? t('Each of {0} images asks among all others.', count(retrieval.queries))
      : t(
          'Each of {0} images asks among all others. {1} more are alone in their class and cannot ask.',
          count(retrieval.queries),
          count(retrieval.alone),
        ),
    table(
      ['', escape(model), t('Raw pixels'), t('Chance')],
      [
        row(
          'P@1',
          ({ precisionAt1 }) => intervalText(precisionAt1),
          guess(({ precisionAt1 }) => precisionAt1),
        ),
        // recall@1 is P@1 by another name
        ...Object.keys(retrieval.recallAt)
          .filter(k => k !== '1')
          .map(k =>
            row(
              t('Recall@{0}', k),
              ({ recallAt }) => spanOf(recallAt[Number(k)]),
              guess(({ recallAt }) => recallAt[Number(k)] ?? Number.NaN),
            ),
          ),
        row(
          t('R-precision'),
          ({ rPrecision }) => intervalText(rPrecision),
          guess(({ rPrecision }) => rPrecision),
        ),
        row(
          'MAP@R',
          ({ mapAtR }) => intervalText(mapAtR),
          guess(({ mapAtR }) => mapAtR),
        ),
      ],
    ),
    t('P@1: the nearest image is of the same class. Raw pixels are the floor: 28 × 28, grey, by Euclidean distance.'),
  ];
}

function spanOf(interval: IntervalInfo | undefined): string {
  return interval ? intervalText(interval) : '';
}

/** Why there is no retrieval by class, and what to do about it. */
function withoutClasses({ classes, examples, oneShot, verification }: EvaluateResult): string[] {
  if (classes === 1) return [t('There is only one class here: retrieval by class needs a second one to tell from.')];
  if (classes > 1) return [t('No class has two images here, so there is nothing to retrieve by class.')];
  const judged = examples ?? oneShot ?? verification;
  return [
    t('No image has a class here, so there is no retrieval by class.'),
    ...(judged
      ? []
      : [
          t(
            'To judge the model, sort images into one folder a class, or evaluate again and add pairs, trials or a folder of examples.',
          ),
        ]),
  ];
}

function verificationPart(info: NonNullable<EvaluateResult['verification']>, model: string): string[] {
  const { auc, equalErrorRate, threshold, fnmrAt, pixels, pairs, same, chance, roc } = info;
  const area = (value: number) => value.toFixed(4);
  const areaText = (of: IntervalInfo) => t('{0} (95 %: {1} to {2})', area(of.value), area(of.low), area(of.high));
  /** the true matches where one in a hundred different pairs passes */
  const found = (of: typeof fnmrAt) => percent(1 - (of['0.01']?.value ?? 1));
  return [
    `## ${t('Verification')}`,
    t(
      '{0} pairs, {1} of them of the same: told apart by one threshold on the distance ({2} at the equal error rate).',
      count(pairs),
      count(same),
      threshold.toPrecision(4),
    ),
    table(
      ['', escape(model), t('Raw pixels'), t('Chance')],
      [
        [t('Area under the ROC curve'), areaText(auc), areaText(pixels.auc), area(chance)],
        [t('Equal error rate'), intervalText(equalErrorRate), intervalText(pixels.equalErrorRate), percent(chance)],
        ...Object.entries(fnmrAt).map(([rate, missed]) => [
          t('Missed matches at {0} false ones', percent(Number(rate))),
          intervalText(missed),
          spanOf(pixels.fnmrAt[rate]),
          percent(1 - Number(rate)),
        ]),
      ],
    ),
    `### ${t('ROC curve')}`,
    rocChart(
      { name: model, roc },
      { name: t('Raw pixels'), roc: pixels.roc },
      {
        summary: t(
          'ROC curve. {0}: area {1}, {2} of the same pairs found at 1 % false matches. Raw pixels: area {3}, {4} found.',
          model,
          area(auc.value),
          found(fnmrAt),
          area(pixels.auc.value),
          found(pixels.fnmrAt),
        ),
        falseMatches: t('different pairs that pass'),
        trueMatches: t('same pairs that pass'),
        chance: t('Chance'),
        percent: share => t('{0} %', Math.round(100 * share)),
      },
    ),
  ];
}
