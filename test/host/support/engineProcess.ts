import { appendFileSync } from 'node:fs';
import type { ClientProtocol, EngineProtocol } from '../../../src/rpc/engine-protocol';
import type { Handlers, Transport } from '../../../src/rpc/rpc';
import { Rpc } from '../../../src/rpc/rpc';

/**
 * A small engine to supervise: a real process with the real rpc. `folder` says what a call should do; the file named by
 * `MARGIN_TEST_DIARY` gets a line for each call, so that a test sees what reached which process.
 */
const diary = process.env.MARGIN_TEST_DIARY!;
const note = (line: string) => {
  appendFileSync(diary, `${String(process.pid)} ${line}\n`);
};

const transport: Transport = {
  send: message => void process.send!(message),
  onMessage: listener => {
    process.on('message', listener);
    return () => process.off('message', listener);
  },
};

async function obey(order: string, signal?: AbortSignal): Promise<void> {
  switch (order) {
    case 'die':
      console.error('something native went wrong');
      process.exit(7);
      break;
    case 'die-once': {
      const { readFileSync } = await import('node:fs');
      if (readFileSync(diary, 'utf8').split('die-once').length <= 2) process.exit(7);
      break;
    }
    case 'hang':
      await new Promise(() => undefined);
      break;
    case 'until-cancelled':
      await new Promise((_, reject) => {
        signal!.addEventListener('abort', () => {
          note('cancelled');
          reject(Object.assign(new Error('stopped'), { name: 'AbortError' }));
        });
      });
      break;
    case 'throw':
      throw Object.assign(new Error('the folder is empty'), { code: 'no-images', data: { hint: 'Put images in it.' } });
  }
}

const rpc = new Rpc<EngineProtocol, ClientProtocol>(transport, {
  hello: () => ({ pid: process.pid, node: process.version, version: 'test' }),
  lanes: async ({ folder }) => {
    note(`lanes ${folder}`);
    await obey(folder);
    rpc.notify('log', { level: 'warn', message: 'a word from the engine' });
    rpc.notify('changed', { folder, what: 'lanes' });
    return [];
  },
  embed: async ({ folder }, { signal, progress }) => {
    note(`embed ${folder}`);
    progress({ stage: 'embed', done: 1, total: 2 });
    await obey(folder, signal);
    return {
      model: 'starter',
      dimension: 2,
      images: 2,
      embedded: 2,
      fromCache: 0,
      problems: [],
      seconds: 0,
      backend: { name: 'test', why: [] },
    };
  },
  thumbnail: ({ hash }) => ({ hash, bytes: new Uint8Array([1, 2, 3]), mime: 'image/png', width: 1, height: 1 }),
} as Partial<Handlers<EngineProtocol>> as Handlers<EngineProtocol>);

note('started');
process.on('disconnect', () => {
  note('disconnected');
  process.exit(0);
});
