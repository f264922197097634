import * as vscode from 'vscode';
import { webviews } from '../../contributions';
import type { FolderRef } from '../../rpc/engine-protocol';
import type { PreviewState } from '../../rpc/preview-protocol';
import type { Margin } from '../margin';
import { showPage } from '../webview/page';
import { PreviewController } from './previewController';

/** Shows what is about to be done in an editor of its own. Resolves to the button pressed, or undefined where it was closed. */
export function showPreview(
  { context, engine }: Margin,
  ref: FolderRef,
  state: PreviewState,
): Promise<string | undefined> {
  const panel = vscode.window.createWebviewPanel(webviews.preview, state.title, vscode.ViewColumn.Active);
  return new Promise(resolve => {
    const controller = new PreviewController(engine, ref, state, id => {
      resolve(id);
      panel.dispose();
    });
    const disconnect = showPage(
      panel.webview,
      { extension: context.extensionUri, page: 'preview', title: state.title },
      transport => controller.connect(transport),
    );
    panel.onDidDispose(() => {
      disconnect();
      resolve(undefined);
    });
  });
}
