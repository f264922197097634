import path from 'node:path';
import * as vscode from 'vscode';
import { contextKeys, settings } from './contributions';
import { AnswersTree } from './host/answers/answersTree';
import { SummaryPage } from './host/answers/summary';
import { registerCommands, runLabelCommand } from './host/commands';
import { EngineClient } from './host/engineClient';
import { EvaluationPage } from './host/evaluate/evaluationPage';
import { DiskMemento } from './host/diskMemento';
import { Folders } from './host/folders';
import { forkEngine } from './host/forkEngine';
import { Jobs } from './host/jobs';
import { LabelController } from './host/label/labelController';
import { LabelView } from './host/label/labelView';
import { ManifestEditor } from './host/manifest/manifestEditor';
import { laneMemory } from './host/laneMemory';
import { LanesTree } from './host/lanesTree';
import type { Margin } from './host/margin';
import { tellEdited } from './host/messages';
import { placeOf } from './host/place';
import { makeTraining } from './host/train/makeTraining';
import { describeJob, laneTitle } from './host/words';

const IDLE_MS = 10 * 60_000;
const CRASH_LIMIT = 3;
const CRASH_WINDOW_MS = 5 * 60_000;
const CANCEL_GRACE_MS = 1000;

/** Constructs and registers; the engine, and all that is native, starts with the first work. */
export function activate(context: vscode.ExtensionContext): void {
  const started = performance.now();
  const log = vscode.window.createOutputChannel('Margin', { log: true });
  const memory = new DiskMemento(context.storageUri?.fsPath);
  const folders = new Folders(memory);
  const jobs = new Jobs();
  const engine = new EngineClient({
    fork: () => forkEngine(path.join(context.extensionPath, 'dist', 'engine.cjs')),
    log,
    idleMs: IDLE_MS,
    crashLimit: CRASH_LIMIT,
    crashWindowMs: CRASH_WINDOW_MS,
    cancelGraceMs: CANCEL_GRACE_MS,
  });
  const label = new LabelController({
    engine,
    jobs,
    place: () => placeOf(folders),
    describe: describeJob,
    lane: laneMemory(memory),
    run: runLabelCommand,
    onFocus: focused => void setContext(contextKeys.labelFocus, focused),
    onShown: state => {
      const lane = state.kind === 'ready' ? laneTitle(state.lane) : undefined;
      view.describe([lane, folders.nameInDoubt()].filter(Boolean).join(' · '));
      if (state.kind === 'ready') void setContext(contextKeys.hasLane, true);
    },
    log,
  });
  engine.keep = () => label.unsaved;
  const view = new LabelView(context.extensionUri, label);
  const lanes = new LanesTree(engine, folders, log);
  const answers = new AnswersTree(engine, folders, log);
  const summary = new SummaryPage();
  const training = makeTraining(context, memory, engine, jobs, () => margin);
  const evaluation = new EvaluationPage();
  const manifests = new ManifestEditor(context.extensionUri, engine, folders);
  const margin: Margin = {
    context,
    memory,
    log,
    engine,
    folders,
    jobs,
    label,
    view,
    answers,
    summary,
    training,
    evaluation,
  };

  const refresh = () => {
    label.refresh();
    lanes.refresh();
    answers.refresh();
    training.controller.refresh();
  };
  context.subscriptions.push(
    log,
    folders,
    engine,
    label,
    lanes,
    answers,
    manifests,
    manifests.register(),
    view.register(),
    lanes.register(),
    answers.register(),
    summary.register(),
    training.page.register(),
    evaluation.register(),
    registerCommands(margin),
    folders.onChanged(refresh),
    folders.onChanged(() => manifests.reopen()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      refresh();
      manifests.reopen();
    }),
    vscode.workspace.onDidChangeConfiguration(change => {
      if (change.affectsConfiguration(settings.section)) refresh();
    }),
    new vscode.Disposable(engine.onChanged(refresh)),
    new vscode.Disposable(engine.onEdited(({ images }) => void tellEdited(images))),
    new vscode.Disposable(engine.onChanged(({ what }) => what === 'answers' && manifests.changed())),
    new vscode.Disposable(jobs.onChanged(job => void setContext(contextKeys.working, job !== undefined))),
  );
  log.debug(`activated in ${(performance.now() - started).toFixed(1)} ms`);
}

function setContext(key: string, value: boolean): Thenable<unknown> {
  return vscode.commands.executeCommand('setContext', key, value);
}
