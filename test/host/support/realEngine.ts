import { Engine as EngineItself } from '../../../src/engine/engine';
import { engineHandlers } from '../../../src/engine/handlers';
import type { Engine } from '../../../src/host/engineClient';
import type { ClientProtocol, EngineProtocol } from '../../../src/rpc/engine-protocol';
import { Rpc } from '../../../src/rpc/rpc';
import { builtAssets } from '../../support/settings';
import { connectedTransports } from './memoryTransport';

/** The engine itself behind the real rpc, in this process; every message is cloned as between two. */
export class RealEngine implements Engine {
  readonly calls: string[] = [];
  readonly #engine: EngineItself;
  readonly #client: Rpc<ClientProtocol, EngineProtocol>;
  /** what it tells unasked */
  onChanged: (change: ClientProtocol['notifications']['changed']) => void = () => undefined;

  constructor() {
    const [here, there] = connectedTransports();
    const server: Rpc<EngineProtocol, ClientProtocol> = new Rpc<EngineProtocol, ClientProtocol>(
      there,
      engineHandlers(
        (this.#engine = new EngineItself(builtAssets(), {
          log: () => undefined,
          changed: (folder, what) => {
            server.notify('changed', { folder, what });
          },
        })),
      ),
    );
    this.#client = new Rpc<ClientProtocol, EngineProtocol>(
      here,
      {},
      {
        changed: change => {
          this.onChanged(change);
        },
      },
    );
  }

  call: Engine['call'] = (method, params, options) => {
    this.calls.push(method);
    return this.#client.call(method, params as never, options as never) as never;
  };

  restart(): void {
    this.calls.push('restart');
  }

  async dispose(): Promise<void> {
    this.#client.dispose();
    await this.#engine.dispose();
  }
}
