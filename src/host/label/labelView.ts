import * as vscode from 'vscode';
import { views } from '../../contributions';
import type { LabelController } from './labelController';
import { showPage } from '../webview/page';

/** The Label view in the side bar: VS Code's half of the page (HTML, messages, visibility). */
export class LabelView implements vscode.WebviewViewProvider {
  readonly #extension: vscode.Uri;
  readonly #controller: LabelController;
  #view: vscode.WebviewView | undefined;

  constructor(extension: vscode.Uri, controller: LabelController) {
    this.#extension = extension;
    this.#controller = controller;
  }

  register(): vscode.Disposable {
    return vscode.window.registerWebviewViewProvider(views.label, this);
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#view = view;
    const disconnect = showPage(
      view.webview,
      { extension: this.#extension, page: 'label', title: vscode.l10n.t('Label') },
      page => this.#controller.connect(page),
    );
    view.onDidDispose(() => {
      disconnect();
      if (this.#view === view) this.#view = undefined;
    });
  }

  /** The view's title bar: which lane, and in which folder where that is not plain. */
  describe(text: string): void {
    if (this.#view) this.#view.description = text;
  }

  /** Brings the view up and gives it the keyboard. */
  async reveal(): Promise<void> {
    await vscode.commands.executeCommand(`${views.label}.focus`);
    this.#controller.focus();
  }
}
