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
  const { engine } = margin;
  let params: ExportParams;
  try {
    const choice = await askExport(folder, await engine.call('formats', {}));
    if (!choice) return;
    params = { ...folderRef(folder), ...choice, seed: new Settings(folder).seed };
    const plan = await engine.call('export', { ...params, dryRun: true });
    if (!(await confirm(plan, params, folder))) return;
  } catch (error) {
    await showFailure(error, margin);
    return;
  }
  const outcome = await runJob(margin, vscode.l10n.t('Export Manifest'), (signal, onProgress) =>
    engine.call('export', params, { signal, onProgress }),
  );
  if (outcome.state === 'failed') await showFailure(outcome.error, margin);
  if (outcome.state === 'done') await offerToOpen(margin, outcome.value, params);
}

async function confirm(plan: ExportResult, params: ExportParams, folder: vscode.Uri): Promise<boolean> {
  const write = vscode.l10n.t('Export');
  const data = plan.files.filter(file => file.rows > 0);
  const detail = [
    ...data.map(file => `${path.basename(file.path)}: ${rows(file.rows)}`),
    '',
    ...Object.entries(plan.counts)
      .filter(([what]) => !/^rows(\.|$)/.test(what)) // said above, file by file
      .map(([what, n]) => `${what}: ${count(n)}`),
    '',
    ...plan.warnings,
  ].join('\n');
  const where = path.relative(folder.fsPath, params.out);
  const picked = await vscode.window.showInformationMessage(
    vscode.l10n.t('Export {0} to "{1}"?', rows(sum(data)), where.startsWith('..') ? params.out : where || '.'),
    { modal: true, detail: detail.trim().replace(/\n{3,}/g, '\n\n') },
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
  const data = result.files.filter(file => file.rows > 0);
  const picked = await vscode.window.showInformationMessage(
    data.length === 1
      ? vscode.l10n.t('Exported {0}.', rows(sum(data)))
      : vscode.l10n.t('Exported {0} in {1} files.', rows(sum(data)), count(data.length)),
    openFile,
    openFolder,
  );
  const first = data[0] ?? result.files[0];
  if (!first) return;
  const target = vscode.Uri.file(path.resolve(params.out, first.path));
  if (picked === openFile) await vscode.commands.executeCommand('vscode.open', target);
  if (picked === openFolder) {
    // Over a remote connection there is no file manager beside the files: the explorer is.
    const remote = vscode.env.remoteName !== undefined || vscode.env.uiKind === vscode.UIKind.Web;
    await vscode.commands.executeCommand(remote ? 'revealInExplorer' : 'revealFileInOS', target);
  }
}

function sum(files: ExportResult['files']): number {
  return files.reduce((total, file) => total + file.rows, 0);
}

function rows(n: number): string {
  return n === 1 ? vscode.l10n.t('1 row') : vscode.l10n.t('{0} rows', count(n));
}
