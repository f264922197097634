import type { PageEnvelope } from '../../src/rpc/page-envelope';
import { isPageEnvelope } from '../../src/rpc/page-envelope';
import type { Transport } from '../../src/rpc/rpc';

/** Carries this page load's messages to the host, and lets in only those meant for it. */
export function pageTransport(host: { postMessage(message: unknown): void }): Transport {
  const page = crypto.randomUUID();
  return {
    send: message => {
      const envelope: PageEnvelope = { page, message };
      host.postMessage(envelope);
    },
    onMessage: listener => {
      const receive = ({ data }: MessageEvent<unknown>) => {
        if (isPageEnvelope(data) && data.page === page) listener(data.message);
      };
      window.addEventListener('message', receive);
      return () => {
        window.removeEventListener('message', receive);
      };
    },
  };
}
