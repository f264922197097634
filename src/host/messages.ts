import * as vscode from 'vscode';
import { commands } from '../contributions';
import { RpcError } from '../rpc/rpc';
import { ENGINE_DOWN } from './engineClient';
import { explain } from './explain';
import type { Margin } from './margin';

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
