import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EngineClientOptions } from '../../src/host/engineClient';
import { EngineClient } from '../../src/host/engineClient';
import type { FolderRef, Progress } from '../../src/rpc/engine-protocol';
import { hash } from './support/scriptedEngine';

let folder: string;
let diary: string;
let entry: string;
let said: string[];
/** A busy machine makes a test slower, not wrong. */
const PATIENT = 30_000;

const clients: EngineClient[] = [];

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'margin-client-'));
  entry = path.join(folder, 'engine.cjs');
  buildSync({
    entryPoints: [path.join(import.meta.dirname, 'support/engineProcess.ts')],
    outfile: entry,
    bundle: true,
    platform: 'node',
    format: 'cjs',
  });
});

beforeEach(() => {
  // One for each test: a process of the test before may still write its farewell.
  diary = path.join(mkdtempSync(path.join(folder, 'test-')), 'diary');
  writeFileSync(diary, '');
  said = [];
});

afterEach(() => {
  for (const client of clients.splice(0)) client.dispose();
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

function client(options: Partial<EngineClientOptions> = {}): EngineClient {
  const say = (level: string) => (message: string) => said.push(`${level}: ${message}`);
  const made = new EngineClient({
    fork: () =>
      fork(entry, [], {
        serialization: 'advanced',
        execArgv: [],
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        env: { ...process.env, MARGIN_TEST_DIARY: diary },
      }),
    log: { trace: say('trace'), debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') },
    idleMs: 60_000,
    crashLimit: 3,
    crashWindowMs: 300_000,
    cancelGraceMs: 500,
    ...options,
  });
  clients.push(made);
  return made;
}

function ref(order: string): FolderRef {
  return {
    folder: order,
    settings: { model: 'starter', backend: 'auto', classes: 'folder', exclude: [], svg: false, decoder: 'auto' },
  };
}

function events(): string[] {
  return readFileSync(diary, 'utf8').trim().split('\n');
}

function processes(): number {
  return new Set(events().map(line => line.split(' ')[0])).size;
}

describe('the engine client', () => {
  test('starts no process before the first call, and one for many', async () => {
    const engine = client();
    expect(engine.pid).toBeUndefined();
    expect(events()).toEqual(['']);
    await Promise.all([engine.call('lanes', ref('a')), engine.call('lanes', ref('b'))]);
    expect(processes()).toBe(1);
  });

  test('carries bytes as bytes', async () => {
    const { bytes } = await client().call('thumbnail', { ...ref('a'), hash: hash(1), size: 64 });
    expect(bytes).toBeInstanceOf(Uint8Array);
    expect([...bytes]).toEqual([1, 2, 3]);
  });

  test('passes on what the engine says: its log, and what changed', async () => {
    const engine = client();
    const changes: unknown[] = [];
    engine.onChanged(change => changes.push(change));
    await engine.call('lanes', ref('a'));
    expect(said).toContain('warn: a word from the engine');
    expect(changes).toEqual([{ folder: 'a', what: 'lanes' }]);
  });

  test('takes a call up again in a new process after a crash', async () => {
    const engine = client();
    await expect(engine.call('lanes', ref('die-once'))).resolves.toEqual([]);
    expect(processes()).toBe(2);
    expect(events().filter(line => line.endsWith('lanes die-once'))).toHaveLength(2);
    expect(said.some(line => line.startsWith('error:') && line.includes('exit code 7'))).toBe(true);
  });

  test('fails with a clear message when the engine dies twice under one call, and says what it wrote last', async () => {
    const engine = client();
    await expect(engine.call('lanes', ref('die'))).rejects.toMatchObject({
      code: 'engine-crashed',
      message: expect.stringContaining('stopped twice during "lanes" (exit code 7)') as unknown,
    });
    expect(processes()).toBe(2);
    expect(said.join('\n')).toContain('something native went wrong');
    await expect(engine.call('lanes', ref('fine'))).resolves.toEqual([]);
  });

  test('is not started again after too many crashes, until it is asked to be', async () => {
    const engine = client({ crashLimit: 2 });
    await expect(engine.call('lanes', ref('die'))).rejects.toMatchObject({ code: 'engine-crashed' });
    await expect(engine.call('lanes', ref('fine'))).rejects.toMatchObject({ code: 'engine-down' });
    expect(processes()).toBe(2);
    engine.restart();
    await expect(engine.call('lanes', ref('fine'))).resolves.toEqual([]);
    expect(processes()).toBe(3);
  });

  test('old crashes are forgiven', async () => {
    const engine = client({ crashLimit: 1, crashWindowMs: 1 });
    await engine.call('lanes', ref('die-once')).catch(() => undefined);
    await new Promise(resolve => setTimeout(resolve, 5));
    await expect(engine.call('lanes', ref('fine'))).resolves.toEqual([]);
  });

  test('rejects what waits for a process that cannot be started', async () => {
    const engine = client({
      fork: () =>
        fork(entry, [], { execPath: path.join(folder, 'no-such-node'), stdio: ['ignore', 'pipe', 'pipe', 'ipc'] }),
    });
    await expect(engine.call('lanes', ref('fine'))).rejects.toMatchObject({
      code: 'engine-crashed',
      message: expect.stringContaining('could not be started') as unknown,
    });
  });

  test('stops an idle process, which is no crash, and starts another when needed', async () => {
    const engine = client({ idleMs: 30, crashLimit: 1 });
    await engine.call('lanes', ref('a'));
    await vi.waitFor(() => {
      expect(events().some(line => line.endsWith('disconnected'))).toBe(true);
    }, PATIENT);
    expect(engine.pid).toBeUndefined();
    await engine.call('lanes', ref('b'));
    expect(processes()).toBe(2);
    expect(said.filter(line => line.startsWith('error:'))).toEqual([]);
  });

  test('does not stop a process that works', async () => {
    const engine = client({ idleMs: 20 });
    const stop = new AbortController();
    const work = engine.call('embed', ref('until-cancelled'), { signal: stop.signal });
    await new Promise(resolve => setTimeout(resolve, 150));
    expect(engine.pid).toBeDefined();
    stop.abort();
    await expect(work).rejects.toMatchObject({ code: 'cancelled' });
  });

  test('reports progress and cancels in the engine', async () => {
    const engine = client();
    const stop = new AbortController();
    const seen: Progress[] = [];
    const work = engine.call('embed', ref('until-cancelled'), {
      signal: stop.signal,
      onProgress: progress => {
        seen.push(progress);
        stop.abort();
      },
    });
    await expect(work).rejects.toMatchObject({ code: 'cancelled' });
    expect(seen).toEqual([{ stage: 'embed', done: 1, total: 2 }]);
    await vi.waitFor(() => {
      expect(events().some(line => line.endsWith('cancelled'))).toBe(true);
    }, PATIENT);
  });

  test('does not let a person wait for an engine that does not hear the cancel', async () => {
    const engine = client({ cancelGraceMs: 50 });
    const stop = new AbortController();
    const work = engine.call('embed', ref('hang'), {
      signal: stop.signal,
      onProgress: () => {
        stop.abort();
      },
    });
    await expect(work).rejects.toMatchObject({ code: 'cancelled' });
  });

  test('a cancelled call is not taken up again after a crash', async () => {
    const engine = client({ cancelGraceMs: 10_000 });
    const stop = new AbortController();
    const work = engine.call('embed', ref('hang'), {
      signal: stop.signal,
      onProgress: () => {
        stop.abort();
        process.kill(engine.pid!, 'SIGKILL');
      },
    });
    await expect(work).rejects.toMatchObject({ code: 'cancelled' });
    expect(processes()).toBe(1);
  });

  test('what the engine throws reaches the caller, hint and all, and is not tried again', async () => {
    await expect(client().call('lanes', ref('throw'))).rejects.toMatchObject({
      code: 'no-images',
      message: 'the folder is empty',
      data: { hint: 'Put images in it.' },
    });
    expect(events().filter(line => line.includes('lanes'))).toHaveLength(1);
  });

  test('disposal rejects what is pending and refuses what comes after', async () => {
    const engine = client();
    const work = engine.call('lanes', ref('hang'));
    await vi.waitFor(() => {
      expect(events().some(line => line.includes('lanes hang'))).toBe(true);
    }, PATIENT);
    engine.dispose();
    await expect(work).rejects.toMatchObject({ code: 'disposed' });
    await expect(engine.call('lanes', ref('fine'))).rejects.toMatchObject({ code: 'disposed' });
    await vi.waitFor(() => {
      expect(events().some(line => line.endsWith('disconnected'))).toBe(true);
    }, PATIENT);
  });
});
