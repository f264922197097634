import * as vscode from 'vscode';
import type { Margin } from './margin';
import { folderRef } from './margin';
import { showFailure } from './messages';
import { bytes } from './words';

/** Deletes what can be made again (thumbnails, vectors, lanes), after asking. Answers and models stay. */
export async function clearCache(margin: Margin, asked?: vscode.Uri): Promise<void> {
  const folder = await margin.folders.pick(asked);
  if (!folder) return;
  const clear = vscode.l10n.t('Clear Cache');
  const picked = await vscode.window.showWarningMessage(
    vscode.l10n.t('Clear the cache of "{0}"?', margin.folders.name(folder)),
    {
      modal: true,
      detail: vscode.l10n.t(
        'Thumbnails, vectors and mined lanes are deleted and made again when needed. Answers stay.',
      ),
    },
    clear,
  );
  if (picked !== clear) return;
  try {
    const { bytes: freed } = await margin.engine.call('clearCache', folderRef(folder));
    margin.label.refresh();
    void vscode.window.showInformationMessage(vscode.l10n.t('Cleared {0}.', bytes(freed)));
  } catch (error) {
    await showFailure(error, margin);
  }
}
