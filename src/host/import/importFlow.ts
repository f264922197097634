import { randomUUID } from 'node:crypto';
import path from 'node:path';
import * as vscode from 'vscode';
import type { CsvPreviewInfo, ImportParams } from '../../rpc/engine-protocol';
import type { Margin } from '../margin';
import { folderRef } from '../margin';
import { showFailure } from '../messages';
import { showPreview } from '../preview/preview';
import { runJob } from '../runJob';
import { askColumns } from './askColumns';
import { answersText, importPreview } from './importPreview';

const t = vscode.l10n.t;

/** Picks a file, shows what it would add and where it contradicts, and writes it into the ledger as one act. */
export async function importAnswers(margin: Margin, asked?: vscode.Uri): Promise<void> {
  const folder = await margin.folders.pick(asked);
  if (!folder) return;
  const file = await pickFile(folder);
  if (!file) return;
  let preview: CsvPreviewInfo | null;
  try {
    preview = await margin.engine.call('importPreview', { file: file.fsPath });
  } catch (error) {
    await showFailure(error, margin);
    return;
  }
  const columns = preview ? await askColumns(preview) : undefined;
  if (preview && !columns) return;
  const params: ImportParams = { ...folderRef(folder), file: file.fsPath, ...(columns && { columns }) };
  const onConflict = await confirm(margin, params);
  if (!onConflict) return;
  const outcome = await importing(margin, { ...params, onConflict });
  if (outcome.state === 'failed') await showFailure(outcome.error, margin);
  if (outcome.state === 'done') await tell(margin, outcome.value.added);
}

async function pickFile(folder: vscode.Uri): Promise<vscode.Uri | undefined> {
  const [file] =
    (await vscode.window.showOpenDialog({
      title: t('Import Answers'),
      defaultUri: folder,
      filters: {
        [t('Manifests and tables')]: ['jsonl', 'csv', 'tsv', 'txt', 'json', 'parquet', 'tfrecord'],
        [t('All files')]: ['*'],
      },
      openLabel: t('Import'),
    })) ?? [];
  return file;
}

/** Shows what would be written. Undefined: nothing is to be. */
async function confirm(margin: Margin, params: ImportParams): Promise<'keep' | 'replace' | undefined> {
  const planned = await importing(margin, { ...params, dryRun: true });
  if (planned.state === 'failed') await showFailure(planned.error, margin);
  if (planned.state !== 'done') return undefined;
  const plan = planned.value;
  if (plan.added === 0 && plan.conflicts.length === 0 && plan.missingRows === 0) {
    void vscode.window.showInformationMessage(
      plan.passedOver === 0
        ? t('Nothing to import: {0} known already.', answersText(plan.already))
        : t(
            'Nothing to import: {0} known already, {1} rows hold no judgement.',
            answersText(plan.already),
            plan.passedOver,
          ),
    );
    return undefined;
  }
  const ref = { folder: params.folder, settings: params.settings };
  const pressed = await showPreview(margin, ref, importPreview(plan, path.basename(params.file)));
  return pressed === 'keep' || pressed === 'replace' ? pressed : undefined;
}

function importing(margin: Margin, params: ImportParams) {
  return runJob(margin, t('Import Answers'), (signal, onProgress) =>
    margin.engine.call('import', params, { signal, onProgress }),
  );
}

async function tell(margin: Margin, added: number): Promise<void> {
  if (added === 0) {
    void vscode.window.showInformationMessage(t('Nothing was added: what stands was kept.'));
    return;
  }
  const undo = t('Undo');
  const picked = await vscode.window.showInformationMessage(t('Imported {0}.', answersText(added)), undo);
  if (picked !== undo) return;
  try {
    // The import is the latest act: one undo takes all of it back.
    await margin.label.undo(randomUUID());
    margin.label.refresh();
  } catch (error) {
    await showFailure(error, margin);
  }
}
