import * as vscode from 'vscode';
import { commands } from '../contributions';
import type { MinedLane } from '../core/types';
import type { FileProblem, MineResult } from '../rpc/engine-protocol';
import type { Margin } from './margin';
import { folderRef } from './margin';
import { explain } from './explain';
import { showFailure } from './messages';
import { runJob } from './runJob';
import { Settings } from './settings';
import { laneTitle, mineSummary, nothingFound, problemSummary } from './words';

/** Mines a lane of a folder and brings up the panel with what was found. Resolves when that is done, whatever messages are still up. */
export async function mine(margin: Margin, lane: MinedLane, asked?: vscode.Uri): Promise<void> {
  const folder = await margin.folders.pick(asked);
  if (!folder) return;
  const { label, view, engine, log } = margin;
  await view.reveal();
  const params = { ...folderRef(folder), lane, ...new Settings(folder).mining };
  const outcome = await runJob(margin, vscode.l10n.t('Mine {0}', laneTitle(lane)), (signal, onProgress) =>
    engine.call('mine', params, { signal, onProgress }),
  );
  switch (outcome.state) {
    case 'done':
      await tell(margin, outcome.value);
      return;
    case 'failed':
      label.fail({ ...explain(outcome.error), again: () => void mine(margin, lane, folder) });
      void showFailure(outcome.error, margin);
      return;
    case 'cancelled':
      log.info(`${lane}: mining was cancelled; the vectors made so far are kept`);
      return;
    case 'busy':
      return;
  }
}

async function tell(margin: Margin, result: MineResult): Promise<void> {
  const { label, view, log } = margin;
  const { lane, kept, report, problems } = result;
  logProblems(log, problems);
  log.info(
    `${lane.lane}: ${String(lane.total)} candidates (${String(report.found)} found) among ${String(report.images)} images in ` +
      `${report.seconds.toFixed(2)} s; ${lane.model}, ${lane.metric}, margin ${String(lane.margin)}, ${report.kernel} on ${String(report.threads)} threads; ` +
      `left out: ${JSON.stringify(report.leftOut)}${['', ...report.notes].join('; ')}`,
  );
  await label.show(lane.lane);
  if ((kept ?? lane).remaining === 0) {
    const text = lane.total > 0 || kept ? mineSummary(result) : nothingFound(result);
    label.explain([text, problemSummary(problems)].join(' ').trim());
    void tellWithProblems(text, problems);
    return;
  }
  await view.reveal();
  void tellWithProblems(mineSummary(result), problems);
}

/** A message, with a way to the list of files that gave no picture, where there are any. */
export async function tellWithProblems(text: string, problems: readonly FileProblem[]): Promise<void> {
  const list = vscode.l10n.t('Show Unreadable Files');
  const picked = await vscode.window.showInformationMessage(text, ...(problems.length > 0 ? [list] : []));
  if (picked === list) await vscode.commands.executeCommand(commands.showLog);
}

export function logProblems(log: vscode.LogOutputChannel, problems: readonly FileProblem[]): void {
  if (problems.length === 0) return;
  log.warn(
    `${String(problems.length)} files could not be read:\n${problems.map(({ path, reason }) => `  ${path}: ${reason}`).join('\n')}`,
  );
}
