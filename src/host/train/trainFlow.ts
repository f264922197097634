import * as vscode from 'vscode';
import { views } from '../../contributions';
import type { TrainCommand, TrainRun } from '../../rpc/train-protocol';
import { evaluateModel } from '../evaluate/evaluateFlow';
import type { Jobs } from '../jobs';
import { laneMemory } from '../laneMemory';
import type { Margin } from '../margin';
import { folderRef } from '../margin';
import { showFailure } from '../messages';
import { logProblems, mine } from '../mining';
import { Settings } from '../settings';
import { revealOnDisk } from '../reveal';
import { askTraining, factsOf } from './askTraining';
import { percent } from './words';

const t = vscode.l10n.t;

/** Asks for the choices, opens the page, and trains. `again`: choices to start from. */
export async function trainModel(margin: Margin, asked?: vscode.Uri, again?: TrainRun): Promise<void> {
  const folder = await margin.folders.pick(asked);
  if (!folder || refuseWhileBusy(margin.jobs)) return;
  try {
    const models = await margin.engine.call('models', folderRef(folder));
    const choice = await askTraining(models, folder, again?.choice);
    if (!choice) return;
    const settings = new Settings(folder);
    await runTraining(margin, {
      folder: folder.fsPath,
      folderName: margin.folders.name(folder),
      choice: { ...choice, seed: settings.seed, augmentation: settings.augmentation },
      facts: factsOf(choice),
      modelBefore: settings.engine.model,
      history: [],
    });
  } catch (error) {
    await showFailure(error, margin);
  }
}

/** What the buttons of the page do. */
export async function runTrainCommand(
  margin: Margin,
  id: Exclude<TrainCommand, 'cancel'>,
  run: TrainRun | undefined,
): Promise<void> {
  const folder = run && vscode.Uri.file(run.folder);
  switch (id) {
    case 'showLog':
      margin.log.show();
      return;
    case 'trustFolder':
      await vscode.commands.executeCommand('workbench.trust.manage');
      return;
    case 'showAnswers':
      await vscode.commands.executeCommand(`${views.answers}.focus`);
      return;
    case 'change':
      await trainModel(margin, folder, run);
      return;
    case 'start':
      if (!run) await trainModel(margin);
      else if (!refuseWhileBusy(margin.jobs)) await runTraining(margin, run);
      return;
    case 'useModel':
      if (folder) await new Settings(folder).setModel(run.choice.name);
      return;
    case 'mineAgain': {
      if (!folder) return;
      await new Settings(folder).setModel(run.choice.name);
      const lane = laneMemory(margin.memory).get(folder.fsPath);
      await mine(margin, lane === undefined || lane === 'disagreements' ? 'hard-triplets' : lane, folder);
      return;
    }
    case 'evaluate':
      if (folder) await evaluateModel(margin, folder, run.choice.name);
      return;
    case 'openFolder':
      if (folder) await revealOnDisk(vscode.Uri.joinPath(folder, '.margin', 'models', run.choice.name));
      return;
  }
}

async function runTraining(margin: Margin, run: TrainRun): Promise<void> {
  const { training, log, label } = margin;
  training.page.show();
  const title = t('Train {0}', run.choice.name);
  const outcome = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () =>
    training.controller.start(run, folderRef(vscode.Uri.file(run.folder))),
  );
  switch (outcome.state) {
    case 'done': {
      const { name, before, after, map, ended, epochs, seconds, backend, problems } = outcome.value;
      logProblems(log, problems);
      log.info(`${name}: trained ${String(epochs)} epochs in ${seconds.toFixed(0)} s on ${backend} (${ended})`);
      if (training.page.visible) return;
      const show = t('Show');
      const text = map
        ? map.better
          ? map.learned === 'classes'
            ? t(
                '“{0}” learned from your classes: the MAP@R of held-out ones was {1}, is {2}.',
                name,
                percent(map.before.mapAtR.value),
                percent(map.after.mapAtR.value),
              )
            : t(
                '“{0}” learned from your answers: the AUC of held-out pairs was {1}, is {2}.',
                name,
                percent(map.before.value),
                percent(map.after.value),
              )
          : map.learned === 'classes'
            ? t('“{0}” is no better than “{1}”.', name, map.from)
            : t('“{0}” is no better than “{1}”: more answers may change that.', name, map.from)
        : before && after
          ? t(
              '“{0}” is trained: P@1 on held-out images was {1}, is {2}.',
              name,
              percent(before.precisionAt1.value),
              percent(after.precisionAt1.value),
            )
          : t('“{0}” is trained.', name);
      if ((await vscode.window.showInformationMessage(text, show)) === show) training.page.show();
      return;
    }
    case 'failed':
      label.refresh();
      if (training.page.visible) log.error(outcome.error.message);
      else await showFailure(outcome.error, margin);
      return;
    case 'cancelled':
    case 'busy':
      return;
  }
}

/** One job at a time: says which one is under way, and offers to end it. */
function refuseWhileBusy(jobs: Jobs): boolean {
  const { current } = jobs;
  if (!current) return false;
  const cancelIt = t('Cancel It');
  void vscode.window.showWarningMessage(t('"{0}" is still under way.', current.what), cancelIt).then(picked => {
    if (picked === cancelIt) jobs.cancel();
  });
  return true;
}
