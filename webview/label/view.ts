import type { TemplateResult } from 'lit-html';
import { html, nothing } from 'lit-html';
import type { Item } from '../../src/rpc/engine-protocol';
import type { LabelState } from '../../src/rpc/label-protocol';
import { icon } from '../ui/icons';
import type { IconName } from '../ui/icons';
import { t } from '../ui/text';
import { verdictTitle } from '../ui/verdicts';
import type { ViewContext } from './context';
import { contradictionView } from './contradictionView';
import { emptyView, jobView } from './emptyView';
import { helpView } from './helpView';
import type { Action } from './keys';
import { offerView } from './offerView';
import { stageView } from './stageView';
import { opinion, stoppingHint, timeLeftText } from './words';
import { verdictsView } from './verdictsView';

type Ready = Extract<LabelState, { kind: 'ready' }>;

/** The whole page. */
export function pageView(context: ViewContext): TemplateResult {
  const { state } = context.model;
  if (!state) return html`<div class="empty" aria-busy="true"></div>`;
  if (state.kind !== 'ready') return html`${emptyView(state, context)}`;
  const { contradiction, painted, help } = context.model;
  return html`
    ${jobView(state.job, context)} ${headerView(state, context)} ${bannersView(state, context)}
    ${
      contradiction
        ? contradictionView(contradiction, state, context)
        : painted
          ? judgingView(painted, state, context)
          : emptyView(state, context)
    }
    ${help ? helpView(context) : nothing}
  `;
}

function judgingView(item: Item, state: Ready, context: ViewContext): TemplateResult {
  const hint = stoppingHint(state.window);
  return html`
    ${hint === undefined ? nothing : html`<p class="hint muted">${hint}</p>`} ${offerView(context.model.offer, context)}
    ${questionView(item, context)} ${stageView(item, context)} ${verdictsView(item, context)}
    ${lastView(state, context)}
  `;
}

/** Where one stands in the lane, and what else one can do. */
function headerView(state: Ready, context: ViewContext): TemplateResult | typeof nothing {
  const { lane, answers, implied, timeLeft } = state.window;
  if (!lane) return nothing;
  const parts = [t('{0} left', lane.remaining)];
  if (timeLeft) parts.push(timeLeftText(timeLeft.seconds));
  if (implied > 0) parts.push(t('{0} saved', implied));
  const answered = answers === 1 ? t('1 answer') : t('{0} answers', answers);
  const isFull = parts.length > 2;
  const left = parts.join(' · ');
  const counts = `${left} · ${answered}`;
  const explained = [counts];
  if (implied > 0)
    explained.push(t('Saved: questions that your answers to others settle, so that they are not asked.'));
  if (timeLeft) {
    const [low, high] = [timeLeftText(timeLeft.low), timeLeftText(timeLeft.high)];
    explained.push(
      low === high
        ? t('Time left at your pace, pauses left out: {0}.', low)
        : t('Time left at your pace, pauses left out: {0} to {1}.', low, high),
    );
  }
  if (lane.lane.endsWith('triplets')) explained.push(t('Answers: pairs judged. A triplet is two.'));
  const share = lane.total > 0 ? lane.settled / lane.total : 0;
  return html`
    <header>
      <svg
        class="track"
        role="progressbar"
        aria-label=${t('Progress')}
        aria-valuemin="0"
        aria-valuemax=${lane.total}
        aria-valuenow=${lane.settled}
        viewBox="0 0 100 2"
        preserveAspectRatio="none"
      >
        <rect class="rest" width="100" height="2" />
        <rect class="done" width=${share * 100} height="2" />
      </svg>
      <span class="counts" title=${explained.join('\n')}
        >${left}<span class=${isFull ? 'least' : ''}>${` · ${answered}`}</span></span
      >
      ${toolsView(state, context)}
    </header>
  `;
}

function toolsView({ window: { canUndo, history = [], items } }: Ready, { model, act }: ViewContext): TemplateResult {
  const tool = (name: IconName, label: string, key: string, action: Action, disabled = false) => html`
    <button
      class="tool"
      title=${`${label} (${key})`}
      aria-label=${label}
      aria-keyshortcuts=${key === '←' ? 'ArrowLeft' : key === '→' ? 'ArrowRight' : key}
      ?disabled=${disabled}
      @click=${(event: Event) => {
        act(action, event);
      }}
    >
      ${icon(name)}
    </button>
  `;
  return html`
    <div class="tools" role="toolbar" aria-label=${t('More')}>
      ${tool('discard', t('Undo'), 'Z', { do: 'undo' }, !canUndo)}
      ${tool('arrowLeft', t('Back'), '←', { do: 'back' }, -model.position >= history.length)}
      ${tool('arrowRight', t('Forward'), '→', { do: 'forth' }, model.position >= items.length - 1)}
      ${tool('flip', t('Flip in Place'), 'F', { do: 'flip' }, !model.item && !model.suspect)}
      ${tool('flag', t('Flag as Unusable'), 'X', { do: 'flag' }, !model.item)}
      ${tool('question', t('Keys'), '?', { do: 'help' })}
    </div>
  `;
}

function bannersView({ window: { unsaved } }: Ready, { model, run }: ViewContext): TemplateResult {
  return html`
    ${
      unsaved
        ? html`<div class="banner warning" role="alert">
            ${icon('warning')}
            <span>
              ${unsaved.count === 1 ? t('Your last step is not on disk yet.') : t('Your last {0} steps are not on disk yet.', unsaved.count)}
              ${unsaved.reason.replace(/\.?$/, '.')}
            </span>
            <button class="link" @click=${() => run('showLog')}>${t('Show Log')}</button>
          </div>`
        : nothing
    }
    ${
      model.failure !== undefined
        ? html`<div class="banner error" role="alert">
            ${icon('error')}
            <span>${model.failure} ${t('Nothing was lost: press the key again.')}</span>
            <button class="link" @click=${() => run('showLog')}>${t('Show Log')}</button>
            <button
              class="tool"
              title=${t('Dismiss')}
              aria-label=${t('Dismiss')}
              @click=${() => model.dismissFailure()}
            >
              ${icon('close')}
            </button>
          </div>`
        : nothing
    }
  `;
}

/** What is asked, or, of an item that was judged, what was said. */
function questionView(item: Item, { model }: ViewContext): TemplateResult {
  if (model.flagging) {
    return html`<p class="question">${t('Which one is unusable? (Esc: none)')}</p>`;
  }
  if (item.verdict) {
    return html`<p class="question answered">
      ${icon('check')}<span>${verdictTitle(item.verdict)} <span class="opinion">${opinion(item)}</span></span>
    </p>`;
  }
  if (item.lane === 'disagreements') return html`<p class="question">${t('People differ: same or different?')}</p>`;
  return html`<p class="question">${item.kind === 'pair' ? t('Same or different?') : t('Is this triplet good?')}</p>`;
}

/** The answer before this one, with what the model thought. */
function lastView({ window: { history = [] } }: Ready, { model }: ViewContext): TemplateResult {
  const last = history[0];
  return html`
    <p class="last" title=${last && model.position >= 0 ? opinion(last, true) : nothing}>
      ${
        last?.verdict && model.position >= 0
          ? html`<span class="muted">${t('Last:')}</span> ${verdictTitle(last.verdict)}
              ${last.before ? html`<span class="before">(${t('before: {0}', verdictTitle(last.before))})</span>` : nothing}
              <span class="opinion">· ${opinion(last)}</span>`
          : nothing
      }
    </p>
  `;
}
