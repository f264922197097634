import type { TemplateResult } from 'lit-html';
import { html, nothing } from 'lit-html';
import type { PreviewedRow, PreviewState } from '../../src/rpc/preview-protocol';
import { icon } from '../ui/icons';
import { figuresView, verdictView } from '../ui/pictureRow';
import type { Pictures } from '../ui/pictures';
import { t } from '../ui/text';

/** What is about to be done, what it would come to, and the buttons that decide. */
export function pageView(
  state: PreviewState | undefined,
  failure: string | undefined,
  pictures: Pictures,
  act: (id: string) => void,
): TemplateResult {
  if (failure !== undefined) {
    return html`<div class="banner error" role="alert">${icon('error')}<span>${failure}</span></div>`;
  }
  if (!state) return html`<div class="content" aria-busy="true"></div>`;
  return html`
    <div class="content">
      <h1>${state.title}</h1>
      <p class="muted subtitle">${state.subtitle}</p>
      <dl class="facts">
        ${state.facts.map(
          ({ name, value }) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
      </dl>
      ${
        state.assurance === undefined
          ? nothing
          : html`<p class="assurance">${icon('check')}<span>${state.assurance}</span></p>`
      }
      ${state.warnings.map(
        warning => html`<div class="banner warning">${icon('warning')}<span>${warning}</span></div>`,
      )}
      ${state.sections.map(
        ({ title, note, rows }) => html`
          <section>
            <h2>${title} ${note === undefined ? nothing : html`<span class="muted">${note}</span>`}</h2>
            <ul class="rows">
              ${rows.map(row => rowView(row, pictures))}
            </ul>
          </section>
        `,
      )}
    </div>
    <div class="actions">
      ${state.actions.map(
        ({ id, title }, i) => html`
          <vscode-button
            appearance=${i === 0 ? 'primary' : 'secondary'}
            data-action=${id}
            @click=${() => {
              act(id);
            }}
            >${title}</vscode-button
          >
        `,
      )}
    </div>
  `;
}

function rowView({ images, verdict, instead, from }: PreviewedRow, pictures: Pictures): TemplateResult {
  return html`<li class="row">
    ${figuresView(images, pictures)}
    <p class="claim">
      ${verdict === null ? html`<span class="muted">${t('not judged')}</span>` : verdictView(verdict)}
      ${instead === undefined ? nothing : html`<span class="muted">→</span> ${verdictView(instead)}`}
      ${from === undefined ? nothing : html`<span class="muted">${from}</span>`}
    </p>
  </li>`;
}
