import { render } from 'lit-html';
import type { ImageHash } from '../../src/core/types';
import type { ManifestHostProtocol, ManifestPageProtocol, ManifestState } from '../../src/rpc/manifest-protocol';
import { Rpc } from '../../src/rpc/rpc';
import { registerControls } from '../ui/controls';
import { pageTransport } from '../ui/pageTransport';
import { blobPictures } from '../ui/blobPictures';
import { loadStrings, t } from '../ui/text';
import { verdictTitle } from '../ui/verdicts';
import type { ViewContext } from './context';
import { actionOf } from './keys';
import type { Action } from './keys';
import { layoutOf, pictureSize } from './layout';
import './manifest.css';
import type { Announcement, Looks } from './model';
import { FIRST_LOOKS, ManifestModel } from './model';
import { RowCache } from './rowCache';
import { Scroller } from './scroller';
import { pageView } from './view';

const vscode = acquireVsCodeApi<Looks>();
const page = document.getElementById('page')!;
const live = document.createElement('div');
live.className = 'announcements';
live.setAttribute('aria-live', 'polite');
document.body.append(live);

loadStrings(document.getElementById('strings'));
registerControls();

const host = new Rpc<ManifestPageProtocol, ManifestHostProtocol>(
  pageTransport(vscode),
  {},
  {
    state: state => void receive(state),
    changed: () => {
      const { first, last } = scroller.range();
      rows.refresh(first, last);
    },
  },
);

const rows = new RowCache({
  fetch: (params, { signal, onProgress }) =>
    host.call('rows', params, {
      signal,
      onProgress: ({ done, total }) => onProgress?.(total > 0 ? done / total : 0),
    }),
  onChange: update,
  onError: fail,
});

const model = new ManifestModel({
  rows,
  answer: params => host.call('answer', params),
  undo: token => host.call('undo', { token }),
  token: () => crypto.randomUUID(),
  now: () => performance.now(),
  onChange: update,
  announce: what => {
    unsaid.push(announcement(what));
    update();
  },
});

const pictures = blobPictures((hash, size) => host.call('thumbnail', { hash, size }), update);
const scroller = new Scroller();

const context: ViewContext = {
  model,
  pictures,
  answer: (place, verdict) => void model.answer(place, verdict),
  undo: () => void model.undo().then(showChosen),
  choose: place => {
    model.choose(place);
  },
  openLine: line => void host.call('openLine', { line }).catch(fail),
  run: id => {
    if (id === 'retry') pictures.forgetFailures();
    void host.call('command', { id }).catch(fail);
  },
};

model.looks = { ...FIRST_LOOKS, ...vscode.getState() };
scroller.resize(1, 1, 1);

let unsaid: string[] = [];
let painting = false;
let saved: Looks | undefined;
let shownView = model.looks.view;
/** place of the row to put at the upper edge, once there are rows */
let restore: number | undefined;
/** rows scrolled fast past show their pictures once the list comes to rest */
let restingAt = 0;
let settled: ReturnType<typeof setTimeout> | undefined;
const SETTLE_MS = 80;

async function receive(state: ManifestState): Promise<void> {
  if (state.kind === 'ready') restore = model.looks.top;
  await model.receive(state);
}

/** Paints in the next frame, once, however much changed. */
function update(): void {
  if (painting) return;
  painting = true;
  requestAnimationFrame(() => {
    painting = false;
    paint();
  });
}

function paint(): void {
  if (unsaid.length > 0) live.textContent = unsaid.join('. ');
  unsaid = [];
  measure();
  render(pageView(context, scroller, { scroll, scrollEnd }), page);
  const grid = gridElement();
  if (grid) {
    stretch(grid);
    if (restore !== undefined && !rows.turning && rows.total !== undefined) {
      scroller.top = scroller.top + scroller.offset(restore);
      restore = undefined;
      put(grid);
      update();
    } else if (shownView !== model.looks.view && !rows.turning) {
      // another view begins at its top
      shownView = model.looks.view;
      scroller.top = 0;
      put(grid);
      update();
    }
    fetchShown();
  }
  keep();
}

/** Sizes follow the window; the row at the upper edge stays where it is. */
function measure(): void {
  const { state, looks, total } = model;
  if (state.kind !== 'ready') return;
  const grid = gridElement();
  const width = grid?.clientWidth ?? window.innerWidth;
  const { thumb, rowHeight, narrow } = layoutOf(width, looks.size, state.summary.shape);
  page.style.setProperty('--thumb', `${String(thumb)}px`);
  page.style.setProperty('--row', `${String(rowHeight)}px`);
  page.classList.toggle('narrow', narrow);
  page.classList.toggle('triplets', state.summary.shape === 'triplets');
  scroller.resize(total, rowHeight, grid?.clientHeight ?? window.innerHeight);
}

