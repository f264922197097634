import type { TemplateResult } from 'lit-html';
import { html } from 'lit-html';
import type { Item } from '../../src/rpc/engine-protocol';
import { t } from '../ui/text';
import { PAIR_CHOICES, TRIPLET_CHOICES, VERDICT_KEYS, verdictTitle } from '../ui/verdicts';
import type { ViewContext } from './context';

/** The verdicts as buttons with their keys: for the mouse, and for whoever is new. */
export function verdictsView(item: Item, { model, act }: ViewContext): TemplateResult {
  const choices = item.kind === 'pair' ? PAIR_CHOICES : TRIPLET_CHOICES;
  const given = model.pending?.verdict;
  return html`
    <div class="verdicts ${item.kind}" role="group" aria-label=${t('Your answer')}>
      ${choices.map(
        verdict => html`
          <vscode-button
            appearance="secondary"
            class=${given === verdict ? 'given' : ''}
            aria-pressed=${item.verdict === verdict ? 'true' : 'false'}
            aria-keyshortcuts=${VERDICT_KEYS[verdict]}
            ?disabled=${model.flagging}
            @click=${(event: Event) => {
              act({ do: 'answer', verdict }, event);
            }}
          >
            ${verdictTitle(verdict)}
            <kbd slot="end" aria-hidden="true">${VERDICT_KEYS[verdict]}</kbd>
          </vscode-button>
        `,
      )}
    </div>
  `;
}
