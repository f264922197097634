import type { TemplateResult } from 'lit-html';
import { html } from 'lit-html';
import { icon } from '../ui/icons';
import { t } from '../ui/text';
import type { ViewContext } from './context';

/** Every key, over the page. */
export function helpView({ model, act }: ViewContext): TemplateResult {
  const groups: [string, [string[], string][]][] = [
    [
      t('Pairs'),
      [
        [['S'], t('same')],
        [['D'], t('different')],
      ],
    ],
    [
      t('Triplets'),
      [
        [['Y'], t('good')],
        [['P'], t('the positive is wrong')],
        [['N'], t('the negative is really the same')],
        [['B'], t('both are wrong')],
      ],
    ],
    [
      t('Contradictions'),
      [
        [['↑', '↓', '1–9'], t('which answer')],
        [['C'], t('correct it')],
        [['U'], t("can't tell")],
        [['L'], t('later')],
      ],
    ],
    [
      t('Classes, where offered'),
      [
        [['M'], t('merge the two classes')],
        [['R'], t('move one image over')],
      ],
    ],
    [
      t('Always'),
      [
        [['U', t('Space')], t("can't tell")],
        [['X'], t('flag a picture as unusable')],
        [['Z', '⌫'], t('undo')],
        [['F'], t('flip the pictures in one place')],
        [['←', '→'], t('back and forth')],
        [['Esc'], t('side by side again, back to now')],
        [['?'], t('this help')],
      ],
    ],
  ];
  return html`
    <div
      class="help"
      role="dialog"
      aria-modal="true"
      aria-label=${t('Keys')}
      @click=${(event: Event) => {
        if (event.target === event.currentTarget) act({ do: 'help' });
      }}
    >
      <div class="sheet">
        <div class="title">
          <h2>${t('Keys')}</h2>
          <button
            class="tool"
            id="close-help"
            title=${t('Close (Escape)')}
            aria-label=${t('Close')}
            @click=${() => {
              if (model.help) act({ do: 'help' });
            }}
          >
            ${icon('close')}
          </button>
        </div>
        ${groups.map(
          ([title, rows]) => html`
            <h3>${title}</h3>
            <dl>
              ${rows.map(
                ([keys, meaning]) => html`
                  <dt>${keys.map(key => html`<kbd>${key}</kbd>`)}</dt>
                  <dd>${meaning}</dd>
                `,
              )}
            </dl>
          `,
        )}
      </div>
    </div>
  `;
}
