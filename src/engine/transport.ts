import type { Transport } from '../rpc/rpc';

/** The engine's end of a forked process's channel (advanced serialization: typed arrays arrive as such). */
export function processTransport(proc: NodeJS.Process = process): Transport {
  return {
    send: message => {
      if (!proc.send || !proc.connected) throw new Error('the channel to the editor is closed');
      proc.send(message);
    },
    onMessage: listener => {
      proc.on('message', listener);
      return () => proc.off('message', listener);
    },
  };
}
