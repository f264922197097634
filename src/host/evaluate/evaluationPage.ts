import * as vscode from 'vscode';
import type { ChanceInfo, EvaluateResult, ExamplesInfo, RetrievalInfo } from '../../rpc/engine-protocol';
import { intervalText, percent } from '../train/words';
import { count } from '../words';

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
  else if (result.notes.length > 0)
    parts.push(t('There is only one class here: retrieval by class needs a second one to tell from.'));
  else parts.push(t('No class has two images here, so there is nothing to retrieve by class.'));
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
  if (verification) {
    const { auc, equalErrorRate, threshold, fnmrAt, pixelsAuc, pairs } = verification;
    const area = (value: number) => value.toFixed(4);
    parts.push(
      `## ${t('Verification')}`,
      t('{0} pairs: same or different by one threshold on the distance.', count(pairs)),
      table(
        ['', ''],
        [
          [t('Area under the ROC curve'), t('{0} (95 %: {1} to {2})', area(auc.value), area(auc.low), area(auc.high))],
          [t('The same by raw pixels'), area(pixelsAuc)],
          [t('The same by chance'), area(verification.chance)],
          [t('Equal error rate'), t('{0} (by chance {1})', percent(equalErrorRate), percent(verification.chance))],
          [t('Threshold there'), threshold.toPrecision(4)],
          ...Object.entries(fnmrAt).map(([rate, missed]): [string, string] => [
            t('Missed matches at {0} false ones', percent(Number(rate))),
            percent(missed),
          ]),
        ],
      ),
    );
  }
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
              ({ recallAt }) => percent(recallAt[Number(k)] ?? Number.NaN),
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

function examplesPart(info: ExamplesInfo, model: string): string[] {
  const { examples, queries, passedOver, accuracy, pixels, chance, classes } = info;
  return [
    `## ${t('Classification by examples')}`,
    t(
      '{0} images, each given the class of the nearest of {1} examples. {2} more have no class among the examples, or are examples themselves.',
      count(queries),
      count(examples),
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

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** A name as it is, whatever it means to Markdown. */
function escape(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+!|<>~-]/g, '\\$&');
}