let stretched = '';
/** The spacer is as tall as the list, or as an element can be. */
function stretch(grid: HTMLElement): void {
  const layer = grid.querySelector<HTMLElement>('.layer')!;
  const spacer = grid.querySelector<HTMLElement>('.spacer')!;
  const now = `${String(grid.clientHeight)} ${String(scroller.height)}`;
  if (now === stretched && layer.style.height !== '') return;
  stretched = now;
  layer.style.height = `${String(grid.clientHeight)}px`;
  spacer.style.height = `${String(scroller.height)}px`;
  spacer.style.marginTop = `${String(-grid.clientHeight)}px`;
  put(grid);
}

function put(grid: HTMLElement): void {
  grid.scrollTop = scroller.place();
  scroller.placed(grid.scrollTop);
}

function scroll(): void {
  const grid = gridElement();
  if (!grid) return;
  const instead = scroller.scrolled(grid.scrollTop);
  if (instead !== undefined) put(grid);
  clearTimeout(settled);
  settled = setTimeout(update, SETTLE_MS);
  update();
}

function scrollEnd(): void {
  const grid = gridElement();
  if (grid) put(grid);
}

function fetchShown(): void {
  const { first, last } = scroller.range();
  rows.want(first, last);
  const moved = Math.abs(scroller.top - restingAt) > window.innerHeight;
  if (moved && settled !== undefined && !isSettled()) return;
  restingAt = scroller.top;
  const near = scroller.range(2);
  const wanted = new Set<ImageHash>();
  const take = (from: number, to: number) => {
    for (let place = from; place <= to; place++)
      for (const { hash } of rows.get(place)?.images ?? []) if (hash !== undefined) wanted.add(hash);
  };
  take(first, last); // what shows comes first
  take(near.first, near.last);
  pictures.want([...wanted], pictureSize(thumbNow(), window.devicePixelRatio));
}

let scrolledAt = 0;
window.addEventListener('scroll', () => (scrolledAt = performance.now()), { capture: true, passive: true });
function isSettled(): boolean {
  return performance.now() - scrolledAt >= SETTLE_MS - 5;
}

function thumbNow(): number {
  return Number.parseFloat(page.style.getPropertyValue('--thumb')) || 104;
}

/** Keeps where one is, so that the editor can be hidden, moved and restored. */
function keep(): void {
  if (model.state.kind !== 'ready' || rows.total === undefined || rows.turning || restore !== undefined) return;
  const { first } = scroller.range();
  if (saved && saved.top === first && sameLooks(saved, model.looks)) return;
  model.looks = { ...model.looks, top: first };
  saved = model.looks;
  vscode.setState(model.looks);
}

function sameLooks(one: Looks, other: Looks): boolean {
  return one.view === other.view && one.chosen === other.chosen && one.size === other.size;
}

function gridElement(): HTMLElement | null {
  return document.getElementById('grid');
}

function showChosen(): void {
  const grid = gridElement();
  if (!grid) return;
  scroller.reveal(model.looks.chosen);
  put(grid);
  update();
}

function act(action: Action): void {
  const { chosen } = model.looks;
  switch (action.do) {
    case 'answer':
      void model.answer(chosen, action.verdict);
      model.choose(chosen + 1);
      break;
    case 'undo':
      context.undo();
      return;
    case 'move':
      model.choose(chosen + action.by);
      break;
    case 'page': {
      const { first, last } = scroller.range();
      model.choose(chosen + action.by * Math.max(1, last - first - 1));
      break;
    }
    case 'first':
      model.choose(0);
      break;
    case 'last':
      model.choose(model.total - 1);
      break;
    case 'search':
      document.getElementById('path')?.focus();
      return;
    case 'openLine': {
      const row = rows.get(chosen);
      if (row) context.openLine(row.line);
      return;
    }
  }
  showChosen();
}

window.addEventListener('keydown', event => {
  const target = event.target instanceof HTMLElement ? event.target : undefined;
  if (target?.matches('input, select')) {
    if (event.key === 'Escape') gridElement()?.focus();
    return;
  }
  if (target?.closest('button, vscode-button') && (event.key === ' ' || event.key === 'Enter')) return;
  const action = actionOf(event, rows.get(model.looks.chosen)?.kind ?? 'broken');
  if (!action) return;
  event.preventDefault();
  act(action);
});

window.addEventListener('resize', update);

function fail(error: unknown): void {
  model.failure = error instanceof Error ? error.message : String(error);
  update();
}

function announcement(what: Announcement): string {
  switch (what.kind) {
    case 'answered':
      return t('Answered: {0}', verdictTitle(what.verdict));
    case 'undone':
      return t('Undone');
    case 'found':
      return t('{0} rows', what.rows);
  }
}

host.call('ready', {}).then(
  state => void model.receive(state),
  (error: unknown) =>
    void model.receive({ kind: 'error', message: error instanceof Error ? error.message : String(error) }),
);
