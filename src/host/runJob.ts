import * as vscode from 'vscode';
import type { Progress } from '../rpc/engine-protocol';
import type { Outcome } from './jobs';
import type { Margin } from './margin';
import { progressLine } from './words';

/**
 * Runs work that a person started: a cancellable notification and the panel both show how far it is.
 * A failure is told here; the caller goes on only with a result.
 */
export async function runJob<T>(
  margin: Margin,
  what: string,
  work: (signal: AbortSignal, report: (progress: Progress) => void) => Promise<T>,
): Promise<Outcome<T>> {
  const { jobs } = margin;
  const outcome = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: what, cancellable: true },
    async (notification, token) => {
      let percent = 0;
      let stage: string | undefined;
      const stopListening = jobs.onChanged(job => {
        const progress = job?.progress;
        if (!progress) return;
        if (progress.stage !== stage) {
          stage = progress.stage;
          percent = 0;
        }
        const now = progress.total > 0 ? (100 * progress.done) / progress.total : 0;
        notification.report({ message: progressLine(progress), increment: Math.max(0, now - percent) });
        percent = Math.max(percent, now);
      });
      const cancel = token.onCancellationRequested(() => {
        jobs.cancel();
      });
      try {
        return await jobs.run(what, work);
      } finally {
        stopListening();
        cancel.dispose();
      }
    },
  );
  if (outcome.state === 'busy') {
    const cancelIt = vscode.l10n.t('Cancel It');
    const picked = await vscode.window.showWarningMessage(
      vscode.l10n.t('"{0}" is still under way.', outcome.by.what),
      cancelIt,
    );
    if (picked === cancelIt) jobs.cancel();
  }
  return outcome;
}
