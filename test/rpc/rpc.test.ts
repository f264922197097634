import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { afterEach, describe, expect, expectTypeOf, it } from 'vitest';
import { isCancelled, isWireMessage, Rpc, RpcError, toWireError, transferring } from '../../src/rpc/rpc';
import type { Handlers, Transport, WireMessage } from '../../src/rpc/rpc';

interface Server {
  calls: {
    add: { params: { a: number; b: number }; result: number };
    count: { params: { to: number }; result: string; progress: number };
    forever: { params: null; result: string };
    fail: { params: { code?: string }; result: null };
    bytes: { params: { n: number }; result: { bytes: Uint8Array } };
    unclonable: { params: null; result: unknown };
  };
  notifications: { poke: { n: number } };
}
interface Client {
  calls: Record<string, never>;
  notifications: { hello: string };
}

/** A real structured-clone boundary, as between threads. */
function transportOf(port: MessagePort): Transport {
  return {
    send: (message, transfer) => port.postMessage(message, (transfer ?? []) as ArrayBuffer[]),
    onMessage: listener => {
      port.on('message', listener);
      return () => port.off('message', listener);
    },
  };
}

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

function connect(overrides: Partial<Handlers<Server>> = {}) {
  const { port1, port2 } = new MessageChannel();
  const pokes: number[] = [];
  const hellos: string[] = [];
  const handlers: Handlers<Server> = {
    add: ({ a, b }) => a + b,
    count: ({ to }, { progress }) => {
      for (let i = 1; i <= to; i++) progress(i);
      return 'counted';
    },
    forever: (_, { signal }) =>
      new Promise(resolve => {
        signal.addEventListener('abort', () => resolve('stopped early'), { once: true });
      }),
    fail: ({ code }) => {
      throw Object.assign(new Error('the disk is full'), code ? { code } : {});
    },
    bytes: ({ n }) => {
      const bytes = new Uint8Array(n).fill(7);
      return transferring({ bytes }, [bytes.buffer]);
    },
    unclonable: () => () => 1,
    ...overrides,
  };
  const server = new Rpc<Server, Client>(transportOf(port1), handlers, { poke: ({ n }) => pokes.push(n) });
  const client = new Rpc<Client, Server>(transportOf(port2), {}, { hello: text => hellos.push(text) });
  open.push(() => {
    port1.close();
    port2.close();
  });
  return { server, client, pokes, hellos, port1, port2 };
}

