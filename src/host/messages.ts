import * as vscode from 'vscode';
import { commands } from '../contributions';
import { RpcError } from '../rpc/rpc';
import { ENGINE_DOWN } from './engineClient';
import type { EditedImage } from '../rpc/engine-protocol';
import { explain } from './explain';
import type { Margin } from './margin';
import { count } from './words';

/** Tells a person of a failure, with a way on: the log, and a restart where the engine was given up. */
export async function showFailure(error: unknown, { engine, label, log }: Margin): Promise<void> {
  const { message, hint } = explain(error);
  log.error(message, ...(error instanceof RpcError && error.remoteStack !== undefined ? [error.remoteStack] : []));
  const down = error instanceof RpcError && error.code === ENGINE_DOWN;
  const restart = vscode.l10n.t('Restart Engine');
  const showLog = vscode.l10n.t('Show Log');
  const text = hint === undefined ? message : `${message} ${hint}`;
  const picked = await vscode.window.showErrorMessage(text, ...(down ? [restart, showLog] : [showLog]));
  if (picked === showLog) await vscode.commands.executeCommand(commands.showLog);
  if (picked === restart) {
    engine.restart();
    label.dismiss();
  }
}

/** Tells a person that judged images were edited: an image is its content, so what was said of the old one stays with it. */
export async function tellEdited(images: readonly EditedImage[]): Promise<void> {
  const answers = images.reduce((sum, image) => sum + image.answers, 0);
  const [first] = images;
  const text =
    images.length === 1
      ? vscode.l10n.t(
          '{0} was edited since it was judged: it is a new image now, and {1} answers about the old one no longer count for it.',
          first!.path,
          count(answers),
        )
      : vscode.l10n.t(
          '{0} images were edited since they were judged: they are new images now, and {1} answers about the old ones no longer count for them.',
          count(images.length),
          count(answers),
        );
  const list = vscode.l10n.t('Show Log');
  if ((await vscode.window.showWarningMessage(text, list)) === list)
    await vscode.commands.executeCommand(commands.showLog);
}
