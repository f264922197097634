import * as vscode from 'vscode';
import type { Transport } from '../../rpc/rpc';
import { pageHtml } from './html';
import { servePages } from './pageTransport';

/**
 * Makes a webview show one of Margin's pages, and serves it for as long as the webview lives.
 * @param page a folder of `webview/`, built into `dist/webview/<page>.js` and `.css`
 * @param connect called with each load of the page; what it returns ends that load
 * @returns what ends it all
 */
export function showPage(
  webview: vscode.Webview,
  { extension, page, title }: { extension: vscode.Uri; page: string; title: string },
  connect: (transport: Transport) => () => void,
): () => void {
  const pages = vscode.Uri.joinPath(extension, 'dist', 'webview');
  webview.options = { enableScripts: true, localResourceRoots: [pages] };
  const disconnect = servePages(webview, connect);
  webview.html = pageHtml({
    script: webview.asWebviewUri(vscode.Uri.joinPath(pages, `${page}.js`)).toString(),
    style: webview.asWebviewUri(vscode.Uri.joinPath(pages, `${page}.css`)).toString(),
    source: webview.cspSource,
    title,
    language: vscode.env.language,
    strings: vscode.l10n.bundle,
  });
  return disconnect;
}
