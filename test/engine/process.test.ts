import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ClientProtocol, EngineProtocol } from '../../src/rpc/engine-protocol';
import { isCancelled, Rpc } from '../../src/rpc/rpc';
import { shapeImage, writeShapes } from '../support/images';
import { DIST, SETTINGS as settings } from '../support/settings';

// The built engine as the editor forks it.
const engineFile = path.join(DIST, 'engine.cjs');

let home: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'margin-process-'));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

afterAll(() => rm(home, { recursive: true, force: true }));

function start() {
  const child = fork(engineFile, [], { serialization: 'advanced', stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  children.push(child);
  const logs: string[] = [];
  const rpc = new Rpc<ClientProtocol, EngineProtocol>(
    {
      send: message => void child.send(message),
      onMessage: listener => {
        child.on('message', listener);
        return () => child.off('message', listener);
      },
    },
    {},
    { log: ({ message }) => logs.push(message) },
  );
  const exit = new Promise<number | null>(resolve => child.once('exit', resolve));
  return { child, rpc, logs, exit };
}

describe('the engine process', () => {
  it('says who it is, works, and sends pictures as bytes', async () => {
    const folder = path.join(home, 'small');
    await writeShapes(folder, 4);
    const { child, rpc, logs } = start();
    expect(await rpc.call('hello', {})).toMatchObject({
      pid: child.pid,
      version: expect.stringMatching(/^\d+\./) as string,
    });
    const mined = await rpc.call('mine', {
      folder,
      settings,
      lane: 'semi-hard-triplets',
      metric: 'auto',
      margin: 0.9,
      strategy: 'nearest',
      topK: 50,
      perImage: 10,
      seed: 1,
    });
    expect(mined.lane.total).toBeGreaterThan(0);
    const { items } = await rpc.call('window', { folder, settings, count: 1 });
    const [item] = items;
    const hash = item.kind === 'triplet' ? item.anchor.hash : item.a.hash;
    const { bytes } = await rpc.call('thumbnail', { folder, settings, hash, size: 128 });
    expect(bytes).toBeInstanceOf(Uint8Array);
    expect(logs.some(line => line.includes('runs on'))).toBe(true);
  });

  it('stops on a cancel while it embeds, and answers others meanwhile', async () => {
    const folder = path.join(home, 'many');
    await mkdir(path.join(folder, 'a'), { recursive: true });
    for (let i = 0; i < 800; i++) await writeFile(path.join(folder, 'a', `${i}.png`), await shapeImage('square', i));
    const { rpc } = start();
    const controller = new AbortController();
    let answered = 0;
    const error = await rpc
      .call(
        'embed',
        { folder, settings },
        {
          signal: controller.signal,
          onProgress: ({ stage, done }) => {
            if (stage !== 'embed') return;
            void rpc.call('hello', {}).then(() => answered++);
            if (done > 0) controller.abort();
          },
        },
      )
      .catch((e: unknown) => e);
    expect(isCancelled(error)).toBe(true);
    expect(answered).toBeGreaterThan(0);
    const rest = await rpc.call('embed', { folder, settings });
    expect(rest.fromCache).toBeGreaterThan(0);
    expect(rest.embedded).toBeGreaterThan(0);
  });

  it('brings an error with its code and a hint', async () => {
    const { rpc } = start();
    const error = await rpc.call('scan', { folder: path.join(home, 'nowhere'), settings }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'folder-missing', data: { hint: expect.any(String) as string } });
  });

  it('ends when the editor goes away', async () => {
    const { child, rpc, exit } = start();
    await rpc.call('hello', {});
    child.disconnect();
    expect(await exit).toBe(0);
  });
});
