import { render } from 'lit-html';
import type { LabelHostProtocol, LabelPageProtocol } from '../../src/rpc/label-protocol';
import { Rpc } from '../../src/rpc/rpc';
import { blobPictures } from '../ui/blobPictures';
import { registerControls } from '../ui/controls';
import { pageTransport } from '../ui/pageTransport';
import { loadStrings, t } from '../ui/text';
import { verdictTitle } from '../ui/verdicts';
import { actionOf } from './keys';
import type { Action } from './keys';
import './label.css';
import type { Announcement, Looks } from './model';
import { LabelModel, imagesOf } from './model';
import { pageView } from './view';
import type { ViewContext } from './context';
import { contradictionTitle, nameOf, offerTitle, opinion, roleTitles, suspectLabel } from './words';

const vscode = acquireVsCodeApi<Looks>();
const page = document.getElementById('page')!;
const live = document.createElement('div');
live.className = 'announcements';
live.setAttribute('aria-live', 'polite');
document.body.append(live);

document.body.classList.toggle('away', !document.hasFocus());
loadStrings(document.getElementById('strings'));
registerControls();

const host = new Rpc<LabelPageProtocol, LabelHostProtocol>(
  pageTransport(vscode),
  {},
  {
    state: state => {
      if (model.state?.kind === 'error') pictures.forgetFailures();
      model.receive(state);
    },
    focus: () => {
      focusStage();
    },
  },
);

const model = new LabelModel({
  calls: {
    answer: params => done(host.call('answer', params)),
    undo: params => done(host.call('undo', params)),
    flag: params => done(host.call('flag', params)),
    settle: params => done(host.call('settle', params)),
    later: params => done(host.call('later', params)),
    acceptOffer: params => done(host.call('acceptOffer', params)),
  },
  now: () => performance.now(),
  token: () => crypto.randomUUID(),
  onChange: update,
  announce: what => {
    unsaid.push(announcement(what));
    update();
  },
});

const pictures = blobPictures((hash, size) => host.call('thumbnail', { hash, size }), update);

const context: ViewContext = {
  model,
  pictures,
  act,
  run: id => {
    if (id === 'retry') pictures.forgetFailures();
    host.call('command', { id }).catch((error: unknown) => {
      model.failure = error instanceof Error ? error.message : String(error);
      update();
    });
  },
};

/** What failed with a call (the engine was down) is worth another try when the next one succeeds. */
async function done<T>(call: Promise<T>): Promise<T> {
  try {
    const result = await call;
    if (failedBefore) pictures.forgetFailures();
    failedBefore = false;
    return result;
  } catch (error) {
    failedBefore = true;
    throw error;
  }
}

let failedBefore = false;
let looks = vscode.getState();
if (looks) model.looks = looks;
let painting = false;
let unsaid: string[] = [];

/** Paints in the next frame, once, however much changed. */
function update(): void {
  if (painting) return;
  painting = true;
  requestAnimationFrame(() => {
    painting = false;
    if (unsaid.length > 0) live.textContent = unsaid.join('. ');
    unsaid = [];
    pictures.want(model.wanted, pictureSize());
    const hadHelp = document.getElementById('close-help') !== null;
    render(pageView(context), page);
    if (model.help !== hadHelp) (model.help ? document.getElementById('close-help') : stage())?.focus();
    if (model.looks !== looks) {
      looks = model.looks;
      vscode.setState(looks);
    }
  });
}

/** Two sizes only: the engine keeps what it made. */
function pictureSize(): number {
  return Math.min(window.innerWidth, window.innerHeight) * window.devicePixelRatio > 640 ? 1024 : 512;
}

function stage(): HTMLElement | null {
  return document.getElementById('stage');
}

function focusStage(): void {
  window.focus();
  stage()?.focus();
}

function act(action: Action, event?: Event): void {
  model.do(action);
  // A mouse click must not leave the next Space on the button; whoever tabbed to it stays.
  if (event instanceof MouseEvent && event.detail > 0 && action.do !== 'help') stage()?.focus();
}

window.addEventListener('keydown', event => {
  const kind = model.item?.kind ?? 'pair';
  const onControl = event.target instanceof Element && event.target.closest('button, vscode-button') !== null;
  if (onControl && (event.key === ' ' || event.key === 'Enter')) return;
  const action = actionOf(event, kind, {
    flagging: model.flagging,
    contradiction: model.contradiction !== undefined,
    offered: model.offer !== undefined,
  });
  if (!action) return;
  event.preventDefault();
  act(action);
});

for (const type of ['focus', 'blur'] as const) {
  window.addEventListener(type, () => {
    const focused = document.hasFocus();
    document.body.classList.toggle('away', !focused);
    host.notify('focus', { focused });
  });
}
window.addEventListener('resize', update);

function announcement(what: Announcement): string {
  switch (what.kind) {
    case 'item': {
      // With the names of the files: the same words for every item would be heard as nothing new.
      const paths = imagesOf(what.item).map(({ path }) => nameOf(path));
      const { item } = what;
      const inDoubt = item.kind === 'pair' && item.suspect ? (item.suspect === 'a' ? 0 : 1) : -1;
      const named = roleTitles(item).map(
        (role, i) => `${role} ${paths[i]!}${i === inDoubt ? ` (${t('Class in doubt')})` : ''}`,
      );
      const kind = what.item.kind === 'pair' ? t('Pair') : t('Triplet');
      const asked = what.item.lane === 'disagreements' ? t('Pair on which people differ') : kind;
      return `${asked}: ${named.join(', ')}`;
    }
    case 'answered': {
      const answered = t('Answered: {0}', verdictTitle(what.verdict));
      return what.item.lane === 'disagreements' ? `${answered} · ${opinion(what.item, true)}` : answered;
    }
    case 'contradiction':
      return contradictionTitle(what.now);
    case 'chosen':
      return suspectLabel(what.answer, what.index);
    case 'offer':
      return offerTitle(what.offer);
    case 'corrected':
      return t('Corrected');
    case 'later':
      return t('Left for later');
    case 'reclassed':
      return t('Classes changed');
    case 'undone':
      return t('Undone');
    case 'flagged':
      return t('Flagged');
    case 'done':
      return t('All done');
  }
}

host.call('ready', {}).then(
  state => {
    model.receive(state);
    if (document.hasFocus()) host.notify('focus', { focused: true });
  },
  (error: unknown) => {
    model.receive({ kind: 'error', message: error instanceof Error ? error.message : String(error) });
  },
);
