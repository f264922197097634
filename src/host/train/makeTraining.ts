import * as vscode from 'vscode';
import type { EngineClient } from '../engineClient';
import type { Jobs } from '../jobs';
import type { Margin } from '../margin';
import { folderRef } from '../margin';
import { progressLine } from '../words';
import { TrainController } from './trainController';
import { runTrainCommand } from './trainFlow';
import { trainMemory } from './trainMemory';
import { TrainPage } from './trainPage';

/** What runs trainings, and the page that shows them. */
export function makeTraining(
  context: vscode.ExtensionContext,
  memory: vscode.Memento,
  engine: EngineClient,
  jobs: Jobs,
  margin: () => Margin,
): Margin['training'] {
  const controller = new TrainController({
    engine,
    jobs,
    place: folder => {
      const uri = vscode.Uri.file(folder);
      if (!vscode.workspace.getWorkspaceFolder(uri)) return undefined;
      return vscode.workspace.isTrusted ? { ref: folderRef(uri) } : 'untrusted';
    },
    title: ({ choice }) => vscode.l10n.t('Train {0}', choice.name),
    describe: progressLine,
    memory: trainMemory(memory),
    run: (id, run) => void runTrainCommand(margin(), id, run),
  });
  return { controller, page: new TrainPage(context.extensionUri, controller) };
}
