import { Rpc } from '../rpc/rpc';
import type { ClientProtocol, EngineProtocol } from '../rpc/engine-protocol';
import { assetsBeside } from './assets';
import { Engine } from './engine';
import { engineHandlers } from './handlers';
import { processTransport } from './transport';

/** The engine process: one engine, answering over the channel of whoever forked it, gone when the channel closes. */
const client: { rpc?: Rpc<EngineProtocol, ClientProtocol> } = {};
const engine = new Engine(assetsBeside(__dirname), {
  log: (level, message) => client.rpc?.notify('log', { level, message }),
  changed: (folder, what) => client.rpc?.notify('changed', { folder, what }),
  edited: (folder, images) => client.rpc?.notify('edited', { folder, images }),
});
client.rpc = new Rpc<EngineProtocol, ClientProtocol>(processTransport(), engineHandlers(engine));

let closing = false;
async function close(): Promise<void> {
  if (closing) return;
  closing = true;
  client.rpc?.dispose('the engine is stopping');
  await engine.dispose();
  process.exit(0);
}
process.on('disconnect', () => void close());
process.on('SIGTERM', () => void close());
// The terminal that started the editor may send Ctrl+C to the whole group: the editor decides, not we.
process.on('SIGINT', () => undefined);
