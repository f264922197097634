import { describe, expect, test, vi } from 'vitest';
import type { Lane } from '../../src/core/types';
import { Jobs } from '../../src/host/jobs';
import type { LabelControllerOptions, Place } from '../../src/host/label/labelController';
import { LabelController } from '../../src/host/label/labelController';
import type { LabelHostProtocol, LabelPageProtocol, LabelState } from '../../src/rpc/label-protocol';
import { Rpc, RpcError } from '../../src/rpc/rpc';
import { LABELLING } from './support/labelling';
import { connectedTransports } from './support/memoryTransport';
import { hash, pair, ScriptedEngine, triplet } from './support/scriptedEngine';

/** A busy machine makes a test slower, not wrong. */
const PATIENT = 30_000;

function setUp(items = [0, 1, 2].map(triplet), options: Partial<LabelControllerOptions> = {}) {
  const engine = new ScriptedEngine(items);
  const jobs = new Jobs();
  const lanes = new Map<string, Lane>();
  const run = vi.fn();
  const onFocus = vi.fn();
  const warn = vi.fn();
  const controller = new LabelController({
    engine,
    jobs,
    place: () => Promise.resolve(LABELLING),
    describe: ({ what, progress }) => ({ what, ...(progress && { progress }) }),
    lane: { get: folder => lanes.get(folder), set: (folder, lane) => lanes.set(folder, lane) },
    run,
    onFocus,
    onShown: () => undefined,
    log: { warn },
    ...options,
  });
  const load = () => {
    const pushed: LabelState[] = [];
    const [hostEnd, pageEnd] = connectedTransports();
    const page = new Rpc<LabelPageProtocol, LabelHostProtocol>(pageEnd, {}, { state: state => pushed.push(state) });
    const disconnect = controller.connect(hostEnd);
    return { page, pushed, disconnect };
  };
  return { engine, jobs, controller, run, onFocus, warn, load, ...load() };
}

function itemIds(state: LabelState): string[] {
  expect(state.kind).toBe('ready');
  return state.kind === 'ready' ? state.window.items.map(item => item.id) : [];
}

