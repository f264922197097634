import { render } from 'lit-html';
import type { PreviewHostProtocol, PreviewPageProtocol, PreviewState } from '../../src/rpc/preview-protocol';
import { Rpc } from '../../src/rpc/rpc';
import { blobPictures } from '../ui/blobPictures';
import { registerControls } from '../ui/controls';
import { pageTransport } from '../ui/pageTransport';
import { loadStrings } from '../ui/text';
import './preview.css';
import { pageView } from './view';

const vscode = acquireVsCodeApi();
const page = document.getElementById('page')!;
const PICTURE = 256;

loadStrings(document.getElementById('strings'));
registerControls();

const host = new Rpc<PreviewPageProtocol, PreviewHostProtocol>(pageTransport(vscode), {});
const pictures = blobPictures((hash, size) => host.call('thumbnail', { hash, size }), update);
let state: PreviewState | undefined;
let failure: string | undefined;
let painting = false;

function update(): void {
  if (painting) return;
  painting = true;
  requestAnimationFrame(() => {
    painting = false;
    render(pageView(state, failure, pictures, act), page);
  });
}

function act(id: string): void {
  host.call('act', { id }).catch(fail);
}

function fail(error: unknown): void {
  failure = error instanceof Error ? error.message : String(error);
  update();
}

host.call('ready', {}).then(ready => {
  state = ready;
  const rows = ready.sections.flatMap(section => section.rows);
  pictures.want(
    rows.flatMap(row => row.images.flatMap(({ hash }) => hash ?? [])),
    PICTURE,
  );
  update();
  requestAnimationFrame(() => {
    document.querySelector<HTMLElement>('.actions vscode-button')?.focus();
  });
}, fail);
