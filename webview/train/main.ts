import { render } from 'lit-html';
import { Rpc } from '../../src/rpc/rpc';
import type { TrainCommand, TrainHostProtocol, TrainPageProtocol, TrainState } from '../../src/rpc/train-protocol';
import { registerControls } from '../ui/controls';
import { pageTransport } from '../ui/pageTransport';
import { loadStrings, t } from '../ui/text';
import './train.css';
import { pageView } from './view';

const vscode = acquireVsCodeApi<Record<string, never>>();
const page = document.getElementById('page')!;
const live = document.createElement('div');
live.className = 'announcements';
live.setAttribute('aria-live', 'polite');
document.body.append(live);

loadStrings(document.getElementById('strings'));
registerControls();

const host = new Rpc<TrainPageProtocol, TrainHostProtocol>(pageTransport(vscode), {}, { state: receive });

let state: TrainState | undefined;
let failure: string | undefined;
let painting = false;

function receive(next: TrainState): void {
  const said = announcement(next);
  if (said !== undefined && state !== undefined && announcement(state) !== said) live.textContent = said;
  if (next.kind !== state?.kind) failure = undefined;
  state = next;
  update();
}

/** Paints in the next frame, once, however much changed. */
function update(): void {
  if (painting) return;
  painting = true;
  requestAnimationFrame(() => {
    painting = false;
    if (state) render(pageView({ state, failure, run }), page);
  });
}

function run(id: TrainCommand): void {
  host.call('command', { id }).then(
    () => {
      failure = undefined;
      update();
    },
    (error: unknown) => {
      failure = error instanceof Error ? error.message : String(error);
      update();
    },
  );
}

/** Turns in the training, not each step of it. */
function announcement(now: TrainState): string | undefined {
  switch (now.kind) {
    case 'running':
      return now.stopping ? t('Stopping') : t('Training started');
    case 'done':
      return t('Training is done');
    case 'cancelled':
      return t('Cancelled');
    case 'failed':
      return t('Training failed: {0}', now.message);
    default:
      return undefined;
  }
}

host.call('ready', {}).then(receive, (error: unknown) => {
  failure = error instanceof Error ? error.message : String(error);
  state ??= { kind: 'nothing' };
  update();
});
