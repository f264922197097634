import { existsSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmbedderPool, loadModel, pictureBytes, readModel } from '../../src/model';
import type { Embedder, ModelSource } from '../../src/model';
import { bundleWorker, starterDir } from './support/bundle';
import { noisePictures } from './support/pictures';
import { wasmDir } from './support/wasm';

const backend = { choice: 'wasm', wasmDir: wasmDir() } as const;
let workerFile: string;
let source: ModelSource;
let single: Embedder;

beforeAll(async () => {
  workerFile = await bundleWorker('src/model/worker.ts');
  source = await readModel('starter', { starterDir });
  single = await loadModel('starter', { starterDir, backend });
}, 60_000);
afterAll(() => single.dispose());

describe('the embedder pool', () => {
  it('gives the vectors of one embedder, in the order of the pictures', async () => {
    const pool = await createEmbedderPool({ source, backend, workerFile, threads: 2 });
    const pixels = noisePictures(37, pictureBytes(source.card.input));
    try {
      const [all, some] = await Promise.all([
        pool.embed(pixels, 37),
        pool.embed(pixels.subarray(0, 3 * pictureBytes(pool.input)), 3),
      ]);
      const expected = await single.embed(pixels, 37);
      expect(all).toHaveLength(37 * pool.dimension);
      for (const [i, value] of expected.entries()) expect(Math.abs(all[i]! - value)).toBeLessThan(1e-5);
      for (const [i, value] of some.entries()) expect(Math.abs(all[i]! - value)).toBeLessThan(1e-5);
      expect(pool).toMatchObject({ id: 'starter', key: source.key, metric: source.card.embedding.metric, threads: 2 });
    } finally {
      await pool.dispose();
    }
  });

  it('drops what has not started when it is cancelled, and goes on with the next call', async () => {
    // A worker that leaves a byte for each batch it is sent.
    const counting = path.join(path.dirname(workerFile), 'counting.cjs');
    const received = path.join(path.dirname(workerFile), `received-${process.pid}`);
    writeFileSync(
      counting,
      `const { parentPort } = require('node:worker_threads'); require(${JSON.stringify(workerFile)});
       parentPort.on('message', () => require('node:fs').appendFileSync(${JSON.stringify(received)}, '.'));`,
    );
    const pool = await createEmbedderPool({ source, backend, workerFile: counting, threads: 1 });
    const bytes = pictureBytes(source.card.input);
    try {
      const abort = new AbortController();
      const before = existsSync(received) ? statSync(received).size : 0;
      const long = pool.embed(noisePictures(4000, bytes), 4000, { signal: abort.signal });
      const ended = expect(long).rejects.toMatchObject({ name: 'AbortError' });
      await expect.poll(() => existsSync(received) && statSync(received).size).toBeGreaterThan(before);
      abort.abort();
      await ended;
      await expect(pool.embed(noisePictures(1, bytes), 1)).resolves.toHaveLength(pool.dimension);
      expect(statSync(received).size - before).toBeLessThan(4000 / 64);
      await expect(pool.embed(noisePictures(1, bytes), 1, { signal: abort.signal })).rejects.toThrow();
    } finally {
      await pool.dispose();
    }
  });

  it('replaces a worker that dies, and tries its batch once more', async () => {
    const dying = path.join(path.dirname(workerFile), 'dying.cjs');
    const flag = path.join(path.dirname(workerFile), `died-${process.pid}`);
    writeFileSync(
      dying,
      `const { parentPort } = require('node:worker_threads'); const fs = require('node:fs');
       const first = parentPort.on.bind(parentPort);
       parentPort.on = (event, listener) => first(event, event !== 'message' ? listener : message => {
         if (!fs.existsSync(${JSON.stringify(flag)})) { fs.writeFileSync(${JSON.stringify(flag)}, ''); process.exit(7); }
         listener(message);
       });
       require(${JSON.stringify(workerFile)});`,
    );
    const pool = await createEmbedderPool({ source, backend, workerFile: dying, threads: 1 });
    try {
      const pixels = noisePictures(5, pictureBytes(source.card.input));
      const vectors = await pool.embed(pixels, 5);
      const expected = await single.embed(pixels, 5);
      expect(Math.max(...vectors.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-5);
    } finally {
      await pool.dispose();
    }
  });

  it('gives up with the reason when its workers keep dying', async () => {
    const dying = path.join(path.dirname(workerFile), 'always-dying.cjs');
    writeFileSync(
      dying,
      `const { parentPort } = require('node:worker_threads'); const on = parentPort.on.bind(parentPort);
       parentPort.on = (event, listener) => on(event, event === 'message' ? () => process.exit(9) : listener);
       require(${JSON.stringify(workerFile)});`,
    );
    const pool = await createEmbedderPool({ source, backend, workerFile: dying, threads: 1, restarts: 2 });
    const pixels = noisePictures(1, pictureBytes(source.card.input));
    await expect(pool.embed(pixels, 1)).rejects.toThrow(/exit code 9/);
    await pool.dispose();
  });

  it('refuses pixels of a wrong length, and calls after disposal', async () => {
    const pool = await createEmbedderPool({ source, backend, workerFile, threads: 1 });
    await expect(pool.embed(new Uint8Array(5), 1)).rejects.toThrow(RangeError);
    await pool.dispose();
    await expect(pool.embed(noisePictures(1, pictureBytes(source.card.input)), 1)).rejects.toThrow(/disposed/);
  });
});
