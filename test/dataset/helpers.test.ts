import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder, writeAtomically } from '../../src/dataset/atomic';
import { checksum } from '../../src/dataset/checksum';
import { eachFile } from '../../src/dataset/each-file';
import { withFileLock } from '../../src/dataset/file-lock';
import { sniff, SNIFF_BYTES } from '../../src/dataset/formats';
import { inspect } from '../../src/dataset/inspect';
import { Limiter } from '../../src/dataset/limiter';
import { temporaryFolder } from '../support/data';

let folder: string;
beforeEach(() => void (folder = temporaryFolder()));
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const tick = (ms = 1) => new Promise(resolve => setTimeout(resolve, ms));

describe('Limiter', () => {
  it('never runs more jobs or weight than allowed, and runs them all', async () => {
    const weights = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(weights, fc.integer({ min: 1, max: 5 }), async (jobs, most) => {
        const limiter = new Limiter(most, 10);
        let [running, weight] = [0, 0];
        const order: number[] = [];
        await Promise.all(
          jobs.map((w, i) =>
            limiter.run(w, undefined, async () => {
              running++;
              weight += w;
              order.push(i);
              expect(running).toBeLessThanOrEqual(most);
              expect(running === 1 || weight <= 10).toBe(true);
              await tick(0);
              running--;
              weight -= w;
            }),
          ),
        );
        expect(order).toEqual(jobs.map((_, i) => i));
      }),
      { numRuns: 25 },
    );
  });

  it('takes urgent jobs first, in their order', async () => {
    const limiter = new Limiter(1, 1);
    const order: string[] = [];
    const job = (name: string, urgent: boolean) =>
      limiter.run(1, undefined, () => Promise.resolve(void order.push(name)), urgent);
    const first = limiter.run(1, undefined, () => tick(2));
    await Promise.all([first, job('a', false), job('b', false), job('C', true), job('D', true)]);
    expect(order).toEqual(['C', 'D', 'a', 'b']);
  });

  it('goes on after a job that fails', async () => {
    const limiter = new Limiter(1, 1);
    const failing = limiter.run(1, undefined, () => Promise.reject(new Error('no')));
    const next = limiter.run(1, undefined, () => Promise.resolve('yes'));
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });

  it('does not start a job whose turn comes after a cancel', async () => {
    const limiter = new Limiter(1, 1);
    const controller = new AbortController();
    const first = limiter.run(1, undefined, () => tick(5));
    let ran = false;
    const second = limiter.run(1, controller.signal, () => Promise.resolve((ran = true)));
    controller.abort();
    await expect(second).rejects.toMatchObject({ name: 'AbortError' });
    await first;
    expect(ran).toBe(false);
    expect(await limiter.run(1, undefined, () => Promise.resolve(1))).toBe(1);
  });
});

describe('eachFile', () => {
  const slow = (ms: number) => {
    const until = performance.now() + ms;
    while (performance.now() < until);
  };

  it('works synchronously while the disk is fast, and lets go of the event loop', async () => {
    const done: number[] = [];
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const items = Array.from({ length: 1200 }, (_, i) => i);
    await eachFile(items, {
      sync: i => {
        slow(0.05);
        done.push(i);
      },
      async: () => Promise.reject(new Error('not here')),
    });
    clearInterval(timer);
    expect(done).toEqual(items);
    expect(ticks).toBeGreaterThanOrEqual(2);
  });

  it('goes on with many at once where one takes long', async () => {
    let [now, most] = [0, 0];
    const done = new Set<number>();
    await eachFile([...Array(60).keys()], {
      sync: i => {
        slow(5);
        done.add(i);
      },
      async: async i => {
        most = Math.max(most, ++now);
        await tick();
        now--;
        done.add(i);
      },
    });
    expect(done.size).toBe(60);
    expect(most).toBeGreaterThan(4);
  });

  it('never does a large item synchronously', async () => {
    const ways: string[] = [];
    await eachFile([1, 2, 99, 3, 99], {
      sync: i => void ways.push(`sync ${i}`),
      async: i => Promise.resolve(void ways.push(`async ${i}`)),
      isLarge: i => i > 10,
    });
    expect(ways).toEqual(['sync 1', 'sync 2', 'async 99', 'sync 3', 'async 99']);
  });
});

