import * as vscode from 'vscode';
import { commands } from '../contributions';
import type { ModelInfo } from '../rpc/engine-protocol';
import type { Margin } from './margin';
import { folderRef } from './margin';
import { showFailure } from './messages';
import { Settings } from './settings';

interface ModelPick extends vscode.QuickPickItem {
  model?: string;
  other?: 'file' | 'address';
}

/** Lets a person choose the model that embeds the images of the current folder. */
export async function chooseModel(margin: Margin, asked?: vscode.Uri): Promise<void> {
  const folder = await margin.folders.pick(asked);
  if (!folder) return;
  const settings = new Settings(folder);
  const now = settings.engine.model;
  let models: ModelInfo[];
  try {
    models = await margin.engine.call('models', folderRef(folder));
  } catch (error) {
    await showFailure(error, margin);
    return;
  }
  const picked = await vscode.window.showQuickPick<ModelPick>(
    [
      ...models.map(model => row(model, now)),
      { label: '', kind: vscode.QuickPickItemKind.Separator },
      {
        label: vscode.l10n.t('Model on Disk…'),
        iconPath: new vscode.ThemeIcon('folder-opened'),
        other: 'file' as const,
      },
      {
        label: vscode.l10n.t('Model at an Address…'),
        iconPath: new vscode.ThemeIcon('globe'),
        other: 'address' as const,
      },
    ],
    {
      title: vscode.l10n.t('Choose Model'),
      placeHolder: vscode.l10n.t('The network that embeds the images'),
      matchOnDescription: true,
    },
  );
  if (!picked) return;
  const model = picked.model ?? (picked.other === 'file' ? await modelOnDisk(folder) : await modelAtAddress());
  if (model === undefined || model === now) return;
  await settings.setModel(model);
  const mineNow = vscode.l10n.t('Mine Hard Triplets');
  const next = await vscode.window.showInformationMessage(
    vscode.l10n.t('Images are embedded with "{0}" from now on. Lanes mined before stay as they are.', model),
    mineNow,
  );
  if (next === mineNow) await vscode.commands.executeCommand(commands.mineHardTriplets);
}

function row({ id, name, where, dimension, metric, description }: ModelInfo, now: string): ModelPick {
  const facts = [
    id === now ? vscode.l10n.t('current') : undefined,
    where === 'shipped' ? vscode.l10n.t('shipped with Margin') : undefined,
    dimension === undefined ? undefined : vscode.l10n.t('{0} numbers', dimension),
    metric,
  ].filter(fact => fact !== undefined);
  return {
    label: name,
    description: facts.join(' · '),
    ...(description !== undefined && { detail: description }),
    iconPath: new vscode.ThemeIcon(id === now ? 'check' : 'blank'),
    model: id,
  };
}

async function modelOnDisk(folder: vscode.Uri): Promise<string | undefined> {
  const [file] =
    (await vscode.window.showOpenDialog({
      title: vscode.l10n.t('A TensorFlow.js model.json'),
      defaultUri: folder,
      filters: { 'TensorFlow.js': ['json'] },
      openLabel: vscode.l10n.t('Use Model'),
    })) ?? [];
  return file?.fsPath;
}

async function modelAtAddress(): Promise<string | undefined> {
  const address = await vscode.window.showInputBox({
    title: vscode.l10n.t('Model at an Address'),
    prompt: vscode.l10n.t('The address of a TensorFlow.js model.json'),
    placeHolder: 'https://',
    validateInput: text =>
      /^https?:\/\/\S+\.json$/.test(text.trim())
        ? undefined
        : vscode.l10n.t('An http or https address that ends in .json'),
  });
  return address?.trim();
}
