import * as vscode from 'vscode';

/** Shows a file where files are shown: over a remote connection there is no file manager beside them, the explorer is. */
export async function revealOnDisk(file: vscode.Uri): Promise<void> {
  const remote = vscode.env.remoteName !== undefined || vscode.env.uiKind === vscode.UIKind.Web;
  await vscode.commands.executeCommand(remote ? 'revealInExplorer' : 'revealFileInOS', file);
}
