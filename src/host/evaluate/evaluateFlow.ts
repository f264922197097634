import path from 'node:path';
import * as vscode from 'vscode';
import type { EvaluateParams } from '../../rpc/engine-protocol';
import type { Margin } from '../margin';
import { folderRef } from '../margin';
import { showFailure } from '../messages';
import { logProblems } from '../mining';
import { runJob } from '../runJob';

const t = vscode.l10n.t;

/** Judges a model on the folder's images and shows the figures as a page. `model`: the one to judge, where that is known. */
export async function evaluateModel(margin: Margin, asked?: vscode.Uri, model?: string): Promise<void> {
  const folder = await margin.folders.pick(asked);
  if (!folder) return;
  const ref = folderRef(folder);
  let params: EvaluateParams;
  try {
    const chosen = model ?? (await askModel(margin, ref.settings.model, folder));
    if (chosen === undefined) return;
    const files = await askFiles(folder);
    if (!files) return;
    params = { ...ref, settings: { ...ref.settings, model: chosen }, ...files };
  } catch (error) {
    await showFailure(error, margin);
    return;
  }
  const outcome = await runJob(margin, t('Evaluate {0}', params.settings.model), (signal, onProgress) =>
    margin.engine.call('evaluate', params, { signal, onProgress }),
  );
  if (outcome.state === 'failed') await showFailure(outcome.error, margin);
  if (outcome.state !== 'done') return;
  logProblems(margin.log, outcome.value.problems);
  await margin.evaluation.show(outcome.value, margin.folders.name(folder));
  if (params.guessesTo === undefined || !outcome.value.examples) return;
  const open = t('Open');
  const written = t('{0} was written.', path.basename(params.guessesTo));
  if ((await vscode.window.showInformationMessage(written, open)) === open)
    await vscode.window.showTextDocument(vscode.Uri.file(params.guessesTo));
}

async function askModel(margin: Margin, now: string, folder: vscode.Uri): Promise<string | undefined> {
  const models = await margin.engine.call('models', folderRef(folder));
  // A model at an address, or elsewhere on disk, is in no list but in use.
  const known = models.some(({ id }) => id === now)
    ? models
    : [{ id: now, name: now, description: undefined }, ...models];
  const picked = await vscode.window.showQuickPick(
    known
      .map(({ id, name, description }) => ({
        label: name,
        ...(id === now && { description: t('current') }),
        ...(description !== undefined && { detail: description }),
        id,
      }))
      .sort((a, b) => Number(b.id === now) - Number(a.id === now)),
    { title: t('Evaluate Model'), placeHolder: t('The model to judge'), ignoreFocusOut: true },
  );
  return picked?.id;
}

type Files = Pick<EvaluateParams, 'oneShot' | 'pairs' | 'examples' | 'guessesTo'>;

/** One-shot trials and verification pairs come from files; without any, the classes are enough. */
async function askFiles(folder: vscode.Uri): Promise<Files | undefined> {
  const files: Files = {};
  for (;;) {
    const row = (what: keyof Files, label: string, detail: string) => ({
      label,
      detail,
      ...(files[what] !== undefined && { description: path.basename(files[what]) }),
      what,
    });
    const picked = await vscode.window.showQuickPick(
      [
        {
          label: t('Evaluate'),
          detail: t('retrieval among the classes, and what the chosen files ask'),
          what: undefined,
        },
        row(
          'oneShot',
          t('One-Shot Trials From a File…'),
          t('CSV with the columns {0}', 'run, trial, test, candidate, same'),
        ),
        row('pairs', t('Verification Pairs From a File…'), t('CSV with the columns {0}', 'fold, a, b, same')),
        row(
          'examples',
          t('Classes by Examples From a Folder…'),
          t('a sub-folder of examples for each class; the nearest one says what an image is'),
        ),
        ...(files.examples === undefined
          ? []
          : [
              row(
                'guessesTo',
                t('Write the Guesses to a File…'),
                t('of each image its class, the nearest example and the distance'),
              ),
            ]),
      ],
      { title: t('Evaluate Model'), placeHolder: t('Evaluate, or add a file or folder first'), ignoreFocusOut: true },
    );
    if (!picked) return undefined;
    if (picked.what === undefined) return files;
    if (picked.what === 'guessesTo') {
      const target = await vscode.window.showSaveDialog({
        title: picked.label,
        defaultUri: vscode.Uri.joinPath(folder, '..', 'guesses.csv'),
        filters: { CSV: ['csv'], 'JSON Lines': ['jsonl'] },
      });
      if (target) files.guessesTo = target.fsPath;
      continue;
    }
    const [file] =
      (await vscode.window.showOpenDialog({
        title: picked.label,
        defaultUri: folder,
        ...(picked.what === 'examples'
          ? { canSelectFolders: true, canSelectFiles: false }
          : { filters: { CSV: ['csv'] } }),
        openLabel: t('Choose'),
      })) ?? [];
    if (file) files[picked.what] = file.fsPath;
  }
}
