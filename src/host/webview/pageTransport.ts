import type { Webview } from 'vscode';
import type { PageEnvelope } from '../../rpc/page-envelope';
import { isPageEnvelope } from '../../rpc/page-envelope';
import type { Transport } from '../../rpc/rpc';

/**
 * Serves the pages that a webview loads one after the other (each time it was hidden and shown again): `connect` is called
 * for each, and what it returns when the next one speaks. Returns what ends it all.
 */
export function servePages(
  webview: Pick<Webview, 'postMessage' | 'onDidReceiveMessage'>,
  connect: (transport: Transport) => () => void,
): () => void {
  let page: string | undefined;
  let disconnect: (() => void) | undefined;
  let deliver: ((message: unknown) => void) | undefined;

  const open = (id: string) => {
    disconnect?.();
    page = id;
    disconnect = connect({
      send: message => {
        const envelope: PageEnvelope = { page: id, message };
        void webview.postMessage(envelope);
      },
      onMessage: listener => {
        deliver = listener;
        return () => {
          if (deliver === listener) deliver = undefined;
        };
      },
    });
  };
  const subscription = webview.onDidReceiveMessage((raw: unknown) => {
    if (!isPageEnvelope(raw)) return;
    if (raw.page !== page) open(raw.page);
    deliver?.(raw.message);
  });
  return () => {
    subscription.dispose();
    disconnect?.();
  };
}
