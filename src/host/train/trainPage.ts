import * as vscode from 'vscode';
import { pages } from '../../contributions';
import { showPage } from '../webview/page';
import type { TrainController } from './trainController';

/** The editor page of a training: one, whatever is trained, and the same after a reload of the window. */
export class TrainPage implements vscode.WebviewPanelSerializer {
  readonly #extension: vscode.Uri;
  readonly #controller: TrainController;
  #panel: vscode.WebviewPanel | undefined;

  constructor(extension: vscode.Uri, controller: TrainController) {
    this.#extension = extension;
    this.#controller = controller;
  }

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.window.registerWebviewPanelSerializer(pages.training, this),
      new vscode.Disposable(() => this.#panel?.dispose()),
    );
  }

  /** A person sees it. */
  get visible(): boolean {
    return this.#panel?.visible === true;
  }

  show(): void {
    if (this.#panel) {
      this.#panel.reveal();
      return;
    }
    this.#fill(vscode.window.createWebviewPanel(pages.training, vscode.l10n.t('Training'), vscode.ViewColumn.Active));
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    this.#panel?.dispose();
    this.#fill(panel);
    return Promise.resolve();
  }

  #fill(panel: vscode.WebviewPanel): void {
    this.#panel = panel;
    panel.iconPath = vscode.Uri.joinPath(this.#extension, 'media', 'margin.svg');
    const disconnect = showPage(
      panel.webview,
      { extension: this.#extension, page: 'train', title: vscode.l10n.t('Training') },
      transport => this.#controller.connect(transport),
    );
    panel.onDidDispose(() => {
      disconnect();
      if (this.#panel === panel) this.#panel = undefined;
    });
  }
}
