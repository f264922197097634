import type { TemplateResult } from 'lit-html';
import { html, nothing } from 'lit-html';
import type { ImageHash } from '../../src/core/types';
import { icon } from './icons';
import type { Pictures } from './pictures';
import { t } from './text';
import { distanceText, verdictTitle } from './verdicts';
import type { Verdict } from './verdicts';

/** An image of a row; without a hash it is not in the folder. */
export interface RowImage {
  path: string;
  hash?: ImageHash;
  class?: string;
}

/** Pictures as small as this are shown with their pixels, not blurred. */
const PIXELATED_UP_TO = 64;

/** What a row's pictures are called, in their order. */
export function roles(count: number): string[] {
  return count === 3 ? [t('Anchor'), t('Positive'), t('Negative')] : [t('First'), t('Second')];
}

/** The pictures of a pair or a triplet side by side, each with its class and its file. */
export function figuresView(images: readonly RowImage[], pictures: Pick<Pictures, 'get'>): TemplateResult {
  const names = roles(images.length);
  return html`<div class="figures">
    ${images.map(
      (image, i) => html`
        <figure>
          <div class="frame">${pictureView(image, names[i]!, pictures)}</div>
          <figcaption title=${image.class === undefined ? image.path : `${image.path}\n${image.class}`}>
            <span class="class">${captionOf(image, images.length === 3 ? names[i] : undefined)}</span>
            <span class="file"><bdi>${image.path.slice(image.path.lastIndexOf('/') + 1)}</bdi></span>
          </figcaption>
        </figure>
      `,
    )}
  </div>`;
}

/** `Anchor · cats`, or of a pair `cats`. */
function captionOf(image: RowImage, role: string | undefined): string {
  return [role, image.class].filter(part => part !== undefined).join(' · ');
}

function pictureView(image: RowImage, role: string, pictures: Pick<Pictures, 'get'>): TemplateResult {
  if (image.hash === undefined) return noPicture(t('Missing'), `${role}: ${t('{0} is missing', image.path)}`);
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
      return html`<div class="no-picture loading" role="img" aria-label=${t('{0} is loading', role)}></div>`;
    case 'failed':
      return noPicture(t('No picture'), picture.reason);
  }
}

function noPicture(text: string, reason: string): TemplateResult {
  return html`<div class="no-picture failed" role="img" aria-label=${reason} title=${reason}>
    ${icon('warning')}<span>${text}</span>
  </div>`;
}

/** A verdict as a word with its colour; never the colour alone. */
export function verdictView(verdict: Verdict): TemplateResult {
  return html`<span class="verdict ${verdict}">${verdictTitle(verdict)}</span>`;
}

/** `distance 0.412`, or of a triplet how near the positive is, how near the negative, and how much farther that is. */
export function distancesView(first: number | undefined, second: number | undefined): TemplateResult | typeof nothing {
  if (first === undefined) return nothing;
  const text =
    second === undefined
      ? t('distance {0}', distanceText(first))
      : t('positive {0}, negative {1}, gap {2}', distanceText(first), distanceText(second), signed(second - first));
  return html`<span class="distance">${text}</span>`;
}

function signed(value: number): string {
  return value < 0 ? `−${distanceText(-value)}` : `+${distanceText(value)}`;
}

/** Where a row of a manifest comes from, in a word. */
export function sourceTitle(source: string | null): string {
  switch (source) {
    case 'answer':
      return t('answer');
    case 'implied':
      return t('implied');
    case 'class':
      return t('class');
    case 'mined':
      return t('mined, not judged');
    default:
      return '';
  }
}
