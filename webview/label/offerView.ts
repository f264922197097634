import type { TemplateResult } from 'lit-html';
import { html, nothing } from 'lit-html';
import type { ClassOffer } from '../../src/rpc/engine-protocol';
import { icon } from '../ui/icons';
import { t } from '../ui/text';
import type { ViewContext } from './context';
import { classTitle, offerTitle } from './words';

/** What the latest answer may mean for the classes: said once, beside the next question, and gone with the next answer. */
export function offerView(offer: ClassOffer | undefined, { model, act }: ViewContext): TemplateResult | typeof nothing {
  if (!offer) return nothing;
  return html`
    <div class="offer" role="group" aria-label=${offerTitle(offer)}>
      <span>${offerTitle(offer)}</span>
      <button
        class="tool"
        title=${t('Not Now (Escape)')}
        aria-label=${t('Not Now')}
        @click=${() => model.dismissOffer()}
      >
        ${icon('close')}
      </button>
      <div class="choices">
        ${offer.choices.map(choice => {
          const isMerge = choice.kind === 'merge';
          const key = isMerge ? 'M' : 'R';
          return html`<vscode-button
            appearance="secondary"
            aria-keyshortcuts=${key}
            title=${explanation(choice)}
            @click=${(event: Event) => {
              act({ do: isMerge ? 'merge' : 'relabel' }, event);
            }}
          >
            ${title(choice, offer)}
            <kbd slot="end" aria-hidden="true">${key}</kbd>
          </vscode-button>`;
        })}
      </div>
    </div>
  `;
}

type Choice = ClassOffer['choices'][number];

/** Short enough for a narrow panel: what, and how many images it touches. */
function title({ kind, images, to }: Choice, offer: ClassOffer): string {
  const many = images === 1 ? t('1 image') : t('{0} images', images);
  if (kind === 'merge') return t('Merge ({0})', many);
  const name = classTitle(to, offer);
  return kind === 'name' ? t('Name “{0}” ({1})', name, many) : t('To “{0}” ({1})', name, many);
}

function explanation({ kind, images, from, to }: Choice): string {
  if (kind === 'merge')
    return t(
      'All {0} images of “{1}” become “{2}”. Files stay where they are; one undo takes it back.',
      images,
      from ?? '',
      to,
    );
  return t('{0} images become “{1}”. Files stay where they are; one undo takes it back.', images, to);
}
