import type { TemplateResult } from 'lit-html';
import { html, nothing } from 'lit-html';
import type { ManifestRow } from '../../src/rpc/manifest-rows';
import { distancesView, figuresView, roles, sourceTitle, verdictView } from '../ui/pictureRow';
import { t } from '../ui/text';
import { PAIR_CHOICES, TRIPLET_CHOICES, VERDICT_KEYS, verdictTitle } from '../ui/verdicts';
import type { ViewContext } from './context';
import { placed } from './placed';

/** One row of the list: pictures, what the file says, what was said since, and the verdicts to give. */
export function rowView(place: number, offset: number, context: ViewContext): TemplateResult {
  const { model, choose } = context;
  const row = model.rows.get(place);
  const chosen = place === model.looks.chosen;
  const differs = row?.said && row.claim !== null && row.said.verdict !== row.claim;
  return html`
    <div
      ${placed(offset)}
      class="row ${chosen ? 'chosen' : ''} ${differs ? 'differs' : ''}"
      role="row"
      id=${`row-${String(place)}`}
      aria-rowindex=${place + 1}
      aria-selected=${chosen ? 'true' : 'false'}
      aria-label=${row ? describe(row) : t('Loading')}
      data-line=${row?.line ?? ''}
      @mousedown=${() => {
        choose(place);
      }}
    >
      ${row ? cellsView(row, place, context) : html`<div class="cell waiting" role="gridcell"></div>`}
    </div>
  `;
}

function cellsView(row: ManifestRow, place: number, context: ViewContext): TemplateResult {
  const { pictures, openLine } = context;
  return html`
    <div class="cell line" role="gridcell">
      <button
        class="link"
        tabindex="-1"
        title=${t('Show Line {0} as Text', row.line)}
        @click=${() => {
          openLine(row.line);
        }}
      >
        ${row.line}
      </button>
    </div>
    ${
      row.kind === 'broken'
        ? html`<div class="cell broken" role="gridcell">
            <p>${t('This line is no row:')}</p>
            <code>${row.text}</code>
          </div>`
        : html`
            <div class="cell" role="gridcell">${figuresView(row.images, pictures)}</div>
            <div class="cell facts" role="gridcell">${factsView(row)}</div>
            <div class="cell verdicts" role="gridcell">${verdictsView(row, place, context)}</div>
          `
    }
  `;
}

function factsView(row: ManifestRow): TemplateResult {
  const { claim, said, source, lane, by, distance, negativeDistance } = row;
  const from = [sourceTitle(source), lane, by].filter(Boolean).join(' · ');
  return html`
    <p class="claim">
      ${claim === null ? html`<span class="muted">${t('not judged')}</span>` : verdictView(claim)}
      ${
        said && said.verdict !== claim
          ? html`<span class="muted">→</span> ${verdictView(said.verdict)}
              <span class="muted">${saidBy(said.from)}</span>`
          : said
            ? html`<span class="muted">${t('confirmed {0}', saidBy(said.from))}</span>`
            : nothing
      }
    </p>
    <p class="muted">${distancesView(distance, negativeDistance)}</p>
    <p class="muted" title=${from}>${from}</p>
  `;
}

function saidBy(from: 'you' | 'others' | 'implied'): string {
  switch (from) {
    case 'you':
      return t('by you');
    case 'others':
      return t('by others');
    case 'implied':
      return t('by what follows from answers');
  }
}

function verdictsView(row: ManifestRow, place: number, { model, answer }: ViewContext): TemplateResult {
  const why = model.unjudgeable(row);
  if (why === 'missing') return html`<p class="muted">${t('An image is missing: nothing to judge.')}</p>`;
  if (why === 'same-image') return html`<p class="muted">${t('Exact copies: nothing to judge.')}</p>`;
  const choices = row.kind === 'pair' ? PAIR_CHOICES : TRIPLET_CHOICES;
  return html`<div class="choices ${row.kind}" role="group" aria-label=${t('Your answer')}>
    ${choices.map(
      verdict => html`
        <button
          class="choice"
          tabindex="-1"
          aria-pressed=${row.said?.from === 'you' && row.said.verdict === verdict ? 'true' : 'false'}
          aria-keyshortcuts=${VERDICT_KEYS[verdict]}
          @click=${() => {
            answer(place, verdict);
          }}
        >
          <span>${verdictTitle(verdict)}</span><kbd aria-hidden="true">${VERDICT_KEYS[verdict]}</kbd>
        </button>
      `,
    )}
  </div>`;
}

/** The whole row in words, for those who hear it. */
function describe(row: ManifestRow): string {
  if (row.kind === 'broken') return t('Line {0}, no row', row.line);
  const names = roles(row.images.length);
  const images = row.images.map(
    (image, i) => `${names[i]!} ${image.path}${image.hash === undefined ? `, ${t('missing')}` : ''}`,
  );
  const parts = [
    t('Line {0}', row.line),
    row.claim === null ? t('not judged') : verdictTitle(row.claim),
    ...images,
    sourceTitle(row.source),
    row.said ? `${verdictTitle(row.said.verdict)} ${saidBy(row.said.from)}` : '',
  ];
  return parts.filter(Boolean).join(', ');
}
