import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Jobs } from '../../../src/host/jobs';
import type { TrainControllerOptions, TrainRecord } from '../../../src/host/train/trainController';
import { TrainController } from '../../../src/host/train/trainController';
import { Rpc } from '../../../src/rpc/rpc';
import type { TrainHostProtocol, TrainPageProtocol, TrainRun, TrainState } from '../../../src/rpc/train-protocol';
import { temporaryFolder } from '../../support/data';
import { writeShapes } from '../../support/images';
import { connectedTransports } from '../support/memoryTransport';
import { RealEngine } from '../support/realEngine';
import { SETTINGS } from '../../support/settings';

const engine = new RealEngine();
let folder: string;

beforeAll(async () => {
  folder = temporaryFolder('margin-train-');
  await writeShapes(folder, 6);
});
afterAll(async () => {
  await engine.dispose();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

const runOf = (choice: Partial<TrainRun['choice']> = {}): TrainRun => ({
  folder,
  folderName: 'shapes',
  choice: {
    name: 'shapes-1',
    backbone: 'conv4',
    epochs: 2,
    stepsPerEpoch: 2,
    classesPerBatch: 2,
    imagesPerClass: 2,
    heldOut: 0.34,
    ...choice,
  },
  facts: [{ name: 'Base network', value: 'conv4' }],
  modelBefore: 'starter',
  history: [],
});

function setUp(record?: TrainRecord, options: Partial<TrainControllerOptions> = {}) {
  const jobs = new Jobs();
  let kept = record;
  const ran: string[] = [];
  const controller = new TrainController({
    engine,
    jobs,
    place: () => ({ ref: { folder, settings: SETTINGS } }),
    title: ({ choice }) => `Train ${choice.name}`,
    describe: ({ stage }) => stage,
    memory: { get: () => kept, set: next => (kept = structuredClone(next)) },
    run: id => ran.push(id),
    ...options,
  });
  const states: TrainState[] = [];
  const load = () => {
    const [hostEnd, pageEnd] = connectedTransports();
    const disconnect = controller.connect(hostEnd);
    const page = new Rpc<TrainPageProtocol, TrainHostProtocol>(pageEnd, {}, { state: state => states.push(state) });
    return { page, disconnect };
  };
  return { controller, jobs, ran, states, load, kept: () => kept, ...load() };
}

const ref = () => ({ folder, settings: SETTINGS });

describe('the train controller', { timeout: 60_000 }, () => {
  test('trains, tells the page each epoch, and keeps how it ended', async () => {
    const { controller, states, page, load, kept } = setUp();
    expect(await page.call('ready', {})).toEqual({ kind: 'nothing' });
    const outcome = await controller.start(runOf(), ref());
    expect(outcome.state).toBe('done');
    const training = states.flatMap(state => (state.kind === 'running' && state.progress ? [state] : []));
    expect(training.map(({ detail }) => detail)).toContain('train');
    const state = await load().page.call('ready', {});
    if (state.kind !== 'done') throw new Error(state.kind);
    expect(state.inUse).toBe(false);
    expect(state.run.history.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(state.run.measure).toBe('map-at-r');
    expect(state.result).toMatchObject({ name: 'shapes-1', ended: 'finished', epochs: 2, images: 18, classes: 3 });
    expect(existsSync(path.join(folder, '.margin/models/shapes-1/model.json'))).toBe(true);
    expect(kept()?.result).toEqual(state.result);
  });

  test('says that the model is in use once it is', async () => {
    const used = { folder, settings: { ...SETTINGS, model: 'shapes-1' } };
    const { controller, page } = setUp(undefined, { place: () => ({ ref: used }) });
    await controller.start(runOf({ epochs: 1 }), ref());
    expect(await page.call('ready', {})).toMatchObject({ kind: 'done', inUse: true });
  });

  test('cancelled from the page, keeps the best so far', async () => {
    const { controller, page, states } = setUp();
    const run = controller.start(runOf({ name: 'cut-short', epochs: 500, patience: 0 }), ref());
    await expect.poll(() => states.at(-1)?.kind === 'running' && epochsIn(states) > 1, { timeout: 15_000 }).toBe(true);
    await page.call('command', { id: 'cancel' });
    const outcome = await run;
    expect(outcome.state === 'done' && outcome.value.ended).toBe('cancelled');
    expect(states.some(state => state.kind === 'running' && state.stopping)).toBe(true);
    const card = readFileSync(path.join(folder, '.margin/models/cut-short/card.json'), 'utf8');
    // Whoever stops to keep the best so far wants to know how good it is.
    expect(JSON.parse(card)).toMatchObject({ evaluation: { after: { queries: 6 } } });
    expect(await page.call('ready', {})).toMatchObject({ kind: 'done', result: { ended: 'cancelled' } });
  });

  test('offers to go on with one that a closed window left', async () => {
    const run = runOf();
    const { page, ran } = setUp({ run });
    expect(await page.call('ready', {})).toEqual({ kind: 'interrupted', run });
    await page.call('command', { id: 'start' });
    expect(ran).toEqual(['start']);
  });

  test('says what cannot be trained, and why', async () => {
    const { controller, page } = setUp();
    const outcome = await controller.start(runOf({ loss: 'contrastive', metric: 'sql2' }), ref());
    expect(outcome.state).toBe('failed');
    const state = await page.call('ready', {});
    expect(state).toMatchObject({ kind: 'failed', message: expect.stringContaining('squares the distance') as string });
    expect(state.kind === 'failed' && state.hint).toMatch(/Change one of the choices/);
  });

  test('starts nothing while another job runs', async () => {
    const { controller, jobs, kept } = setUp();
    let end!: () => void;
    const other = jobs.run('Mine', () => new Promise<void>(resolve => (end = resolve)));
    expect((await controller.start(runOf(), ref())).state).toBe('busy');
    expect(kept()).toBeUndefined();
    end();
    await other;
  });

  test('shows nothing of a folder that is not trusted', async () => {
    const { page } = setUp({ run: runOf() }, { place: () => 'untrusted' });
    expect(await page.call('ready', {})).toEqual({ kind: 'untrusted' });
  });

  test('refuses what is no command of its page', async () => {
    const { page, ran } = setUp();
    await expect(page.call('command', { id: 'workbench.quit' as never })).rejects.toThrow('no valid id');
    expect(ran).toEqual([]);
  });
});

function epochsIn(states: readonly TrainState[]): number {
  const last = states.at(-1);
  return last?.kind === 'running' ? last.run.history.length : 0;
}