describe('the label controller', () => {
  test('answers ready with a full snapshot', async () => {
    const { page } = setUp();
    const state = await page.call('ready', {});
    expect(itemIds(state)).toEqual(['triplet-0', 'triplet-1', 'triplet-2']);
    expect(state).toMatchObject({ lane: 'hard-triplets', revealOpinion: false });
  });

  test.each([
    [{ kind: 'no-folder' }, { kind: 'no-folder' }],
    [{ kind: 'untrusted' }, { kind: 'untrusted' }],
    [{ ...LABELLING, used: false }, { kind: 'nothing-mined' }],
  ] as [Place, LabelState][])('does not start the engine for %o', async (place, state) => {
    const { page, engine } = setUp([], { place: () => Promise.resolve(place) });
    expect(await page.call('ready', {})).toEqual(state);
    expect(engine.calls).toEqual([]);
  });

  test('resolves an answer only when it is written', async () => {
    const { page, engine } = setUp();
    await page.call('ready', {});
    let open!: () => void;
    engine.gate = new Promise(resolve => (open = resolve));
    const settled = vi.fn();
    const answer = page.call('answer', { itemId: 'triplet-0', verdict: 'good', ms: 12.4, token: 't' }).then(state => {
      settled();
      return state;
    });
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(settled).not.toHaveBeenCalled();
    open();
    expect(itemIds(await answer)).toEqual(['triplet-1', 'triplet-2']);
    expect(engine.ledger).toEqual([{ itemId: 'triplet-0', verdict: 'good', token: 't' }]);
  });

  test('a page that was hidden under an answer finds it counted, and nothing twice', async () => {
    const { page, engine, load } = setUp();
    await page.call('ready', {});
    let open!: () => void;
    engine.gate = new Promise(resolve => (open = resolve));
    const lost = page.call('answer', { itemId: 'triplet-0', verdict: 'good', ms: 1, token: 't' });
    lost.catch(() => undefined);
    await vi.waitFor(() => {
      expect(engine.calls).toContain('answer');
    }, PATIENT);
    const next = load();
    const state = next.page.call('ready', {});
    open();
    expect(itemIds(await state)).toEqual(['triplet-1', 'triplet-2']);
    expect(engine.ledger).toHaveLength(1);
  });

  test('undo brings the item back, whichever lane is shown', async () => {
    const { page } = setUp();
    await page.call('ready', {});
    await page.call('answer', { itemId: 'triplet-0', verdict: 'good', ms: 1, token: '1' });
    expect(itemIds(await page.call('undo', { token: '2' }))[0]).toBe('triplet-0');
  });

  test('an engine that fails shows as an error that a retry clears', async () => {
    const { page, engine, pushed } = setUp();
    engine.failures.set('window', new RpcError('engine-down', 'The engine stopped.'));
    expect(await page.call('ready', {})).toEqual({ kind: 'error', message: 'The engine stopped.' });
    await page.call('command', { id: 'retry' });
    await vi.waitFor(() => {
      expect(pushed.at(-1)?.kind).toBe('ready');
    }, PATIENT);
    expect(engine.calls).toContain('restart');
  });

  test('the key once more starts an engine again that was given up', async () => {
    const { page, engine } = setUp();
    await page.call('ready', {});
    const params = { itemId: 'triplet-0', verdict: 'good', ms: 1, token: 't' } as const;
    engine.failures.set('answer', new RpcError('engine-down', 'The engine stopped.'));
    await expect(page.call('answer', params)).rejects.toThrow('The engine stopped.');
    expect(engine.calls).not.toContain('restart');
    expect(itemIds(await page.call('answer', params))).toEqual(['triplet-1', 'triplet-2']);
    expect(engine.calls.filter(call => call === 'restart')).toHaveLength(1);
    await page.call('undo', { token: 'u' });
    expect(engine.calls.filter(call => call === 'restart')).toHaveLength(1);
  });

  test('what is being judged stays when a refresh finds the engine given up; a page loaded then is told', async () => {
    const { page, engine, controller, pushed } = setUp();
    const shown = await page.call('ready', {});
    const down = new RpcError('engine-down', 'The engine stopped.');
    engine.failures.set('window', down);
    controller.refresh();
    await vi.waitFor(() => {
      expect(pushed).toEqual([shown]);
    }, PATIENT);
    engine.failures.set('window', down);
    expect(await page.call('ready', {})).toEqual({ kind: 'error', message: 'The engine stopped.' });
  });

  test('a failed job is told until the next one', async () => {
    const { page, controller, jobs, pushed } = setUp();
    controller.fail({ message: 'No images here.', hint: 'Put some in.' });
    expect(await page.call('ready', {})).toEqual({ kind: 'error', message: 'No images here.', hint: 'Put some in.' });
    await jobs.run('Mine', () => Promise.resolve());
    await vi.waitFor(() => {
      expect(pushed.at(-1)?.kind).toBe('ready');
    }, PATIENT);
  });

  test('trying again does what failed once more', async () => {
    const { page, controller } = setUp();
    const again = vi.fn();
    controller.fail({ message: 'No images here.', again });
    await page.call('command', { id: 'retry' });
    expect(again).toHaveBeenCalledOnce();
    expect((await page.call('ready', {})).kind).toBe('ready');
  });

  test('a job is shown beside what is being judged, or alone where nothing is', async () => {
    const busy = setUp();
    let end!: () => void;
    const job = busy.jobs.run('Mine', (_, report) => {
      report({ stage: 'embed', done: 1, total: 2 });
      return new Promise<void>(resolve => (end = resolve));
    });
    expect(await busy.page.call('ready', {})).toMatchObject({
      kind: 'ready',
      job: { what: 'Mine', progress: { stage: 'embed', done: 1, total: 2 } },
    });
    end();
    await job;
    const fresh = setUp([], { place: () => Promise.resolve({ ...LABELLING, used: false }) });
    void fresh.jobs.run('Mine', () => new Promise(() => undefined));
    expect(await fresh.page.call('ready', {})).toEqual({ kind: 'working', what: 'Mine' });
  });

  test('progress is painted over what is shown, without asking the busy engine', async () => {
    const { page, engine, jobs, pushed } = setUp();
    await page.call('ready', {});
    const asked = engine.calls.length;
    let end!: () => void;
    const job = jobs.run('Mine', (_, report) => {
      report({ stage: 'embed', done: 1, total: 2 });
      report({ stage: 'mine', done: 0, total: 0 });
      return new Promise<void>(resolve => (end = resolve));
    });
    await vi.waitFor(() => {
      expect(pushed.at(-1)).toMatchObject({ kind: 'ready', job: { progress: { stage: 'mine' } } });
    }, PATIENT);
    expect(engine.calls).toHaveLength(asked);
    end();
    await job;
    await vi.waitFor(() => {
      expect(pushed.at(-1)).not.toHaveProperty('job');
    }, PATIENT);
    expect(pushed.at(-1)?.kind).toBe('ready');
  });

  test('thumbnails are bounded by the setting and are plain bytes with a buffer of their own', async () => {
    const { page, engine } = setUp();
    const sizes: number[] = [];
    engine.thumbnail = (asked, size) => {
      sizes.push(size);
      const pool = Buffer.from('xxabcxx');
      return Promise.resolve({ hash: asked, bytes: pool.subarray(2, 5), mime: 'image/png', width: 1, height: 1 });
    };
    const { bytes } = await page.call('thumbnail', { hash: hash(1), size: 4096 });
    await page.call('thumbnail', { hash: hash(1), size: 1 });
    expect(sizes).toEqual([512, 64]);
    expect(Buffer.from(bytes).toString()).toBe('abc');
    expect(bytes.buffer.byteLength).toBe(3);
    expect(bytes.constructor.name).toBe('Uint8Array');
  });

  test.each([
    ['answer', { itemId: 'x', verdict: 'maybe', ms: 1, token: 't' }],
    ['answer', { itemId: '', verdict: 'same', ms: 1, token: 't' }],
    ['answer', { itemId: 'x', verdict: 'same', ms: -1, token: 't' }],
    ['answer', { itemId: 'x', verdict: 'same', ms: Number.NaN, token: 't' }],
    ['answer', { itemId: 'x', verdict: 'same', ms: 1 }],
    ['answer', null],
    ['undo', {}],
    ['flag', { image: '../../etc/passwd', token: 't' }],
    ['thumbnail', { hash: 'sha256:zz', size: 64 }],
    ['thumbnail', { hash: hash(1), size: 'big' }],
    ['command', { id: 'workbench.action.terminal.sendSequence' }],
    ['command', { id: '__proto__' }],
  ])('refuses %s %o', async (method, params) => {
    const { page, engine, run } = setUp();
    await expect(page.call(method as 'ready', params as never)).rejects.toMatchObject({ code: 'bad-request' });
    expect(engine.calls).toEqual([]);
    expect(run).not.toHaveBeenCalled();
  });

  test('a bad notification is logged, not thrown', async () => {
    const { page, onFocus, warn } = setUp();
    page.notify('focus', { focused: 'yes' } as never);
    page.notify('focus', { focused: true });
    await vi.waitFor(() => {
      expect(onFocus).toHaveBeenCalledExactlyOnceWith(true);
    }, PATIENT);
    expect(warn).toHaveBeenCalledOnce();
  });

  test('the page may run the commands of its buttons', async () => {
    const { page, run } = setUp([pair(0)]);
    await page.call('command', { id: 'exportManifest' });
    expect(run).toHaveBeenCalledExactlyOnceWith('exportManifest');
  });
});
