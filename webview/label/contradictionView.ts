import type { TemplateResult } from 'lit-html';
import { html, nothing } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { ContradictionAnswer, ContradictionNow, Item } from '../../src/rpc/engine-protocol';
import type { LabelState } from '../../src/rpc/label-protocol';
import { t } from '../ui/text';
import { verdictTitle } from '../ui/verdicts';
import type { ViewContext } from './context';
import type { Action } from './keys';
import { stageView } from './stageView';
import { contradictionTitle, suspectLabel } from './words';

type Ready = Extract<LabelState, { kind: 'ready' }>;

/** Answers that cannot all be right: the likeliest wrong one large, all of them in a list, and what to do about the one that is looked at. */
export function contradictionView(now: ContradictionNow, state: Ready, context: ViewContext): TemplateResult {
  const suspect = context.model.suspect;
  return html`
    <p class="question contradicts">${contradictionTitle(now)}</p>
    ${suspect ? stageView(itemOf(suspect, state), context) : nothing}
    <ol class="suspects" aria-label=${t('The answers, the likeliest wrong one first')}>
      ${repeat(
        now.answers,
        answer => answer.id,
        (answer, index) => suspectView(answer, index, context),
      )}
    </ol>
    ${suspect ? choicesView(suspect, context) : nothing}
  `;
}

/** An answer's images as the stage shows a pair; what the model thinks stays out of it. */
function itemOf({ id, a, b }: ContradictionAnswer, { lane }: Ready): Item {
  return { kind: 'pair', id: `answer ${id}`, lane, a, b };
}

function suspectView(
  answer: ContradictionAnswer,
  index: number,
  { model, pictures, act }: ViewContext,
): TemplateResult {
  const isChosen = answer === model.suspect;
  const share = Math.round(100 * answer.probability);
  const small = (hash: typeof answer.a.hash) => {
    const picture = pictures.get(hash);
    return picture.state === 'shown' ? html`<img src=${picture.url} alt="" draggable="false" />` : html`<i></i>`;
  };
  return html`
    <li>
      <button
        class="suspect"
        aria-current=${isChosen ? 'true' : 'false'}
        aria-label=${suspectLabel(answer, index)}
        title=${`${answer.a.path}\n${answer.b.path}\n${t('{0} % likely wrong', share)}`}
        @click=${(event: Event) => {
          act({ do: 'pick', index }, event);
        }}
      >
        <kbd aria-hidden="true">${index + 1}</kbd>
        <span class="equation" aria-hidden="true">
          ${small(answer.a.hash)}<b>${answer.relation === 'same' ? '=' : '≠'}</b>${small(answer.b.hash)}
        </span>
        <span class="said">${answer.mine ? verdictTitle(answer.relation) : answer.by}</span>
        <meter class="likely" min="0" max="100" .value=${share} aria-hidden="true"></meter>
        <span class="share">${share} %</span>
      </button>
    </li>
  `;
}

/** What can be said of the answer that is looked at. */
function choicesView(suspect: ContradictionAnswer, { model, act }: ViewContext): TemplateResult {
  const other = suspect.flipTo === 'same' ? t('Really the same') : t('Really different');
  const choices: [string, string, string, Action, boolean][] = [
    [other, 'C', 'primary', { do: 'correct' }, model.pending?.verdict === suspect.flipTo],
    [t("Can't tell"), 'U', 'secondary', { do: 'unclear' }, model.pending?.verdict === 'incomparable'],
    [t('Later'), 'L', 'secondary', { do: 'later' }, model.pending?.kind === 'later'],
  ];
  return html`
    <div class="verdicts pair settle" role="group" aria-label=${t('This answer')}>
      ${choices.map(
        ([title, key, appearance, action, given]) => html`
          <vscode-button
            appearance=${appearance}
            class=${given ? 'given' : ''}
            aria-keyshortcuts=${key}
            @click=${(event: Event) => {
              act(action, event);
            }}
          >
            ${title}
            <kbd slot="end" aria-hidden="true">${key}</kbd>
          </vscode-button>
        `,
      )}
    </div>
  `;
}
