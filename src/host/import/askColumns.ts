import * as vscode from 'vscode';
import type { CsvPreviewInfo, ImportColumns } from '../../rpc/engine-protocol';
import type { Choice, Step } from '../wizard';
import { ask, walk } from '../wizard';
import { columnSamples, completed, speaksInWords } from './columns';

const t = vscode.l10n.t;

type Draft = Record<'kind' | 'a' | 'b' | 'label' | 'convention' | 'anchor' | 'positive' | 'negative', string>;

/** Asks which column of a plain CSV is what, each with some of its values; undefined when the person leaves. */
export async function askColumns(preview: CsvPreviewInfo): Promise<ImportColumns | undefined> {
  const guess = (preview.guess ?? {}) as Partial<Draft>;
  const picked = await walk<Draft>([
    question('kind', 1, t('What a row holds'), guess, [
      { label: t('Two images and a label'), value: 'pairs' },
      { label: t('An anchor, a positive and a negative'), value: 'triplets' },
    ]),
    askColumn(0, preview, guess),
    askColumn(1, preview, guess),
    askColumn(2, preview, guess),
    askConvention(preview, guess),
  ]);
  return picked && completed(picked);
}

/** The columns that a row of each kind has, in the order in which they are asked for. */
function columnsOf(kind: string | undefined): [key: keyof Draft, placeHolder: string][] {
  return kind === 'triplets'
    ? [
        ['anchor', t('The column with the anchor')],
        ['positive', t('The column with the positive')],
        ['negative', t('The column with the negative')],
      ]
    : [
        ['a', t('The column with the first image')],
        ['b', t('The column with the second image')],
        ['label', t('The column that says whether they are the same')],
      ];
}

function askColumn(at: number, preview: CsvPreviewInfo, guess: Partial<Draft>): Step<Draft> {
  return (draft, back) => {
    const asked = columnsOf(draft.kind);
    const [key, placeHolder] = asked[at]!;
    // No column is two things.
    const taken = asked.slice(0, at).map(([before]) => draft[before]);
    const choices = columnSamples(preview)
      .filter(({ name }) => !taken.includes(name))
      .map(({ name, values }) => ({ label: name, description: values.join(' · '), value: name }));
    return question(key, at + 2, placeHolder, guess, choices)(draft, back);
  };
}

/** Whether 1 is "same" or "different" is nowhere written: it decides what every row means, so it is always asked. */
function askConvention(preview: CsvPreviewInfo, guess: Partial<Draft>): Step<Draft> {
  return (draft, back) => {
    if (draft.kind === 'triplets') return Promise.resolve({});
    if (draft.label !== undefined && speaksInWords(preview, draft.label)) {
      return Promise.resolve({ convention: 'one-is-same' });
    }
    return question('convention', 5, t('What 1 stands for in "{0}"', draft.label ?? ''), guess, [
      { label: t('1 means same'), detail: t('0 means different, as in most label columns'), value: 'one-is-same' },
      {
        label: t('1 means different'),
        detail: t('0 means same, as where the label is a distance'),
        value: 'one-is-different',
      },
    ])(draft, back);
  };
}

function question(
  key: keyof Draft,
  step: number,
  placeHolder: string,
  before: Partial<Draft>,
  choices: readonly Choice<string>[],
): Step<Draft> {
  return async (draft, back) => {
    const standing = { ...before, ...draft }[key];
    const picked = await ask({
      ...{ title: t('Import Answers'), step, totalSteps: draft.kind === 'triplets' ? 4 : 5 },
      ...{ placeHolder, choices, chosen: standing === undefined ? [] : [standing], back },
    });
    return Array.isArray(picked) ? { [key]: picked[0]! } : picked;
  };
}
