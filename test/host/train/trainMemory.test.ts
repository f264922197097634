import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TrainRecord } from '../../../src/host/train/trainController';
import { trainMemory } from '../../../src/host/train/trainMemory';

const record: TrainRecord = {
  run: { folder: '/images', choice: { name: 'first' }, history: [{ epoch: 1, loss: 0.5 }] },
} as unknown as TrainRecord;

describe('the memory of the last training', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'margin-memory-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is on disk when it is set, in a folder that need not be there', () => {
    const storage = path.join(folder, 'not', 'there');
    expect(trainMemory(storage).get()).toBeUndefined();
    trainMemory(storage).set(record);
    expect(trainMemory(storage).get()).toEqual(record);
    expect(readdirSync(storage)).toEqual(['training.json']);
  });

  it.each(['{"run":{"fold', 'null', '[]', '{"run":{}}'])('is none where the file says %s', text => {
    writeFileSync(path.join(folder, 'training.json'), text);
    expect(trainMemory(folder).get()).toBeUndefined();
  });

  it('lasts as long as the window where nothing can be kept', () => {
    writeFileSync(path.join(folder, 'a-file'), '');
    for (const storage of [undefined, path.join(folder, 'a-file')]) {
      const memory = trainMemory(storage);
      memory.set(record);
      expect(memory.get()).toEqual(record);
      expect(trainMemory(storage).get()).toBeUndefined();
    }
  });
});
