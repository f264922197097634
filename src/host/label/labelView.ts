import * as vscode from 'vscode';
import { views } from '../../contributions';
import { pageHtml } from '../webview/html';
import type { LabelController } from './labelController';
import { servePages } from '../webview/pageTransport';

/** The Label view in the side bar: VS Code's half of the page (HTML, messages, visibility). */
export class LabelView implements vscode.WebviewViewProvider {
  readonly #pages: vscode.Uri;
  readonly #controller: LabelController;
  #view: vscode.WebviewView | undefined;

  constructor(extension: vscode.Uri, controller: LabelController) {
    this.#pages = vscode.Uri.joinPath(extension, 'dist', 'webview');
    this.#controller = controller;
  }

  register(): vscode.Disposable {
    return vscode.window.registerWebviewViewProvider(views.label, this);
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#view = view;
    const { webview } = view;
    webview.options = { enableScripts: true, localResourceRoots: [this.#pages] };
    const disconnect = servePages(webview, page => this.#controller.connect(page));
    view.onDidDispose(() => {
      disconnect();
      if (this.#view === view) this.#view = undefined;
    });
    webview.html = pageHtml({
      script: webview.asWebviewUri(vscode.Uri.joinPath(this.#pages, 'label.js')).toString(),
      style: webview.asWebviewUri(vscode.Uri.joinPath(this.#pages, 'label.css')).toString(),
      source: webview.cspSource,
      title: vscode.l10n.t('Label'),
      language: vscode.env.language,
      strings: vscode.l10n.bundle,
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
