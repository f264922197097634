import path from 'node:path';
import * as vscode from 'vscode';
import type { ExportParams, FormatInfo } from '../../rpc/engine-protocol';
import type { Choice, Step } from '../wizard';
import { ask, walk } from '../wizard';
import { parseSplit } from './split';

const t = vscode.l10n.t;

/** What a person chooses before an export. */
export type ExportChoice = Pick<ExportParams, 'as' | 'from' | 'format' | 'split' | 'out'>;

const STEPS = 5;
const SPLIT_STEP = 4;

/**
 * Asks step by step; undefined when the person leaves.
 * @param before what was chosen already: asked again from its last step, or from the one named
 */
export async function askExport(
  folder: vscode.Uri,
  formats: readonly FormatInfo[],
  before?: ExportChoice,
  from: 'split' | 'folder' = 'folder',
): Promise<ExportChoice | undefined> {
  const steps: Step<ExportChoice>[] = [
    (draft, back) => one(1, t('What to export'), SHAPES(), 'as', draft, back),
    askSources,
    (draft, back) => {
      const fitting = formats.filter(({ shapes }) => draft.as && shapes.includes(draft.as));
      const choices = fitting.map(({ id, title: label }) => ({ label, value: id }));
      return one(3, t('Format'), choices, 'format', draft, back);
    },
    askSplit,
    (draft, back) => askFolder(folder, draft, back),
  ];
  const done = await walk(steps, before, before ? (from === 'split' ? SPLIT_STEP : STEPS) - 1 : 0);
  return done as ExportChoice | undefined;
}

const SHAPES = (): Choice<ExportParams['as']>[] => [
  { label: t('Triplets'), detail: t('anchor, positive and negative in a row'), value: 'triplets' },
  { label: t('Pairs'), detail: t('two images and their relation in a row'), value: 'pairs' },
];

const askSources: Step<ExportChoice> = async (draft, back) => {
  const picked = await ask<ExportParams['from'][number]>({
    ...heading(2),
    placeHolder: t('Where rows come from'),
    choices: [
      { label: t('Answers'), detail: t('what people judged'), value: 'answers' },
      { label: t('Implied'), detail: t('what the answers say of other pairs'), value: 'implied' },
      { label: t('Classes'), detail: t('what the folders say'), value: 'classes' },
      { label: t('Mined'), detail: t('candidates that nobody judged yet'), value: 'mined' },
    ],
    chosen: draft.from ?? ['answers'],
    many: true,
    back,
  });
  return Array.isArray(picked) ? { from: picked } : picked;
};

const askSplit: Step<ExportChoice> = async (draft, back) => {
  const choices: Choice<number[] | 'other'>[] = [
    { label: t('80 % train, 10 % validation, 10 % test'), value: [0.8, 0.1, 0.1] },
    { label: t('80 % train, 20 % validation'), value: [0.8, 0.2] },
    { label: t('No split'), detail: t('everything in one file'), value: [1] },
    { label: t('Other Shares…'), value: 'other' },
  ];
  const before = choices.find(({ value }) => String(value) === String(draft.split))?.value;
  const picked = await ask({
    ...heading(SPLIT_STEP),
    placeHolder: t('Split: what belongs together stays on one side'),
    choices,
    ...(before && { chosen: [before] }),
    back,
  });
  if (!Array.isArray(picked)) return picked;
  const [value] = picked;
  if (value !== 'other') return { split: value! };
  const text = await vscode.window.showInputBox({
    title: t('Export Manifest ({0}/{1})', SPLIT_STEP, STEPS),
    prompt: t('Two or three shares that add up to 1: train, validation, test'),
    value: draft.split && draft.split.length > 1 ? draft.split.join(', ') : '0.7, 0.15, 0.15',
    ignoreFocusOut: true,
    validateInput: input =>
      parseSplit(input) ? undefined : t('Shares above 0 that add up to 1, such as 0.7, 0.15, 0.15'),
  });
  const split = text === undefined ? undefined : parseSplit(text);
  return split && { split };
};

async function askFolder(folder: vscode.Uri, draft: Partial<ExportChoice>, back: boolean) {
  const beside = path.join(folder.fsPath, 'manifests');
  const choices: Choice<string>[] = [
    { label: 'manifests', description: t('in the image folder'), value: beside },
    ...(draft.out === undefined || draft.out === beside ? [] : [{ label: draft.out, value: draft.out }]),
    { label: t('Another Folder…'), value: '' },
  ];
  const picked = await ask({
    ...heading(5),
    placeHolder: t('Where to'),
    choices,
    ...(draft.out !== undefined && { chosen: [draft.out] }),
    back,
  });
  if (!Array.isArray(picked)) return picked;
  if (picked[0] !== '') return { out: picked[0]! };
  const [other] =
    (await vscode.window.showOpenDialog({
      title: t('Export To'),
      defaultUri: folder,
      canSelectFiles: false,
      canSelectFolders: true,
      openLabel: t('Export Here'),
    })) ?? [];
  return other && { out: other.fsPath };
}

async function one<K extends 'as' | 'format'>(
  step: number,
  placeHolder: string,
  choices: readonly Choice<ExportChoice[K]>[],
  key: K,
  draft: Partial<ExportChoice>,
  back: boolean,
): Promise<Partial<ExportChoice> | 'back' | undefined> {
  const before = draft[key];
  const chosen = before === undefined ? [] : [before];
  const picked = await ask<ExportChoice[K]>({ ...heading(step), placeHolder, choices, chosen, back });
  return Array.isArray(picked) ? ({ [key]: picked[0] } as Partial<ExportChoice>) : picked;
}

function heading(step: number) {
  return { title: t('Export Manifest'), step, totalSteps: STEPS };
}
