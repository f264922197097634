import type { TemplateResult } from 'lit-html';
import { html, nothing } from 'lit-html';
import type { Relation } from '../../src/core/types';
import type { ManifestSort, ManifestSource, ManifestSummary, ManifestView } from '../../src/rpc/manifest-rows';
import { icon } from '../ui/icons';
import { sourceTitle } from '../ui/pictureRow';
import { t } from '../ui/text';
import { verdictTitle } from '../ui/verdicts';
import type { ViewContext } from './context';
import type { ThumbnailSize } from './model';

/** What stands above the rows: filters, order, size, undo, and the way to the text. */
export function filterView(summary: ManifestSummary, context: ViewContext): TemplateResult {
  const { model, run, undo } = context;
  const { view, size } = model.looks;
  const turn = (change: Partial<ManifestView>) => void model.turn(change);
  const triplets = summary.shape === 'triplets';
  return html`
    <div class="bar" role="search" aria-label=${t('Filter and sort')}>
      <input
        id="path"
        class="field path"
        type="search"
        placeholder=${t('Path')}
        aria-label=${t('Rows with this in a path')}
        spellcheck="false"
        .value=${view.text ?? ''}
        @input=${(event: Event) => {
          typed(event, text => {
            turn({ text });
          });
        }}
      />
      <input
        class="field class-name"
        list="classes"
        placeholder=${t('Class')}
        aria-label=${t('Rows with an image of this class')}
        spellcheck="false"
        .value=${view.class ?? ''}
        @change=${(event: Event) => {
          turn({ class: valueOf(event) });
        }}
      />
      <datalist id="classes">${summary.classes.map(name => html`<option value=${name}></option>`)}</datalist>
      ${
        triplets
          ? nothing
          : select(
              t('Relation'),
              view.relations?.length === 1 ? String(view.relations[0]) : '',
              [
                ['', t('Any relation')],
                ...summary.relations
                  .filter(({ rows }) => rows > 0)
                  .map(({ relation, rows }): [string, string] => [
                    String(relation),
                    counted(relation === null ? t('Not judged') : verdictTitle(relation), rows),
                  ]),
              ],
              value => {
                turn({ relations: value === '' ? undefined : [value === 'null' ? null : (value as Relation)] });
              },
            )
      }
      ${select(
        t('Source'),
        view.sources?.length === 1 ? String(view.sources[0]) : '',
        [
          ['', t('Any source')],
          ...summary.sources
            .filter(({ rows }) => rows > 0)
            .map(({ source, rows }): [string, string] => [
              String(source),
              counted(source === null ? t('not said') : sourceTitle(source), rows),
            ]),
        ],
        value => {
          turn({ sources: value === '' ? undefined : [value === 'null' ? null : (value as ManifestSource)] });
        },
      )}
      ${select(
        t('Rows'),
        view.only ?? '',
        [
          ['', t('All rows')],
          ['differs', t('Answered otherwise')],
          ['missing', t('Missing images')],
        ],
        value => {
          turn({ only: value === '' ? undefined : (value as 'missing' | 'differs') });
        },
      )}
      <span class="order">
        ${select(t('Sort by'), view.sort ?? 'line', sorts(summary), value => {
          turn({ sort: value === 'line' ? undefined : (value as ManifestSort) });
        })}
        ${tool(
          view.descending ? 'arrowDown' : 'arrowUp',
          view.descending ? t('Descending') : t('Ascending'),
          '',
          () => {
            turn({ descending: view.descending ? undefined : true });
          },
        )}
      </span>
      <span class="tools" role="toolbar" aria-label=${t('More')}>
        ${select(
          t('Size of pictures'),
          size,
          [
            ['small', t('Small')],
            ['medium', t('Medium')],
            ['large', t('Large')],
          ],
          value => {
            model.resize(value as ThumbnailSize);
          },
        )}
        ${tool('discard', t('Undo'), 'Z', undo, !model.rows.canUndo)}
        ${tool('text', t('Open as Text'), '', () => {
          run('openAsText');
        })}
      </span>
    </div>
  `;
}

function sorts(summary: ManifestSummary): [string, string][] {
  const rank: [string, string] = ['rank', t('By rank')];
  if (summary.shape === 'pairs') return [['line', t('As in the file')], ['distance', t('By distance')], rank];
  return [
    ['line', t('As in the file')],
    ['distance', t("By the positive's distance")],
    ['negativeDistance', t("By the negative's distance")],
    ['gap', t('By hardness')],
    rank,
  ];
}

function select(
  label: string,
  value: string,
  options: [string, string][],
  chosen: (value: string) => void,
): TemplateResult {
  return html`<select
    class="field"
    aria-label=${label}
    title=${label}
    @change=${(event: Event) => {
      chosen(valueOf(event));
    }}
  >
    ${options.map(([id, text]) => html`<option value=${id} .selected=${id === value}>${text}</option>`)}
  </select>`;
}

function tool(
  name: Parameters<typeof icon>[0],
  label: string,
  key: string,
  use: () => void,
  disabled = false,
): TemplateResult {
  return html`<button
    class="tool"
    title=${key ? `${label} (${key})` : label}
    aria-label=${label}
    aria-keyshortcuts=${key || nothing}
    ?disabled=${disabled}
    @click=${use}
  >
    ${icon(name)}
  </button>`;
}

const TYPING_MS = 250;
let typing: ReturnType<typeof setTimeout> | undefined;

/** A file is not searched with every letter. */
function typed(event: Event, use: (text: string) => void): void {
  const text = valueOf(event);
  clearTimeout(typing);
  typing = setTimeout(() => {
    use(text);
  }, TYPING_MS);
}

function valueOf(event: Event): string {
  return (event.target as HTMLInputElement | HTMLSelectElement).value;
}

function counted(what: string, rows: number): string {
  return `${what} (${rows.toLocaleString()})`;
}
