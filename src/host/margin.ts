import type * as vscode from 'vscode';
import type { FolderRef } from '../rpc/engine-protocol';
import type { EngineClient } from './engineClient';
import type { EvaluationPage } from './evaluate/evaluationPage';
import type { Folders } from './folders';
import type { Jobs } from './jobs';
import type { LabelController } from './label/labelController';
import type { LabelView } from './label/labelView';
import { Settings } from './settings';
import type { TrainController } from './train/trainController';
import type { TrainPage } from './train/trainPage';

/** The parts that commands work with, made once by `activate`. */
export interface Margin {
  context: vscode.ExtensionContext;
  /** what outlives the window */
  memory: vscode.Memento;
  log: vscode.LogOutputChannel;
  engine: EngineClient;
  folders: Folders;
  jobs: Jobs;
  label: LabelController;
  view: LabelView;
  answers: { showContradictions(): Promise<void> };
  summary: { show(margin: Margin): Promise<void> };
  training: { controller: TrainController; page: TrainPage };
  evaluation: EvaluationPage;
}

/** A folder with the settings that hold there: what every call of the engine names. */
export function folderRef(folder: vscode.Uri): FolderRef {
  return { folder: folder.fsPath, settings: new Settings(folder).engine };
}
