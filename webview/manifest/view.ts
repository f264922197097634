import type { TemplateResult } from 'lit-html';
import { html, nothing } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { ManifestState } from '../../src/rpc/manifest-protocol';
import { icon } from '../ui/icons';
import { t } from '../ui/text';
import type { ViewContext } from './context';
import { filterView } from './filterView';
import { rowView } from './rowView';
import type { Scroller } from './scroller';

/** Rows beyond the edges that are there before they show. */
const BEYOND = 2;

/** The whole page. */
export function pageView(context: ViewContext, scroller: Scroller, grid: GridEvents): TemplateResult {
  const { state } = context.model;
  if (state.kind !== 'ready') return emptyView(state, context);
  return html`
    ${filterView(state.summary, context)} ${statusView(state, context)} ${failureView(context)}
    ${listView(context, scroller, grid)}
  `;
}

export interface GridEvents {
  scroll(): void;
  scrollEnd(): void;
}

function listView({ model, ...rest }: ViewContext, scroller: Scroller, grid: GridEvents): TemplateResult {
  const context = { model, ...rest };
  const { first, last } = scroller.range(BEYOND);
  const places = [];
  for (let place = first; place <= last; place++) places.push(place);
  const { chosen } = model.looks;
  return html`
    <div
      id="grid"
      class="grid ${model.rows.turning ? 'turning' : ''}"
      role="grid"
      tabindex="0"
      aria-label=${t('Rows')}
      aria-rowcount=${model.total}
      aria-busy=${model.rows.turning ? 'true' : 'false'}
      aria-activedescendant=${chosen >= first && chosen <= last ? `row-${String(chosen)}` : nothing}
      @scroll=${grid.scroll}
      @scrollend=${grid.scrollEnd}
    >
      <div class="layer" role="rowgroup">
        ${repeat(
          places,
          place => place,
          place => rowView(place, scroller.offset(place), context),
        )}
      </div>
      <div class="spacer" role="presentation"></div>
      ${
        model.total === 0 && !model.rows.turning && model.rows.total !== undefined
          ? html`<p class="none muted">${t('No row passes these filters.')}</p>`
          : nothing
      }
    </div>
  `;
}

type Ready = Extract<ManifestState, { kind: 'ready' }>;

/** How many rows show, of how many, and how far a search is. */
function statusView({ summary }: Ready, { model }: ViewContext): TemplateResult {
  const { total, turning, progress } = model.rows;
  const counts =
    total === undefined
      ? t('{0} rows', summary.rows)
      : total === summary.rows
        ? t('{0} rows', total)
        : t('{0} of {1} rows', total, summary.rows);
  const broken = summary.broken > 0 ? ` · ${t('{0} broken lines', summary.broken)}` : '';
  return html`
    <div class="status">
      <span class="counts">${turning ? t('Searching…') : counts + broken}</span>
      <span class="muted hint">${t('Corrections go into your answers; export again to have them in a file.')}</span>
      ${turning ? html`<progress aria-label=${t('Progress')} value=${progress ?? nothing} max="1"></progress>` : nothing}
    </div>
  `;
}

function failureView({ model, run }: ViewContext): TemplateResult | typeof nothing {
  if (model.failure === undefined) return nothing;
  return html`<div class="banner error" role="alert">
    ${icon('error')}
    <span>${model.failure}</span>
    <button class="link" @click=${() => run('showLog')}>${t('Show Log')}</button>
    <button
      class="tool"
      title=${t('Dismiss')}
      aria-label=${t('Dismiss')}
      @click=${() => {
        model.dismiss();
      }}
    >
      ${icon('close')}
    </button>
  </div>`;
}

/** Why there are no rows to look at, and what to do. */
function emptyView(state: Exclude<ManifestState, Ready>, { run }: ViewContext): TemplateResult {
  const asText = html`<button
    class="link"
    @click=${() => {
      run('openAsText');
    }}
  >
    ${t('Open as Text')}
  </button>`;
  const button = (id: 'openFolder' | 'trustFolder' | 'retry' | 'showLog', title: string) =>
    html`<vscode-button
      @click=${() => {
        run(id);
      }}
      >${title}</vscode-button
    >`;
  switch (state.kind) {
    case 'opening':
      return html`<div class="empty opening" aria-busy="true">
        <p class="muted">${state.detail ?? t('Opening…')}</p>
        <progress
          aria-label=${t('Progress')}
          value=${state.progress && state.progress.total > 0 ? state.progress.done / state.progress.total : nothing}
          max="1"
        ></progress>
      </div>`;
    case 'no-folder':
      return html`<div class="empty">
        <p>${t('This manifest lies in no folder that is open here, so its images cannot be found.')}</p>
        ${button('openFolder', t('Open Folder'))} ${asText}
      </div>`;
    case 'untrusted':
      return html`<div class="empty">
        <p>${t('Margin shows the pictures of a folder once you trust it.')}</p>
        ${button('trustFolder', t('Manage Workspace Trust'))} ${asText}
      </div>`;
    case 'not-on-disk':
      return html`<div class="empty">
        <p>${t('This version of the manifest is not a file on disk, so there are no images beside it.')}</p>
        ${asText}
      </div>`;
    case 'error':
      return html`<div class="empty" role="alert">
        <p>${state.message} ${state.hint ?? ''}</p>
        ${button('retry', t('Try Again'))} ${asText}
      </div>`;
  }
}
