import path from 'node:path';
import * as vscode from 'vscode';
import { commands, editors } from '../../contributions';
import type { ManifestCommand } from '../../rpc/manifest-protocol';
import type { EngineClient } from '../engineClient';
import type { Folders } from '../folders';
import { folderRef } from '../margin';
import { Settings } from '../settings';
import { showPage } from '../webview/page';
import { progressLine } from '../words';
import type { ManifestPlace } from './manifestController';
import { ManifestController } from './manifestController';

/**
 * Opens `*.pairs.jsonl` and `*.triplets.jsonl` as rows of pictures. It is a read-only editor, because what a person
 * corrects goes into the ledger and the file stays as it was exported: nothing is ever unsaved, and VS Code does not have
 * to hold hundreds of megabytes as a text document.
 */
export class ManifestEditor implements vscode.CustomReadonlyEditorProvider, vscode.Disposable {
  readonly #extension: vscode.Uri;
  readonly #engine: EngineClient;
  readonly #folders: Folders;
  readonly #controllers = new Set<ManifestController>();

  constructor(extension: vscode.Uri, engine: EngineClient, folders: Folders) {
    this.#extension = extension;
    this.#engine = engine;
    this.#folders = folders;
  }

  register(): vscode.Disposable {
    return vscode.window.registerCustomEditorProvider(editors.manifest, this, {
      supportsMultipleEditorsPerDocument: true,
    });
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return {
      uri,
      dispose: () => {
        // An engine that does not run has nothing to let go of.
        if (uri.scheme !== 'file' || this.#engine.pid === undefined) return;
        this.#engine.call('manifestClose', { file: uri.fsPath }).catch(() => undefined);
      },
    };
  }

  resolveCustomEditor({ uri }: vscode.CustomDocument, panel: vscode.WebviewPanel): void {
    const name = path.posix.basename(uri.path);
    const controller = new ManifestController({
      engine: this.#engine,
      file: uri.fsPath,
      name,
      place: () => this.#place(uri),
      describe: progressLine,
      run: command => void this.#run(command, panel),
      openLine: line => void openLine(uri, line, panel.viewColumn),
    });
    this.#controllers.add(controller);
    const disconnect = showPage(
      panel.webview,
      { extension: this.#extension, page: 'manifest', title: name },
      transport => controller.connect(transport),
    );
    const watcher = uri.scheme === 'file' ? watch(uri, controller) : undefined;
    panel.onDidDispose(() => {
      watcher?.dispose();
      disconnect();
      controller.dispose();
      this.#controllers.delete(controller);
    });
  }

  /** Answers changed: what is said of rows may too. */
  changed(): void {
    for (const controller of this.#controllers) controller.changed();
  }

  /** Folders, settings or trust changed. */
  reopen(): void {
    for (const controller of this.#controllers) controller.reopen();
  }

  dispose(): void {
    for (const controller of this.#controllers) controller.dispose();
    this.#controllers.clear();
  }

  async #place(uri: vscode.Uri): Promise<ManifestPlace> {
    if (uri.scheme !== 'file') return { kind: 'not-on-disk' };
    if (!vscode.workspace.isTrusted) return { kind: 'untrusted' };
    const folder = await this.#folderOf(uri);
    if (!folder) return { kind: 'no-folder' };
    const { thumbnailSize } = new Settings(folder);
    return { kind: 'folder', ref: folderRef(folder), name: this.#folders.name(folder), thumbnailSize };
  }

  /** The folder of images that a manifest belongs to: the nearest one above it that was worked in, else the current one. */
  async #folderOf(uri: vscode.Uri): Promise<vscode.Uri | undefined> {
    const root = vscode.workspace.getWorkspaceFolder(uri)?.uri;
    const current = this.#folders.current();
    if (!root) return current;
    for (let at = path.dirname(uri.fsPath); at.length >= root.fsPath.length; at = path.dirname(at)) {
      if (await this.#folders.isUsed(vscode.Uri.file(at))) return vscode.Uri.file(at);
      if (path.dirname(at) === at) break;
    }
    return current && vscode.workspace.getWorkspaceFolder(current)?.uri.toString() === root.toString() ? current : root;
  }

  async #run(command: Exclude<ManifestCommand, 'retry'>, panel: vscode.WebviewPanel): Promise<void> {
    const ids: Record<typeof command, string> = {
      openAsText: commands.openManifestAsText,
      openFolder: 'workbench.action.files.openFolder',
      trustFolder: 'workbench.trust.manage',
      showLog: commands.showLog,
    };
    // The text takes the place of the active editor: make sure that it is this one.
    if (command === 'openAsText') panel.reveal();
    await vscode.commands.executeCommand(ids[command]);
  }
}

/** The manifest in the active editor as text, in its place. */
export async function openAsText(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.reopenTextEditor');
}

/** The manifest in the active text editor (or `asked`, which a menu names) as rows of pictures, in its place. */
export async function openAsPictures(asked?: vscode.Uri): Promise<void> {
  const uri = asked ?? textOf(vscode.window.tabGroups.activeTabGroup.activeTab);
  if (!uri) return;
  await vscode.commands.executeCommand('vscode.openWith', uri, editors.manifest);
  // Looked up only now: when a menu is clicked quickly, the tab that it was clicked in is not always the active one yet.
  const { activeTabGroup } = vscode.window.tabGroups;
  const texts = activeTabGroup.tabs.filter(tab => !tab.isDirty && textOf(tab)?.toString() === uri.toString());
  if (texts.length > 0) await vscode.window.tabGroups.close(texts);
}

async function openLine(uri: vscode.Uri, line: number, viewColumn: vscode.ViewColumn | undefined): Promise<void> {
  const selection = new vscode.Range(line - 1, 0, line - 1, 0);
  await vscode.commands.executeCommand('vscode.openWith', uri, 'default', {
    selection,
    ...(viewColumn !== undefined && { viewColumn }),
  });
}

function watch(uri: vscode.Uri, controller: ManifestController): vscode.Disposable {
  const pattern = new vscode.RelativePattern(vscode.Uri.joinPath(uri, '..'), path.posix.basename(uri.path));
  const watcher = vscode.workspace.createFileSystemWatcher(pattern);
  const reopen = () => {
    controller.reopen();
  };
  watcher.onDidChange(reopen);
  watcher.onDidCreate(reopen);
  watcher.onDidDelete(reopen);
  return watcher;
}

function textOf(tab: vscode.Tab | undefined): vscode.Uri | undefined {
  return tab?.input instanceof vscode.TabInputText ? tab.input.uri : undefined;
}
