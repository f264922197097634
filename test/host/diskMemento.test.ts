import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskMemento } from '../../src/host/diskMemento';
import { laneMemory } from '../../src/host/laneMemory';
import type { TrainRecord } from '../../src/host/train/trainController';
import { trainMemory } from '../../src/host/train/trainMemory';

const record: TrainRecord = {
  run: { folder: '/images', choice: { name: 'first' }, history: [{ epoch: 1, loss: 0.5 }] },
} as unknown as TrainRecord;

describe('the memory of a workspace', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'margin-memory-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const training = (storage: string | undefined) => trainMemory(new DiskMemento(storage));

  it('is on disk when it is set, in a folder that need not be there', () => {
    const storage = path.join(folder, 'not', 'there');
    expect(training(storage).get()).toBeUndefined();
    training(storage).set(record);
    expect(training(storage).get()).toEqual(record);
    expect(readdirSync(storage)).toEqual(['memory.json']);
  });

  it('keeps one thing beside another', () => {
    laneMemory(new DiskMemento(folder)).set('/images', 'near-duplicates');
    training(folder).set(record);
    const memory = new DiskMemento(folder);
    expect(laneMemory(memory).get('/images')).toBe('near-duplicates');
    expect(laneMemory(memory).get('/other')).toBeUndefined();
    expect(trainMemory(memory).get()).toEqual(record);
    expect(memory.keys()).toEqual(['margin.lane:/images', 'margin.training']);
    expect(memory.get('margin.folder', 'none')).toBe('none');
  });

  it.each([
    '{"margin.training":{"run":{"fold',
    '{"margin.training":null}',
    '{"margin.training":[]}',
    '{"margin.training":{"run":{}}}',
    'null',
    '[]',
  ])('has no training where the file says %s', text => {
    writeFileSync(path.join(folder, 'memory.json'), text);
    expect(training(folder).get()).toBeUndefined();
  });

  it('lasts as long as the window where nothing can be kept', () => {
    writeFileSync(path.join(folder, 'a-file'), '');
    for (const storage of [undefined, path.join(folder, 'a-file')]) {
      const memory = training(storage);
      memory.set(record);
      expect(memory.get()).toEqual(record);
      expect(training(storage).get()).toBeUndefined();
    }
  });
});
