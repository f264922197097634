import type { TemplateResult } from 'lit-html';
import { html, nothing } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { ImageRef, Item } from '../../src/rpc/engine-protocol';
import { icon } from '../ui/icons';
import { t } from '../ui/text';
import { imagesOf } from './model';
import type { ViewContext } from './context';
import { opinion, roleTitles } from './words';

/** Pictures as small as this are shown with their pixels, not blurred. */
const PIXELATED_UP_TO = 128;

/** The pictures: side by side, stacked or in one place, as the room allows. */
export function stageView(item: Item, context: ViewContext): TemplateResult {
  const { model } = context;
  const roles = roleTitles(item);
  const figures = imagesOf(item).map((image, index) => ({ image, role: roles[index]!, index }));
  const reveal = model.state?.kind === 'ready' && model.state.revealOpinion && !item.verdict && !model.contradiction;
  return html`
    <section
      class="stage ${model.pending ? 'pending' : ''}"
      tabindex="-1"
      id="stage"
      data-item=${item.id}
      aria-busy=${model.pending ? 'true' : 'false'}
      aria-label=${item.kind === 'pair' ? t('Pair') : t('Triplet')}
    >
      <div class="figures ${model.looks.inPlace ? 'in-place' : item.kind}">
        ${repeat(
          figures,
          ({ index, image }) => `${item.id} ${String(index)} ${image.hash}`,
          ({ image, role, index }) => figureView(image, role, index, item, context),
        )}
      </div>
      ${reveal ? html`<p class="opinion muted">${opinion(item)}</p>` : nothing}
    </section>
  `;
}

function figureView(
  image: ImageRef,
  role: string,
  index: number,
  item: Item,
  { model, pictures, act }: ViewContext,
): TemplateResult {
  const hidden = model.looks.inPlace && index !== model.face;
  const count = imagesOf(item).length;
  const isSuspect = item.kind === 'pair' && item.suspect === (index === 0 ? 'a' : 'b');
  return html`
    <figure class="role-${index}" ?hidden=${hidden}>
      <div class="frame">
        ${pictureView(image, role, pictures)}
        ${
          model.flagging
            ? html`<button
                class="pick"
                aria-label=${t('Flag {0} as unusable', role)}
                @click=${(event: Event) => {
                  act({ do: 'pick', index }, event);
                }}
              >
                ${index + 1}
              </button>`
            : nothing
        }
      </div>
      <figcaption title=${image.path}>
        ${
          item.kind === 'triplet' || model.looks.inPlace
            ? html`<span class="role">${role}</span>${
                  model.looks.inPlace ? html`<span class="muted"> ${t('{0} of {1}', index + 1, count)}</span>` : nothing
                }`
            : nothing
        }
        ${image.class === undefined ? nothing : html`<span class="class"><bdi>${image.class}</bdi></span>`}
        ${
          isSuspect
            ? html`<span class="suspect" title=${t('This image’s class is in doubt.')}
                >${icon('warning')}<span>${t('Class in doubt')}</span></span
              >`
            : nothing
        }
        <span class="file"><bdi>${image.path.slice(image.path.lastIndexOf('/') + 1)}</bdi></span>
      </figcaption>
    </figure>
  `;
}

function pictureView(image: ImageRef, role: string, pictures: ViewContext['pictures']): TemplateResult {
  const picture = pictures.get(image.hash);
  switch (picture.state) {
    case 'shown':
      return html`<img
        class=${Math.max(picture.width, picture.height) <= PIXELATED_UP_TO ? 'small' : ''}
        src=${picture.url}
        alt=${`${role}: ${image.path}`}
        draggable="false"
      />`;
    case 'loading':
      return html`<div class="no-picture" role="img" aria-label=${t('{0} is loading', role)}></div>`;
    case 'failed':
      return html`<div class="no-picture failed" role="img" aria-label=${picture.reason}>
        ${icon('warning')}<span>${picture.reason}</span>
      </div>`;
  }
}
