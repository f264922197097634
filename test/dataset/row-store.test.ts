import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ImageHash } from '../../src/core/types';
import { PixelStore, vectorKey, VectorStore } from '../../src/dataset';
import { NPY_HEADER_BYTES, npyHeader, parseNpyHeader } from '../../src/dataset/npy';
import { temporaryFolder } from '../support/data';

let cache: string;
beforeEach(() => void (cache = temporaryFolder()));
afterEach(() => fs.rmSync(cache, { recursive: true, force: true }));

const hashOf = (n: number): ImageHash => `sha256:${n.toString(16).padStart(64, '0')}`;
const vectorOf = (n: number, dimension = 4) => Float32Array.from({ length: dimension }, (_, i) => n + i / 8);
const open = (dimension = 4) => VectorStore.open(cache, 'm', dimension);
const file = (extension: string) => path.join(cache, 'vectors', `m.${extension}`);

async function filled(from: number, to: number, dimension = 4): Promise<VectorStore> {
  const store = await open(dimension);
  for (let n = from; n < to; n++) store.add(hashOf(n), vectorOf(n, dimension));
  await store.flush();
  return store;
}

describe('VectorStore', () => {
  it('gives back what was added: before a flush, after it, and after opening again', async () => {
    const store = await open();
    store.add(hashOf(1), vectorOf(1));
    expect(await store.get(hashOf(1))).toEqual(vectorOf(1));
    expect(store.has(hashOf(2))).toBe(false);
    await store.flush();
    store.add(hashOf(2), vectorOf(2));
    expect(await store.get(hashOf(1))).toEqual(vectorOf(1));
    await store.flush();
    const again = await open();
    expect(again.size).toBe(2);
    expect(await again.get(hashOf(2))).toEqual(vectorOf(2));
    expect(await again.get(hashOf(3))).toBeUndefined();
  });

  it('makes a shared matrix in the order asked for and says what is missing', async () => {
    const store = await filled(0, 50);
    store.add(hashOf(99), vectorOf(99));
    const order = [7, 99, 3, 1000, 7, 49, 0];
    const { vectors, missing } = await store.matrix(order.map(hashOf));
    expect(vectors.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(missing).toEqual([3]);
    const rows = order.map((n, i) => (i === 3 ? new Float32Array(4) : vectorOf(n)));
    expect([...vectors]).toEqual(rows.flatMap(row => [...row]));
  });

  it('refuses vectors that would poison distances, and of another length', async () => {
    const store = await open();
    expect(() => store.add(hashOf(1), Float32Array.of(1, NaN, 1, 1))).toThrow(RangeError);
    expect(() => store.add(hashOf(1), Float32Array.of(1, Infinity, 1, 1))).toThrow(RangeError);
    expect(() => store.add(hashOf(1), vectorOf(1, 5))).toThrow(RangeError);
    expect(store.has(hashOf(1))).toBe(false);
  });

  it('writes a .npy that a reader of the format understands', async () => {
    await filled(0, 3);
    const bytes = fs.readFileSync(file('npy'));
    const { type, shape, dataStart } = parseNpyHeader(bytes)!;
    expect({ type, shape }).toEqual({ type: 'f4', shape: [3, 4] });
    // The format asks for data on a multiple of 64 bytes, and a header that ends in a line break.
    expect(dataStart % 64).toBe(0);
    expect(bytes[dataStart - 1]).toBe(0x0a);
    const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset + dataStart, bytes.byteOffset + bytes.length));
    expect([...data]).toEqual([0, 1, 2].flatMap(n => [...vectorOf(n)]));
  });

  const python = pythonWithNumpy();
  it.skipIf(!python)('opens in numpy', async () => {
    await filled(0, 5);
    const script = `import numpy; a = numpy.load(${JSON.stringify(file('npy'))}); print(a.dtype, a.shape, a[3].tolist())`;
    expect(execFileSync(python!, ['-c', script], { encoding: 'utf8' }).trim()).toBe(
      'float32 (5, 4) [3.0, 3.125, 3.25, 3.375]',
    );
  });

  it('survives being cut anywhere: what it still has is right, and it goes on', async () => {
    await filled(0, 12);
    const [npy, rows] = [fs.readFileSync(file('npy')), fs.readFileSync(file('rows'))];
    const cuts = fc.record({ npy: fc.nat(npy.length), rows: fc.nat(rows.length) });
    await fc.assert(
      fc.asyncProperty(cuts, async cut => {
        fs.writeFileSync(file('npy'), npy.subarray(0, cut.npy));
        fs.writeFileSync(file('rows'), rows.subarray(0, cut.rows));
        const store = await open();
        const left = Math.max(0, Math.min(Math.floor((cut.npy - NPY_HEADER_BYTES) / 16), Math.floor(cut.rows / 81)));
        expect(store.size).toBe(left);
        for (let n = 0; n < 12; n++) store.add(hashOf(n), vectorOf(n));
        await store.flush();
        const again = await open();
        expect(again.size).toBe(12);
        const { vectors, missing } = await again.matrix(Array.from({ length: 12 }, (_, n) => hashOf(n)));
        expect(missing).toEqual([]);
        expect([...vectors]).toEqual(Array.from({ length: 12 }, (_, n) => [...vectorOf(n)]).flat());
        expect(fs.readFileSync(file('npy'))).toEqual(npy);
      }),
      { numRuns: 40 },
    );
  });

  it('drops damaged rows, and only those', async () => {
    await filled(0, 12);
    const bytes = fs.readFileSync(file('npy'));
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: NPY_HEADER_BYTES, max: bytes.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, flip) => {
          const damaged = Buffer.from(bytes);
          damaged[at]! ^= flip;
          fs.writeFileSync(file('npy'), damaged);
          const store = await open();
          const hit = Math.floor((at - NPY_HEADER_BYTES) / 16);
          expect(store.size).toBe(11);
          expect(store.has(hashOf(hit))).toBe(false);
          store.add(hashOf(hit), vectorOf(hit));
          await store.flush();
          const again = await open();
          expect(await again.get(hashOf(hit))).toEqual(vectorOf(hit));
          fs.writeFileSync(file('rows'), fs.readFileSync(file('rows')).subarray(0, 12 * 81));
        },
      ),
      { numRuns: 25 },
    );
  });

  it.each([
    ['garbage', () => fs.writeFileSync(file('npy'), 'not an array at all'.repeat(40))],
    ['of another dimension', () => fs.writeFileSync(file('npy'), npyHeader('f4', [3, 5]))],
    ['without its rows', () => fs.rmSync(file('rows'))],
    ['without its array', () => fs.rmSync(file('npy'))],
    ['with binary rows', () => fs.writeFileSync(file('rows'), Buffer.alloc(500, 7))],
  ])('starts anew where the files are %s', async (_, damage) => {
    await filled(0, 3);
    damage();
    expect((await open()).size).toBe(0);
    await filled(5, 8);
    const again = await open();
    expect(again.size).toBe(3);
    expect(await again.get(hashOf(6))).toEqual(vectorOf(6));
  });

  it('takes in what another process wrote, and loses neither side', async () => {
    const [a, b] = [await open(), await open()];
    for (let n = 0; n < 40; n++) {
      a.add(hashOf(n), vectorOf(n));
      b.add(hashOf(n + 20), vectorOf(n + 20));
      if (n % 7 === 0) await Promise.all([a.flush(), b.flush()]);
    }
    await Promise.all([a.flush(), b.flush()]);
    const again = await open();
    expect(again.size).toBe(60);
    const { vectors, missing } = await again.matrix(Array.from({ length: 60 }, (_, n) => hashOf(n)));
    expect(missing).toEqual([]);
    expect([...vectors]).toEqual(Array.from({ length: 60 }, (_, n) => [...vectorOf(n)]).flat());
    expect(fs.readdirSync(path.join(cache, 'vectors')).sort()).toEqual(['m.npy', 'm.rows']);
  });

  it('goes on when the cache is deleted under it', async () => {
    const store = await filled(0, 5);
    fs.rmSync(cache, { recursive: true });
    expect((await store.matrix([hashOf(1), hashOf(2)])).missing).toEqual([0, 1]);
    store.add(hashOf(1), vectorOf(1));
    await store.flush();
    expect((await open()).size).toBe(1);
  });

  it('keeps its rows in memory where it cannot write, and says why', async () => {
    fs.writeFileSync(path.join(cache, 'vectors'), 'a file where a folder should be');
    const store = await open();
    store.add(hashOf(1), vectorOf(1));
    await expect(store.flush()).rejects.toMatchObject({ name: 'DatasetError' });
    expect(await store.get(hashOf(1))).toEqual(vectorOf(1));
    fs.rmSync(path.join(cache, 'vectors'));
    await store.flush();
    expect((await open()).size).toBe(1);
  });

  it('works without a cache folder', async () => {
    const store = await VectorStore.open(undefined, 'm', 4);
    store.add(hashOf(1), vectorOf(1));
    await store.flush();
    expect((await store.matrix([hashOf(1)])).missing).toEqual([]);
  });

  it('forgets images that are gone once they take most of the file', async () => {
    const store = await filled(0, 10);
    expect(await store.rows.prune(new Set([1, 2, 3, 4, 5, 6].map(hashOf)))).toBe(0);
    expect(await store.rows.prune(new Set([7, 2].map(hashOf)))).toBe(8);
    const again = await open();
    expect(again.rows.hashes.sort()).toEqual([hashOf(2), hashOf(7)]);
    expect(await again.get(hashOf(7))).toEqual(vectorOf(7));
    expect(parseNpyHeader(fs.readFileSync(file('npy')))!.shape).toEqual([2, 4]);
  });

  it('stops reading when cancelled', async () => {
    const store = await filled(0, 10);
    await expect(store.matrix([hashOf(1)], AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('PixelStore', () => {
  const spec = { width: 3, height: 2, channels: 3, fit: 'fill' } as const;
  const picture = (n: number) => Uint8Array.from({ length: 18 }, (_, i) => (n * 31 + i * 5) % 256);

  it('keeps pictures, takes no more than fits, and says which must be decoded', async () => {
    const store = await PixelStore.open(cache, spec, 18 * 3);
    expect([0, 1, 2, 3].map(n => store.add(hashOf(n), picture(n)))).toEqual([true, true, true, false]);
    await store.flush();
    const again = await PixelStore.open(cache, spec, 18 * 3);
    expect(again.add(hashOf(3), picture(3))).toBe(false);
    const target = new Uint8Array(18 * 4);
    expect(await again.read([2, 3, 0, 1].map(hashOf), target)).toEqual([1]);
    expect(target.subarray(0, 18)).toEqual(picture(2));
    expect(target.subarray(36, 54)).toEqual(picture(0));
    const bytes = fs.readFileSync(path.join(cache, 'pixels', '3x2x3-fill-lanczos3-v1.npy'));
    expect(parseNpyHeader(bytes)).toMatchObject({ type: 'u1', shape: [3, 2, 3, 3] });
  });

  it('decodes again what was damaged on disk', async () => {
    const store = await PixelStore.open(cache, spec);
    store.add(hashOf(1), picture(1));
    await store.flush();
    const at = path.join(cache, 'pixels', '3x2x3-fill-lanczos3-v1.npy');
    const bytes = fs.readFileSync(at);
    bytes[bytes.length - 1]! ^= 1;
    fs.writeFileSync(at, bytes);
    const again = await PixelStore.open(cache, spec);
    expect(await again.read([hashOf(1)], new Uint8Array(18))).toEqual([0]);
    expect(again.add(hashOf(1), picture(1))).toBe(true);
  });
});

describe('vectorKey', () => {
  it('is a file name on every system, and another one for every model, weights and preprocessing', () => {
    const keys = [
      vectorKey('starter', 'a', 'p'),
      vectorKey('starter', 'b', 'p'),
      vectorKey('starter', 'a', 'q'),
      vectorKey('https://example.org/models/my model/model.json', 'a', 'p'),
      vectorKey('C:\\models\\ünï', 'a', 'p'),
      vectorKey('..', 'a', 'p'),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^[A-Za-z0-9_][\w.-]*$/);
  });
});

/** A Python with numpy: the project's own environment, or the system's. */
function pythonWithNumpy(): string | undefined {
  const own = path.resolve(import.meta.dirname, '../../.cache/python/bin/python3');
  return [own, 'python3'].find(python => {
    try {
      execFileSync(python, ['-c', 'import numpy'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}
