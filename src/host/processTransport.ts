import type { ChildProcess } from 'node:child_process';
import type { Transport } from '../rpc/rpc';

/** Carries rpc messages over the channel of a forked process (`serialization: 'advanced'`). */
export function processTransport(child: ChildProcess): Transport {
  return {
    send: message => {
      // The callback takes the error of a channel that closes under the message; the exit itself is reported elsewhere.
      child.send(message, () => undefined);
    },
    onMessage: listener => {
      child.on('message', listener);
      return () => child.off('message', listener);
    },
  };
}