describe('Rpc', () => {
  it('answers with the inferred result', async () => {
    const { client } = connect();
    const sum = await client.call('add', { a: 2, b: 3 });
    expectTypeOf(sum).toEqualTypeOf<number>();
    expect(sum).toBe(5);
  });

  it('keeps answers with their questions when many are under way', async () => {
    const { client } = connect();
    const sums = await Promise.all(Array.from({ length: 200 }, (_, i) => client.call('add', { a: i, b: i })));
    expect(sums).toEqual(Array.from({ length: 200 }, (_, i) => 2 * i));
    expect(client.busy).toBe(0);
  });

  it('reports progress in order, before the result', async () => {
    const { client } = connect();
    const seen: number[] = [];
    await client.call('count', { to: 5 }, { onProgress: n => seen.push(n) });
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  it('brings an error to the caller with its code and message', async () => {
    const { client } = connect();
    const error = await client.call('fail', { code: 'ENOSPC' }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(RpcError);
    expect(error).toMatchObject({ code: 'ENOSPC', message: 'the disk is full' });
    expect((error as RpcError).remoteStack).toContain('the disk is full');
  });

  it('says so when nothing answers, also for names every object has', async () => {
    const { client } = connect();
    const bare = client as unknown as { call(m: string, p: unknown): Promise<unknown> };
    await expect(bare.call('nope', null)).rejects.toMatchObject({ code: 'unknown-method' });
    await expect(bare.call('constructor', null)).rejects.toMatchObject({ code: 'unknown-method' });
  });

  it('cancels: the handler sees the signal and may still give what it has', async () => {
    const { client } = connect();
    const controller = new AbortController();
    const answer = client.call('forever', null, { signal: controller.signal });
    setTimeout(() => controller.abort(), 5);
    await expect(answer).resolves.toBe('stopped early');
  });

  it('does not ask at all when cancelled before', async () => {
    const { client } = connect();
    const error = await client.call('add', { a: 1, b: 1 }, { signal: AbortSignal.abort() }).catch((e: unknown) => e);
    expect(isCancelled(error)).toBe(true);
  });

  it('turns an AbortError of the handler into a cancellation', async () => {
    const { client } = connect({
      add: () => {
        throw new DOMException('stop', 'AbortError');
      },
    });
    expect(isCancelled(await client.call('add', { a: 1, b: 1 }).catch((e: unknown) => e))).toBe(true);
  });

  it('hands buffers over without a copy', async () => {
    const { client } = connect();
    const { bytes } = await client.call('bytes', { n: 1000 });
    expect(bytes).toHaveLength(1000);
    expect(bytes[999]).toBe(7);
  });

  it('tells the caller when an answer cannot be sent, instead of leaving it waiting', async () => {
    const { client } = connect();
    await expect(client.call('unclonable', null)).rejects.toMatchObject({ code: 'send-failed' });
  });

  it('rejects a question that cannot be sent', async () => {
    const { client } = connect();
    await expect(client.call('add', { a: 1, b: (() => 1) as unknown as number })).rejects.toMatchObject({
      code: 'send-failed',
    });
    expect(client.busy).toBe(0);
  });

  it('rejects what is waiting when disposed, aborts what runs, and refuses further calls', async () => {
    let aborted = false;
    const { client, server } = connect({
      forever: (_, { signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => (aborted = true), { once: true });
        }),
    });
    const waiting = client.call('forever', null);
    await client.call('add', { a: 1, b: 1 });
    client.dispose('the engine stopped');
    server.dispose();
    await expect(waiting).rejects.toMatchObject({ code: 'disposed', message: 'the engine stopped' });
    await expect(client.call('add', { a: 1, b: 1 })).rejects.toMatchObject({ code: 'disposed' });
    expect(aborted).toBe(true);
  });

  it('delivers notifications both ways and passes over unknown ones', async () => {
    const { client, server, pokes, hellos } = connect();
    client.notify('poke', { n: 4 });
    (client as unknown as { notify(n: string, p: unknown): void }).notify('toString', {});
    server.notify('hello', 'there');
    await client.call('add', { a: 0, b: 0 });
    expect(pokes).toEqual([4]);
    expect(hellos).toEqual(['there']);
  });

  it('passes over anything that is no message of ours', async () => {
    const { client, port1, port2 } = connect();
    for (const junk of [
      null,
      7,
      'x',
      {},
      { t: 'call' },
      { t: 'ok', id: 'x' },
      { t: 'err', id: 1, error: null },
      [],
      { t: 'weird', id: 1 },
    ]) {
      port1.postMessage(junk);
      port2.postMessage(junk);
      expect(isWireMessage(junk)).toBe(false);
    }
    expect(await client.call('add', { a: 1, b: 2 })).toBe(3);
  });

  it('answers a stranger’s progress and results without a stir', async () => {
    const { client, port1 } = connect();
    port1.postMessage({ t: 'ok', id: 999, result: 1 } satisfies WireMessage);
    port1.postMessage({ t: 'progress', id: 999, value: 1 } satisfies WireMessage);
    expect(await client.call('add', { a: 1, b: 2 })).toBe(3);
  });
});

describe('toWireError', () => {
  it('keeps the code a thrower set, else the name', () => {
    expect(toWireError(Object.assign(new Error('x'), { code: 'EACCES' })).code).toBe('EACCES');
    expect(toWireError(new RangeError('x')).code).toBe('RangeError');
    expect(toWireError('plain').message).toBe('plain');
  });
});
