import type { TemplateResult } from 'lit-html';
import { html, nothing } from 'lit-html';
import type { TrainRun, TrainState } from '../../src/rpc/train-protocol';
import { icon } from '../ui/icons';
import { t } from '../ui/text';
import type { Button } from './buttonsView';
import { buttonsView } from './buttonsView';
import type { ViewContext } from './context';
import { curvesView } from './curvesView';
import { resultView } from './resultView';
import { runningView } from './runningView';

export function pageView(context: ViewContext): TemplateResult {
  const { state, failure } = context;
  return html`<div class="sheet" data-state=${state.kind}>
    ${failure === undefined ? nothing : html`<div class="banner error" role="alert">${icon('error')}<span>${failure}</span></div>`}
    ${stateView(state, context)}
  </div>`;
}

function stateView(state: TrainState, context: ViewContext): TemplateResult {
  switch (state.kind) {
    case 'nothing':
      return noteView(t('Nothing was trained here yet.'), [['change', t('Train Siamese Model…')]], context);
    case 'untrusted':
      return noteView(
        t('Margin reads every image in the folder, so it waits until you trust this folder.'),
        [['trustFolder', t('Manage Workspace Trust')]],
        context,
      );
    case 'running':
      return html`${headView(state.run)}${runningView(state, context)}${factsView(state.run)}`;
    case 'done':
      return html`${headView(state.run)}${resultView(state, context)}${curvesView(state.run, state.result.epochs)}${factsView(state.run)}`;
    case 'cancelled':
      return unfinished(
        state.run,
        t('Cancelled before the first epoch was over, so there is nothing to keep.'),
        context,
        [
          ['start', t('Train Again')],
          ['change', t('Change…')],
        ],
      );
    case 'interrupted':
      return unfinished(
        state.run,
        t('Interrupted: the window was closed while it trained. It goes on from the last finished epoch.'),
        context,
        [
          ['start', t('Go On')],
          ['change', t('Change…')],
        ],
      );
    case 'failed':
      return html`${headView(state.run)}
        <div class="banner error" role="alert">
          ${icon('error')}<span>${state.message}${state.hint === undefined ? '' : ` ${state.hint}`}</span>
        </div>
        ${buttonsView(
          [
            ['change', t('Change…')],
            ['start', t('Try Again')],
            ['showLog', t('Show Log')],
          ],
          context,
        )}
        ${curvesView(state.run, state.run.choice.epochs ?? 0)}${factsView(state.run)}`;
  }
}

function unfinished(run: TrainRun, text: string, context: ViewContext, buttons: Button[]): TemplateResult {
  return html`${headView(run)}
    <p>${text}</p>
    ${buttonsView(buttons, context)} ${curvesView(run, run.choice.epochs ?? 0)}${factsView(run)}`;
}

function noteView(text: string, buttons: Button[], context: ViewContext): TemplateResult {
  return html`<p>${text}</p>
    ${buttonsView(buttons, context)}`;
}

function headView({ choice, folderName }: TrainRun): TemplateResult {
  return html`<header>
    <h1><bdi>${choice.name}</bdi></h1>
    <span class="muted">${t('from the images of {0}', folderName)}</span>
  </header>`;
}

function factsView({ facts }: TrainRun): TemplateResult {
  return html`<section>
    <h2>${t('Choices')}</h2>
    <dl class="facts">
      ${facts.map(
        ({ name, value }) =>
          html`<div>
            <dt>${name}</dt>
            <dd><bdi>${value}</bdi></dd>
          </div>`,
      )}
    </dl>
  </section>`;
}
