import { describe, expect, it } from 'vitest';
import { completeOptions } from '../../src/model';
import type { TrainingData } from '../../src/model';
import { Sampler } from '../../src/model/training/sampler';

/** Three folders with 2, 3 and 4 classes of 6 pictures, and one class of a single picture. */
function families(): TrainingData {
  const classNames = ['a/1', 'a/2', 'b/1', 'b/2', 'b/3', 'c/1', 'c/2', 'c/3', 'c/4', 'c/alone'];
  const labels = Int32Array.from([...Array.from({ length: 54 }, (_, i) => Math.floor(i / 6)), 9]);
  return { pixels: new Uint8Array(0), count: labels.length, labels, classNames };
}

const folderOf = (data: TrainingData, row: number): string => data.classNames![data.labels[row]!]!.split('/')[0]!;

function foldersOfBatches(siblings: number): Set<string>[] {
  const data = families();
  const options = completeOptions({ siblings, classesPerBatch: 4, imagesPerClass: 3 }, { channels: 1 }, 1);
  const sampler = new Sampler(data, [...data.labels.keys()], options);
  return Array.from({ length: 60 }, (_, step) => new Set([...sampler.draw(step).rows].map(row => folderOf(data, row))));
}

describe('batches', () => {
  it('are of one folder each, and of every folder in turn, where all are of siblings', () => {
    const folders = foldersOfBatches(1);
    expect(folders.every(set => set.size === 1)).toBe(true);
    expect(new Set(folders.flatMap(set => [...set]))).toEqual(new Set(['a', 'b', 'c']));
  });

  it('mix folders where none are', () => {
    expect(foldersOfBatches(0).some(set => set.size > 1)).toBe(true);
  });

  it('meet a picture that is alone in its class again, as its own double', () => {
    const data = families();
    const options = completeOptions({ siblings: 1, classesPerBatch: 5, imagesPerClass: 3 }, { channels: 1 }, 1);
    const sampler = new Sampler(data, [...data.labels.keys()], options);
    const alone = Array.from({ length: 60 }, (_, step) => sampler.draw(step)).filter(({ rows }) => rows.includes(54));
    expect(alone.length).toBeGreaterThan(0);
    for (const batch of alone) {
      const places = [...batch.rows].flatMap((row, i) => (row === 54 ? [i] : []));
      expect(places).toHaveLength(3);
      expect(sampler.relationMatrix(batch)[places[0]! * batch.rows.length + places[1]!]).toBe(1);
    }
  });

  it('are of single pictures, each met several times and told from all others, in the share that is asked for', () => {
    const data = families();
    const draws = (instances: number) => {
      const options = completeOptions(
        { siblings: 0, instances, classesPerBatch: 4, imagesPerClass: 3 },
        { channels: 1 },
        1,
      );
      const sampler = new Sampler(data, [...data.labels.keys()], options);
      return Array.from({ length: 200 }, (_, step) => ({ sampler, batch: sampler.draw(step) }));
    };
    expect(draws(0).some(({ batch }) => batch.instances)).toBe(false);
    const share = draws(0.3).filter(({ batch }) => batch.instances).length / 200;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.4);
    for (const { sampler, batch } of draws(1)) {
      const times = new Map<number, number>();
      for (const row of batch.rows) times.set(row, (times.get(row) ?? 0) + 1);
      expect([...times.values()]).toEqual([3, 3, 3, 3]);
      const relations = sampler.relationMatrix(batch);
      const n = batch.rows.length;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < i; j++) expect(relations[i * n + j]).toBe(batch.rows[i] === batch.rows[j] ? 1 : 0);
      }
    }
  });

  it('of single pictures need them changed at random', () => {
    const augmentation = { affine: false, crop: false, colour: false, flipHorizontal: false };
    expect(() => completeOptions({ instances: 0.5, augmentation }, { channels: 3 }, 1)).toThrow(/augmentation/);
  });

  it('draw no pair that answers leave open, whatever the classes say', () => {
    const unknown = [
      { a: 0, b: 1 },
      { a: 0, b: 6 },
    ];
    for (const instances of [0, 1]) {
      const data = { ...families(), unknown };
      const options = completeOptions({ instances, classesPerBatch: 6, imagesPerClass: 4 }, { channels: 1 }, 1);
      const sampler = new Sampler(data, [...data.labels.keys()], options);
      let met = 0;
      for (let step = 0; step < 200; step++) {
        const batch = sampler.draw(step);
        const relations = sampler.relationMatrix(batch);
        const n = batch.rows.length;
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) {
            if (batch.rows[i] !== 0 || ![1, 6].includes(batch.rows[j]!)) continue;
            met++;
            expect(relations[i * n + j]).toBe(-1);
          }
        }
      }
      expect(met).toBeGreaterThan(0);
    }
  });

  it('are of mined triplets, of those alone where no class is to be drawn, and not of those answered otherwise', () => {
    const triplets = Int32Array.from([0, 1, 6, 2, 3, 7, 4, 5, 8, 12, 13, 6]);
    const mined = (over: Partial<TrainingData>) => {
      const data = { ...families(), triplets, ...over };
      const options = completeOptions({ siblings: 0, classesPerBatch: 4, imagesPerClass: 3 }, { channels: 1 }, 1);
      const sampler = new Sampler(
        data,
        [...data.labels.keys()].filter(row => row !== 13),
        options,
      );
      return Array.from({ length: 60 }, (_, step) => sampler.draw(step).rows);
    };
    const rowsOf = (batches: Int32Array[]) => new Set(batches.flatMap(rows => [...rows]));
    // 13 is held out, and its triplet with it.
    expect(rowsOf(mined({ drawClasses: false }))).toEqual(new Set([0, 1, 6, 2, 3, 7, 4, 5, 8]));
    const both = mined({});
    expect(rowsOf(both).size).toBeGreaterThan(30);
    expect(both.every(rows => [0, 2, 4].some(anchor => rows.includes(anchor)))).toBe(true);
    const answers = [
      { a: 0, b: 6, relation: 'same' as const },
      { a: 2, b: 3, relation: 'different' as const },
    ];
    const without = mined({ drawClasses: false, unknown: answers.slice(0, 1), answers: answers.slice(1) });
    const may = [4, 5, 8, 2, 3];
    expect(without.every(rows => rows.includes(4) && rows.every(row => may.includes(row)))).toBe(true);
  });
});
