import * as vscode from 'vscode';

/** An address that a model can be read from: its `model.json`, or the folder that holds it. */
export function isModelAddress(text: string): boolean {
  return /^https?:\/\/[^\s/]+(\/\S*)?$/.test(text.trim());
}

/** Asks for a folder that holds a TensorFlow.js `model.json`. Undefined where the person leaves; says where there is none. */
export async function modelFromFolder(near: vscode.Uri): Promise<string | undefined> {
  const [folder] =
    (await vscode.window.showOpenDialog({
      title: vscode.l10n.t('A folder with a TensorFlow.js model.json'),
      defaultUri: near,
      canSelectFolders: true,
      canSelectFiles: false,
      openLabel: vscode.l10n.t('Use Model'),
    })) ?? [];
  if (!folder) return undefined;
  try {
    await vscode.workspace.fs.stat(vscode.Uri.joinPath(folder, 'model.json'));
    return folder.fsPath;
  } catch {
    void vscode.window.showErrorMessage(
      vscode.l10n.t('{0} holds no model.json: choose the folder of a TensorFlow.js model.', folder.fsPath),
    );
    return undefined;
  }
}

/** Asks for the address of a model. */
export async function modelFromAddress(): Promise<string | undefined> {
  const address = await vscode.window.showInputBox({
    title: vscode.l10n.t('Model at an Address'),
    prompt: vscode.l10n.t('The address of a TensorFlow.js model.json, or of the folder that holds it'),
    placeHolder: 'https://',
    ignoreFocusOut: true,
    validateInput: text =>
      isModelAddress(text) ? undefined : vscode.l10n.t('An address that begins with http:// or https://'),
  });
  return address?.trim();
}
