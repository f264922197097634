import path from 'node:path';
import * as vscode from 'vscode';
import { editors } from '../../contributions';
import type { ExportParams, ExportResult, FormatInfo } from '../../rpc/engine-protocol';
import { RpcError } from '../../rpc/rpc';
import { explain } from '../explain';
import type { Margin } from '../margin';
import { folderRef } from '../margin';
import { showFailure } from '../messages';
import { showPreview } from '../preview/preview';
import { revealOnDisk } from '../reveal';
import { runJob } from '../runJob';
import { Settings } from '../settings';
import { bytes, count } from '../words';
import { askExport } from './askExport';
import type { ExportChoice } from './askExport';
import { exportPreview, rowsText, sumOf } from './exportPreview';

/** Asks what to export, shows the first rows and the counts, writes it, and offers to open it. */
export async function exportManifest(margin: Margin, asked?: vscode.Uri): Promise<void> {
  const folder = await margin.folders.pick(asked);
  if (!folder) return;
  let formats: FormatInfo[];
  try {
    formats = await margin.engine.call('formats', {});
  } catch (error) {
    await showFailure(error, margin);
    return;
  }
  const params = await settle(margin, folder, formats);
  if (!params) return;
  const outcome = await exporting(margin, params);
  if (outcome.state === 'failed') await showFailure(outcome.error, margin);
  if (outcome.state === 'done') await offerToOpen(margin, outcome.value, params);
}

/** Back and forth between the steps and the preview, until a person exports or leaves. */
async function settle(
  margin: Margin,
  folder: vscode.Uri,
  formats: readonly FormatInfo[],
): Promise<ExportParams | undefined> {
  let choice: ExportChoice | undefined;
  // Answers that contradict each other stay out unless the person decides otherwise, in sight of the rows.
  let contradicted: 'leave' | 'keep' = 'leave';
  let isChosen = false;
  let from: 'split' | 'folder' = 'folder';
  for (;;) {
    if (!isChosen) choice = await askExport(folder, formats, choice, from);
    if (!choice) return undefined;
    isChosen = false;
    from = 'folder';
    const params: ExportParams = { ...folderRef(folder), ...choice, seed: new Settings(folder).seed, contradicted };
    const planned = await exporting(margin, { ...params, dryRun: true });
    if (planned.state === 'done') {
      const pressed = await showPreview(
        margin,
        { folder: params.folder, settings: params.settings },
        exportPreview(planned.value, params, folder),
      );
      if (pressed === 'export') return params;
      if (pressed === 'keep' || pressed === 'leave') {
        contradicted = pressed;
        isChosen = true;
      } else if (pressed !== 'back') return undefined;
    } else if (planned.state === 'failed') {
      // Most of what can go wrong is put right by another choice: no answers yet, one class, a format for pairs only.
      const { message, hint } = explain(planned.error);
      margin.log.warn(`export: ${message}`);
      const again = vscode.l10n.t('Choose Again');
      const whole = vscode.l10n.t('Export Without a Split');
      const text = hint === undefined ? message : `${message} ${hint}`;
      const picked = await vscode.window.showErrorMessage(text, again, ...(isTooSmall(planned.error) ? [whole] : []));
      if (picked === undefined) return undefined;
      if (picked === whole) {
        choice = { ...choice, split: [1] };
        isChosen = true;
      } else from = 'split';
    } else return undefined;
  }
}

/** Whether there are too few rows for the parts that were asked for. */
function isTooSmall(error: unknown): boolean {
  return error instanceof RpcError && ['empty-part', 'too-few-units'].includes(error.code);
}

function exporting(margin: Margin, params: ExportParams) {
  return runJob(margin, vscode.l10n.t('Export Manifest'), (signal, onProgress) =>
    margin.engine.call('export', params, { signal, onProgress }),
  );
}

async function offerToOpen({ log }: Margin, result: ExportResult, params: ExportParams): Promise<void> {
  for (const warning of result.warnings) log.warn(`export: ${warning}`);
  for (const file of result.files) {
    log.info(`export: ${file.path}, ${String(file.rows)} rows, ${bytes(file.bytes)}, sha256 ${file.sha256}`);
  }
  const openCard = vscode.l10n.t('Open Data Card');
  const showFolder = vscode.l10n.t('Show in Folder');
  const look = vscode.l10n.t('Look at Rows');
  const data = result.files.filter(file => file.rows > 0);
  const first = data[0] ?? result.files[0];
  const isShown = first !== undefined && /\.(pairs|triplets)\.jsonl$/.test(first.path);
  const picked = await vscode.window.showInformationMessage(
    data.length === 1
      ? vscode.l10n.t('Exported {0}.', rowsText(sumOf(data)))
      : vscode.l10n.t('Exported {0} in {1} files.', rowsText(sumOf(data)), count(data.length)),
    openCard,
    showFolder,
    ...(isShown ? [look] : []),
  );
  if (!first) return;
  const target = vscode.Uri.file(path.resolve(params.out, first.path));
  if (picked === openCard) await vscode.commands.executeCommand('markdown.showPreview', vscode.Uri.file(result.card));
  if (picked === look) await vscode.commands.executeCommand('vscode.openWith', target, editors.manifest);
  if (picked === showFolder) await revealOnDisk(target);
}