describe('withFileLock', () => {
  it('lets one in at a time', async () => {
    const lock = path.join(folder, 'lock');
    let inside = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await tick(2);
      inside--;
    };
    await Promise.all(Array.from({ length: 8 }, () => withFileLock(lock, work)));
    expect(most).toBe(1);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it('takes over a lock that a crash left behind', async () => {
    const lock = path.join(folder, 'lock');
    fs.writeFileSync(lock, '');
    fs.utimesSync(lock, new Date(Date.now() - 60_000), new Date(Date.now() - 60_000));
    expect(await withFileLock(lock, () => Promise.resolve('in'))).toBe('in');
  });

  it('is given back when the work fails', async () => {
    const lock = path.join(folder, 'lock');
    await expect(withFileLock(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(fs.existsSync(lock)).toBe(false);
  });
});

describe('writing', () => {
  it('replaces a file whole, from parts too, and leaves nothing beside it', async () => {
    const file = path.join(folder, 'a', 'x.txt');
    await writeAtomically(file, 'old');
    await writeAtomically(file, ['n', 'e', 'w']);
    expect(fs.readFileSync(file, 'utf8')).toBe('new');
    const broken = (function* () {
      yield 'half';
      throw new Error('stopped');
    })();
    await expect(writeAtomically(file, broken)).rejects.toThrow('stopped');
    expect(fs.readFileSync(file, 'utf8')).toBe('new');
    expect(fs.readdirSync(path.dirname(file))).toEqual(['x.txt']);
  });

  it('makes only as many folders as allowed', async () => {
    await expect(makeFolder(path.join(folder, 'a', 'b', 'c'), 2)).rejects.toMatchObject({ code: 'ENOENT' });
    await makeFolder(path.join(folder, 'a', 'b', 'c'), 3);
    await makeFolder(path.join(folder, 'a', 'b', 'c'), 1);
    expect(fs.existsSync(path.join(folder, 'a', 'b', 'c'))).toBe(true);
  });
});

describe('checksum', () => {
  it('does not depend on where the bytes lie, and sees every flipped bit', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.nat(7),
        fc.nat(),
        fc.nat(7),
        (bytes, shift, at, bit) => {
          const moved = new Uint8Array(bytes.length + 8).subarray(shift, shift + bytes.length);
          moved.set(bytes);
          expect(checksum(moved)).toBe(checksum(bytes));
          expect(checksum(Buffer.from(moved))).toBe(checksum(bytes));
          moved[at % bytes.length]! ^= 1 << bit;
          expect(checksum(moved)).not.toBe(checksum(bytes));
        },
      ),
    );
  });
});

describe('sniff and inspect', () => {
  it.each([
    ['', 'empty'],
    ['hello', 'text'],
    ['<!DOCTYPE html><html>', 'html'],
    ['version https://git-lfs.github.com/spec/v1\noid sha256:0', 'lfs-pointer'],
    ['\uFEFF<?xml version="1.0"?>\n<!-- c -->\n<svg width="1">', 'svg'],
    ['naïve 日本語', 'text'],
    ['\0\0\0 ftypheic\0\0\0\0mif1heic', 'heic'],
    ['\0\0\0 ftypavif\0\0\0\0avifmif1', 'avif'],
    ['\0\0\0 ftypmp42\0\0\0\0mp42isom', 'unknown'],
    ['\x01\x02\x03\x04', 'unknown'],
  ])('takes %j for %s', (text, format) => {
    expect(sniff(Buffer.from(text).subarray(0, SNIFF_BYTES))).toBe(format);
  });

  it('takes text for text when the head ends within a character', () => {
    const bytes = Buffer.from(`${'a'.repeat(SNIFF_BYTES - 1)}é`).subarray(0, SNIFF_BYTES);
    expect(sniff(bytes)).toBe('text');
  });

  it('ends on any bytes, without an error of its own', () => {
    const heads = [
      '\xff\xd8\xff',
      '\x89PNG\r\n\x1a\n',
      'GIF89a',
      'RIFF\x40\0\0\0WEBPVP8 ',
      'RIFF\xff\xff\xff\xffWEBPVP8X',
      'II*\0',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 120 }), (head, tail) => {
        const bytes = Buffer.concat([Buffer.from(head, 'latin1'), tail]);
        const { width, height } = inspect(sniff(bytes), bytes);
        expect(width >= 0 && height >= 0).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
