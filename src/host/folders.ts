import { stat } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';

const REMEMBERED = 'margin.folder';

/** Which folder of images is the one being worked on: the only one open, or the one that the person chose, remembered. */
export class Folders implements vscode.Disposable {
  readonly #memory: vscode.Memento;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscription: vscode.Disposable;
  readonly onChanged = this.#changed.event;

  constructor(memory: vscode.Memento) {
    this.#memory = memory;
    this.#subscription = vscode.workspace.onDidChangeWorkspaceFolders(() => {
      this.#changed.fire();
    });
  }

  /** The folder now, without asking. */
  current(): vscode.Uri | undefined {
    const remembered = this.#memory.get<string>(REMEMBERED);
    if (remembered !== undefined) {
      const uri = vscode.Uri.parse(remembered);
      // Only while a window still has it open: a remembered folder must not reach outside the workspace.
      if (vscode.workspace.getWorkspaceFolder(uri)) return uri;
    }
    const local = onDisk();
    return local.length === 1 ? local[0]!.uri : undefined;
  }

  /** The folder to work on: `asked` (from the explorer), the current one, or the person's choice. Undefined: they declined. */
  async pick(asked?: vscode.Uri): Promise<vscode.Uri | undefined> {
    if (asked) return (await this.#use(asked)) ? asked : undefined;
    return this.current() ?? (await this.choose());
  }

  /** Asks, whatever is current. */
  async choose(): Promise<vscode.Uri | undefined> {
    const open = onDisk();
    if (open.length === 0) {
      const openFolder = vscode.l10n.t('Open Folder…');
      const picked = await vscode.window.showInformationMessage(
        vscode.l10n.t('Margin works on a folder of images on disk. Open one first.'),
        openFolder,
      );
      if (picked === openFolder) await vscode.commands.executeCommand('workbench.action.files.openFolder');
      return undefined;
    }
    const browse = vscode.l10n.t('Choose a Subfolder…');
    const current = this.current()?.toString();
    const picked = await vscode.window.showQuickPick(
      [
        ...open.map(folder => ({
          label: folder.name,
          description: folder.uri.toString() === current ? vscode.l10n.t('current') : '',
          detail: folder.uri.fsPath,
          uri: folder.uri as vscode.Uri | undefined,
        })),
        { label: browse, iconPath: new vscode.ThemeIcon('folder'), uri: undefined },
      ],
      { title: vscode.l10n.t('Choose Folder'), placeHolder: vscode.l10n.t('The folder whose images to work on') },
    );
    if (!picked) return undefined;
    const uri = picked.uri ?? (await browseUnder(this.current() ?? open[0]!.uri));
    return uri && (await this.#use(uri)) ? uri : undefined;
  }

  /** Whether a folder is there now. */
  async isThere(folder: vscode.Uri): Promise<boolean> {
    return isFolder(folder.fsPath);
  }

  /** Whether anything was ever mined or answered there. */
  async isUsed(folder: vscode.Uri): Promise<boolean> {
    return isFolder(path.join(folder.fsPath, '.margin'));
  }

  /** `name`, or the path below the workspace folder that holds it. */
  name(folder: vscode.Uri): string {
    const root = vscode.workspace.getWorkspaceFolder(folder);
    const below = root ? path.relative(root.uri.fsPath, folder.fsPath) : '';
    return below ? `${root!.name}/${below.replaceAll(path.sep, '/')}` : (root?.name ?? path.basename(folder.fsPath));
  }

  /** The name of the current folder, where the window leaves a doubt which one is meant. */
  nameInDoubt(): string | undefined {
    const folder = this.current();
    const open = onDisk();
    const plain = open.length === 1 && open[0]!.uri.toString() === folder?.toString();
    return folder && !plain ? this.name(folder) : undefined;
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  async #use(folder: vscode.Uri): Promise<boolean> {
    const problem =
      folder.scheme !== 'file'
        ? vscode.l10n.t('Margin reads images from disk; "{0}" is not on disk.', folder.toString(true))
        : !vscode.workspace.getWorkspaceFolder(folder)
          ? vscode.l10n.t('"{0}" is not inside a folder that is open here.', folder.fsPath)
          : !(await isFolder(folder.fsPath))
            ? vscode.l10n.t('"{0}" is not there any more.', folder.fsPath)
            : undefined;
    if (problem !== undefined) {
      void vscode.window.showWarningMessage(problem);
      return false;
    }
    await this.#memory.update(REMEMBERED, folder.toString());
    this.#changed.fire();
    return true;
  }
}

function onDisk(): vscode.WorkspaceFolder[] {
  return (vscode.workspace.workspaceFolders ?? []).filter(folder => folder.uri.scheme === 'file');
}

async function browseUnder(start: vscode.Uri): Promise<vscode.Uri | undefined> {
  const [folder] =
    (await vscode.window.showOpenDialog({
      defaultUri: start,
      canSelectFiles: false,
      canSelectFolders: true,
      openLabel: vscode.l10n.t('Choose'),
    })) ?? [];
  return folder;
}

async function isFolder(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isDirectory();
  } catch {
    return false;
  }
}
