import type { FolderRef } from '../../rpc/engine-protocol';
import type { PreviewHostProtocol, PreviewPageProtocol, PreviewState } from '../../rpc/preview-protocol';
import { Rpc } from '../../rpc/rpc';
import type { Transport } from '../../rpc/rpc';
import type { Engine } from '../engineClient';
import { bad, record, thumbnailParams } from '../webview/checks';

/** What stands behind a preview page: one question, shown until one of its buttons answers it. */
export class PreviewController {
  readonly #engine: Engine;
  readonly #ref: FolderRef;
  readonly #state: PreviewState;
  readonly #onAct: (id: string) => void;

  constructor(engine: Engine, ref: FolderRef, state: PreviewState, onAct: (id: string) => void) {
    this.#engine = engine;
    this.#ref = ref;
    this.#state = state;
    this.#onAct = onAct;
  }

  connect(transport: Transport): () => void {
    const page = new Rpc<PreviewHostProtocol, PreviewPageProtocol>(transport, {
      ready: () => this.#state,
      thumbnail: async raw => {
        const picture = await this.#engine.call('thumbnail', { ...this.#ref, ...thumbnailParams(raw) });
        // A copy of its own: VS Code sends the whole buffer under a view, and knows no Node `Buffer`.
        return { ...picture, bytes: new Uint8Array(picture.bytes) };
      },
      act: raw => {
        const { id } = record(raw);
        const action = this.#state.actions.find(known => known.id === id);
        if (!action) throw bad('action');
        this.#onAct(action.id);
        return null;
      },
    });
    return () => {
      page.dispose('the page is gone');
    };
  }
}
