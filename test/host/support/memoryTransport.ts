import type { Transport } from '../../../src/rpc/rpc';

/** Two ends of a connection; messages are cloned and arrive later, as between processes. */
export function connectedTransports(): [Transport, Transport] {
  const listeners: ((message: unknown) => void)[][] = [[], []];
  const end = (own: number): Transport => ({
    send: message => {
      const copy = structuredClone(message);
      setImmediate(() => {
        for (const listener of listeners[1 - own]!) listener(copy);
      });
    },
    onMessage: listener => {
      listeners[own]!.push(listener);
      return () => {
        listeners[own] = listeners[own]!.filter(other => other !== listener);
      };
    },
  });
  return [end(0), end(1)];
}
