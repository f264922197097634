import path from 'node:path';
import * as vscode from 'vscode';
import type { ExportParams, FormatInfo } from '../../rpc/engine-protocol';
import { parseSplit } from './split';

const t = vscode.l10n.t;

/** What a person chooses before an export. */
export type ExportChoice = Pick<ExportParams, 'as' | 'from' | 'format' | 'split' | 'out'>;

interface Choice<T> extends vscode.QuickPickItem {
  value: T;
}

const STEPS = 5;

/** Asks step by step; undefined when the person leaves. */
export async function askExport(folder: vscode.Uri, formats: readonly FormatInfo[]): Promise<ExportChoice | undefined> {
  const as = await pick<ExportParams['as']>(1, t('What to export'), [
    { label: t('Triplets'), detail: t('anchor, positive and negative in a row'), value: 'triplets' },
    { label: t('Pairs'), detail: t('two images and their relation in a row'), value: 'pairs' },
  ]);
  if (!as) return undefined;
  const from = await pickSources();
  if (!from) return undefined;
  const format = await pick<string>(
    3,
    t('Format'),
    formats.filter(({ shapes }) => shapes.includes(as)).map(({ id, title: label }) => ({ label, value: id })),
  );
  if (!format) return undefined;
  const split = await pickSplit();
  if (!split) return undefined;
  const out = await pickFolder(folder);
  return out === undefined ? undefined : { as, from, format, split, out };
}

async function pickSources(): Promise<ExportParams['from'] | undefined> {
  const picked = await vscode.window.showQuickPick<Choice<ExportParams['from'][number]>>(
    [
      { label: t('Answers'), detail: t('what people judged'), value: 'answers', picked: true },
      { label: t('Implied'), detail: t('what the answers say of other pairs'), value: 'implied' },
      { label: t('Classes'), detail: t('what the folders say'), value: 'classes' },
      { label: t('Mined'), detail: t('candidates that nobody judged yet'), value: 'mined' },
    ],
    { title: title(2), placeHolder: t('Where rows come from'), canPickMany: true },
  );
  return picked && picked.length > 0 ? picked.map(choice => choice.value) : undefined;
}

async function pickSplit(): Promise<number[] | undefined> {
  const picked = await pick<number[] | 'other'>(4, t('Split'), [
    { label: t('80 % train, 10 % validation, 10 % test'), value: [0.8, 0.1, 0.1] },
    { label: t('80 % train, 20 % validation'), value: [0.8, 0.2] },
    { label: t('No split'), detail: t('everything in one file'), value: [1] },
    { label: t('Other Shares…'), value: 'other' },
  ]);
  if (picked !== 'other') return picked;
  const text = await vscode.window.showInputBox({
    title: title(4),
    prompt: t('Two or three shares that add up to 1: train, validation, test'),
    value: '0.7, 0.15, 0.15',
    validateInput: input =>
      parseSplit(input) ? undefined : t('Shares above 0 that add up to 1, such as 0.7, 0.15, 0.15'),
  });
  return text === undefined ? undefined : parseSplit(text);
}

async function pickFolder(folder: vscode.Uri): Promise<string | undefined> {
  const beside = path.join(folder.fsPath, 'manifests');
  const picked = await pick<string>(5, t('Where to'), [
    { label: 'manifests', description: t('in the image folder'), value: beside },
    { label: t('Another Folder…'), value: '' },
  ]);
  if (picked !== '') return picked;
  const [other] =
    (await vscode.window.showOpenDialog({
      title: t('Export To'),
      defaultUri: folder,
      canSelectFiles: false,
      canSelectFolders: true,
      openLabel: t('Export Here'),
    })) ?? [];
  return other?.fsPath;
}

async function pick<T>(step: number, placeHolder: string, choices: Choice<T>[]): Promise<T | undefined> {
  return (await vscode.window.showQuickPick(choices, { title: title(step), placeHolder }))?.value;
}

function title(step: number): string {
  return t('Export Manifest ({0}/{1})', step, STEPS);
}
