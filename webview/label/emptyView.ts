import type { TemplateResult } from 'lit-html';
import { html, nothing } from 'lit-html';
import type { LabelCommand, LabelJob, LabelState } from '../../src/rpc/label-protocol';
import { t } from '../ui/text';
import type { ViewContext } from './context';

type Button = [LabelCommand, string];

/** The page while there is nothing to judge: what is so, and what to do next. */
export function emptyView(state: LabelState, { run }: ViewContext): TemplateResult {
  const mine: Button[] = [
    ['mineHardTriplets', t('Mine Hard Triplets')],
    ['mineHardNegatives', t('Mine Hard Negatives')],
  ];
  const page = (texts: (string | undefined)[], buttons: Button[], heading?: string) => html`
    <section class="empty" role=${state.kind === 'error' ? 'alert' : nothing}>
      ${heading === undefined ? nothing : html`<h2>${heading}</h2>`}
      ${texts.filter(text => text !== undefined && text !== '').map(text => html`<p>${text}</p>`)}
      ${buttons.map(
        ([command, title], index) => html`
          <vscode-button
            appearance=${index === 0 ? 'primary' : 'secondary'}
            @click=${() => {
              run(command);
            }}
            >${title}</vscode-button
          >
        `,
      )}
    </section>
  `;
  switch (state.kind) {
    case 'no-folder':
      return page(
        [t('Open a folder of images to find the pairs and triplets that teach a model most.')],
        [['openFolder', t('Open Folder')]],
      );
    case 'untrusted':
      return page(
        [t('Margin reads every image in the folder, so it waits until you trust this folder.')],
        [['trustFolder', t('Manage Workspace Trust')]],
      );
    case 'nothing-mined':
      return page(
        [
          state.message ??
            t(
              'Margin embeds the images of this folder, finds the triplets that the model gets wrong, and asks you about them.',
            ),
        ],
        mine,
      );
    case 'working':
      return html`<section class="empty" aria-live="polite">
        <h2>${state.what}</h2>
        ${barView(state)}
        <p class="muted detail">${state.detail ?? t('Starting…')}</p>
        <vscode-button
          appearance="secondary"
          @click=${() => {
            run('cancel');
          }}
          >${t('Cancel')}</vscode-button
        >
      </section>`;
    case 'error':
      return page(
        [state.message, state.hint],
        [
          ['retry', t('Try Again')],
          ['showLog', t('Show Log')],
        ],
        t('Something went wrong'),
      );
    case 'ready':
      if (state.window.elsewhere !== undefined) {
        return page(
          [
            t('What is left of this lane is on another screen now ({0}).', state.window.elsewhere),
            t('It comes here unless it is answered there within a few minutes.'),
          ],
          mine,
        );
      }
      if (state.lane === 'disagreements')
        return page(
          [t('People no longer differ about any pair here. Mine for more to ask, or export what you have.')],
          [['exportManifest', t('Export Manifest…')], ...mine],
          t('All done'),
        );
      return page(
        [t('Every candidate of this lane is answered or implied. Export what you have, or mine again.')],
        [['exportManifest', t('Export Manifest…')], ...mine],
        t('All done'),
      );
  }
}

/** Work that goes on while one judges: a line above the item. */
export function jobView(job: LabelJob | undefined, { run }: ViewContext): TemplateResult | typeof nothing {
  if (!job) return nothing;
  return html`
    <div class="job">
      ${barView(job)}
      <span class="muted" title=${job.what}>${job.detail ?? job.what}</span>
      <button class="link" @click=${() => run('cancel')}>${t('Cancel')}</button>
    </div>
  `;
}

function barView({ progress, what }: LabelJob): TemplateResult {
  const known = progress !== undefined && progress.total > 0;
  return html`<progress
    aria-label=${what}
    max=${known ? progress.total : nothing}
    .value=${known ? progress.done : nothing}
    value=${known ? progress.done : nothing}
  ></progress>`;
}
