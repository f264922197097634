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
  const kind = await walk<Draft>([
    question('kind', 1, t('What a row holds'), guess, [
      { label: t('Two images and a label'), value: 'pairs' },
      { label: t('An anchor, a positive and a negative'), value: 'triplets' },
    ]),
  ]);
  if (!kind) return undefined;
  /** @param taken what was asked before: no column is two things */
  const column = (key: keyof Draft, step: number, placeHolder: string, taken: (keyof Draft)[] = []): Step<Draft> => {
    return (draft, back) => {
      const columns = columnSamples(preview)
        .filter(({ name }) => !taken.some(other => draft[other] === name))
        .map(({ name, values }) => ({ label: name, description: values.join(' · '), value: name }));
      return question(key, step, placeHolder, { ...guess, ...draft }, columns)(draft, back);
    };
  };
  const steps =
    kind.kind === 'triplets'
      ? [
          column('anchor', 2, t('The column with the anchor')),
          column('positive', 3, t('The column with the positive'), ['anchor']),
          column('negative', 4, t('The column with the negative'), ['anchor', 'positive']),
        ]
      : [
          column('a', 2, t('The column with the first image')),
          column('b', 3, t('The column with the second image'), ['a']),
          column('label', 4, t('The column that says whether they are the same'), ['a', 'b']),
          askConvention(preview, guess),
        ];
  const picked = await walk<Draft>(steps, kind);
  return picked && completed(picked);
}

/** Whether 1 is "same" or "different" is nowhere written: it decides what every row means, so it is always asked. */
function askConvention(preview: CsvPreviewInfo, guess: Partial<Draft>): Step<Draft> {
  return (draft, back) => {
    if (draft.label !== undefined && speaksInWords(preview, draft.label)) {
      return Promise.resolve({ convention: 'one-is-same' });
    }
    return question('convention', 5, t('What 1 stands for in "{0}"', draft.label ?? ''), { ...guess, ...draft }, [
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
  return async (_, back) => {
    const chosen = before[key] === undefined ? [] : [before[key]];
    const picked = await ask({ title: t('Import Answers'), step, totalSteps: 5, placeHolder, choices, chosen, back });
    return Array.isArray(picked) ? { [key]: picked[0]! } : picked;
  };
}
