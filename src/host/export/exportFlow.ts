import path from 'node:path';
import * as vscode from 'vscode';
import type { ExportParams, ExportResult } from '../../rpc/engine-protocol';
import type { Margin } from '../margin';
import { folderRef } from '../margin';
import { showFailure } from '../messages';
import { runJob } from '../runJob';
import { Settings } from '../settings';
import { bytes, count } from '../words';
import { askExport } from './askExport';

/** Asks what to export, shows what it would come to, writes it, and offers to open it. */
export async function exportManifest(margin: Margin, asked?: vscode.Uri): Promise<void> {
  const folder = await margin.folders.pick(asked);
  if (!folder) return;
  const { engine, log } = margin;
  const choice = await askExport(folder);
  if (!choice) return;
  const params: ExportParams = { ...folderRef(folder), ...choice, seed: new Settings(folder).seed };
  try {
    const plan = await engine.call('export', { ...params, dryRun: true });
    if (!(await confirm(plan, params, folder))) return;
  } catch (error) {
    await showFailure(error, engine, log);
    return;
  }
  const outcome = await runJob(margin, vscode.l10n.t('Export Manifest'), (signal, onProgress) =>
    engine.call('export', params, { signal, onProgress }),
  );
  if (outcome.state === 'failed') await showFailure(outcome.error, engine, log);
  if (outcome.state === 'done') await offerToOpen(margin, outcome.value, params);
}

async function confirm(plan: ExportResult, params: ExportParams, folder: vscode.Uri): Promise<boolean> {
  const write = vscode.l10n.t('Export');
  const detail = [
    ...plan.files.map(file => `${place(file.path, params)}: ${rows(file.rows)}`),
    '',
    ...Object.entries(plan.counts).map(([what, n]) => `${what}: ${count(n)}`),
    ...(plan.warnings.length > 0 ? ['', ...plan.warnings] : []),
  ].join('\n');
  const where = path.relative(folder.fsPath, params.out);
  const picked = await vscode.window.showInformationMessage(
    vscode.l10n.t(
      'Export {0} to "{1}"?',
      rows(plan.files.reduce((sum, file) => sum + file.rows, 0)),
      where.startsWith('..') ? params.out : where,
    ),
    { modal: true, detail: detail.trim() },
    write,
  );
  return picked === write;
}

async function offerToOpen({ log }: Margin, result: ExportResult, params: ExportParams): Promise<void> {
  for (const warning of result.warnings) log.warn(`export: ${warning}`);
  for (const file of result.files) {
    log.info(`export: ${file.path}, ${String(file.rows)} rows, ${bytes(file.bytes)}, sha256 ${file.sha256}`);
  }
  const openFile = vscode.l10n.t('Open File');
  const openFolder = vscode.l10n.t('Open Folder');
  const total = result.files.reduce((sum, file) => sum + file.rows, 0);
  const picked = await vscode.window.showInformationMessage(
    result.files.length === 1
      ? vscode.l10n.t('Exported {0}.', rows(total))
      : vscode.l10n.t('Exported {0} in {1} files.', rows(total), count(result.files.length)),
    openFile,
    openFolder,
  );
  const first = result.files[0];
  if (picked === openFile && first) {
    await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(place(first.path, params, true)));
  }
  if (picked === openFolder) {
    const target = vscode.Uri.file(first ? place(first.path, params, true) : params.out);
    // Over a remote connection there is no file manager beside the files: the explorer is.
    const remote = vscode.env.remoteName !== undefined || vscode.env.uiKind === vscode.UIKind.Web;
    await vscode.commands.executeCommand(remote ? 'revealInExplorer' : 'revealFileInOS', target);
  }
}

function rows(n: number): string {
  return n === 1 ? vscode.l10n.t('1 row') : vscode.l10n.t('{0} rows', count(n));
}

/** A file of the result, as a path to show or to open. */
function place(file: string, { out }: ExportParams, absolute = false): string {
  const full = path.isAbsolute(file) ? file : path.join(out, file);
  return absolute ? full : path.basename(full);
}
