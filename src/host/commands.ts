import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import { commands } from '../contributions';
import type { Lane, MinedLane } from '../core/types';
import type { LabelCommand } from '../rpc/label-protocol';
import { correctAnswer, flipAnswer, searchAnswers, undoAct } from './answers/commands';
import { chooseModel } from './chooseModel';
import { clearCache } from './clearCache';
import { evaluateModel } from './evaluate/evaluateFlow';
import { exportManifest } from './export/exportFlow';
import { importAnswers } from './import/importFlow';
import { openAsPictures, openAsText } from './manifest/manifestEditor';
import { folderRef, type Margin } from './margin';
import { showFailure } from './messages';
import { mine } from './mining';
import { trainModel } from './train/trainFlow';

type CommandId = (typeof commands)[keyof typeof commands];

/** Registers every command of package.json, whatever state the engine is in. */
export function registerCommands(margin: Margin): vscode.Disposable {
  const mineLane = (lane: MinedLane) => (asked: unknown) => mine(margin, lane, uriOf(asked));
  const handlers: Record<CommandId, (argument: unknown) => unknown> = {
    [commands.mineHardTriplets]: mineLane('hard-triplets'),
    [commands.mineSemiHardTriplets]: mineLane('semi-hard-triplets'),
    [commands.mineHardNegatives]: mineLane('hard-negatives'),
    [commands.findNearDuplicates]: mineLane('near-duplicates'),
    [commands.findLabelErrors]: mineLane('label-errors'),
    [commands.labelNextPair]: async () => {
      if (!(await margin.folders.pick())) return;
      margin.label.dismiss();
      await margin.view.reveal();
    },
    [commands.undoLastAnswer]: () => undo(margin),
    [commands.chooseModel]: asked => chooseModel(margin, uriOf(asked)),
    [commands.chooseFolder]: () => margin.folders.choose(),
    [commands.exportManifest]: asked => exportManifest(margin, uriOf(asked)),
    [commands.importAnswers]: asked => importAnswers(margin, uriOf(asked)),
    [commands.openManifestAsText]: () => openAsText(),
    [commands.openManifestAsPictures]: asked => openAsPictures(uriOf(asked)),
    [commands.trainModel]: asked => trainModel(margin, uriOf(asked)),
    [commands.evaluateModel]: asked => evaluateModel(margin, uriOf(asked)),
    [commands.showLog]: () => {
      margin.log.show();
    },
    [commands.clearCache]: asked => clearCache(margin, uriOf(asked)),
    [commands.cancelJob]: () => {
      margin.jobs.cancel();
    },
    [commands.searchAnswers]: () => searchAnswers(margin),
    [commands.showContradictions]: () => showContradictions(margin),
    [commands.settleDisagreements]: () => settleDisagreements(margin),
    [commands.showSessionSummary]: () => margin.summary.show(margin),
    [commands.flipAnswer]: node => flipAnswer(margin, node),
    [commands.correctAnswer]: node => correctAnswer(margin, node),
    [commands.undoAct]: node => undoAct(margin, node),
    [commands.openLane]: async row => {
      const lane = laneOf(row);
      if (!lane) return;
      await margin.label.show(lane);
      await margin.view.reveal();
    },
    [commands.mineLaneAgain]: row => {
      const lane = laneOf(row);
      return lane && lane !== 'disagreements' && mine(margin, lane);
    },
  };
  return vscode.Disposable.from(
    ...Object.entries(handlers).map(([id, handler]) => vscode.commands.registerCommand(id, handler)),
  );
}

/** The commands behind the page's buttons. */
export function runLabelCommand(id: Exclude<LabelCommand, 'retry'>): void {
  const ids: Record<typeof id, string> = {
    mineHardTriplets: commands.mineHardTriplets,
    mineSemiHardTriplets: commands.mineSemiHardTriplets,
    mineHardNegatives: commands.mineHardNegatives,
    openFolder: 'workbench.action.files.openFolder',
    chooseModel: commands.chooseModel,
    showLog: commands.showLog,
    exportManifest: commands.exportManifest,
    cancel: commands.cancelJob,
    trustFolder: 'workbench.trust.manage',
  };
  void vscode.commands.executeCommand(ids[id]);
}

/** Shows contradictions with their images in the panel, or in the list where no lane is there for the panel to show. */
async function showContradictions(margin: Margin): Promise<void> {
  if (!(await margin.folders.pick())) return;
  try {
    if ((await margin.label.showContradictions()) > 0) await margin.view.reveal();
    else await margin.answers.showContradictions();
  } catch (error) {
    await showFailure(error, margin);
  }
}

/** Turns the panel to the pairs on which people differ. */
async function settleDisagreements(margin: Margin): Promise<void> {
  const { folders, engine, label, view } = margin;
  const folder = await folders.pick();
  if (!folder) return;
  try {
    const lanes = await engine.call('lanes', folderRef(folder));
    if (lanes.some(({ lane, remaining }) => lane === 'disagreements' && remaining > 0)) {
      await label.show('disagreements');
      await view.reveal();
    } else
      void vscode.window.showInformationMessage(
        vscode.l10n.t('There is no pair of which people say different things.'),
      );
  } catch (error) {
    await showFailure(error, margin);
  }
}

async function undo(margin: Margin): Promise<void> {
  if (!(await margin.folders.pick())) return;
  try {
    await margin.label.undo(randomUUID());
    margin.label.refresh();
  } catch (error) {
    await showFailure(error, margin);
  }
}

/** What the explorer's menu hands over; a view's title bar and the palette hand over nothing of use. */
function uriOf(argument: unknown): vscode.Uri | undefined {
  return argument instanceof vscode.Uri ? argument : undefined;
}

function laneOf(row: unknown): Lane | undefined {
  return typeof row === 'object' && row !== null ? (row as { lane?: Lane }).lane : undefined;
}
