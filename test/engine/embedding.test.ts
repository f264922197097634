import { describe, expect, it } from 'vitest';
import { embedPictures } from '../../src/engine/embedding';
import type { EmbeddingParts, Picture } from '../../src/engine/embedding';
import type { ImageHash } from '../../src/core/types';

const pictures = (n: number): Picture[] =>
  Array.from({ length: n }, (_, i) => ({ hash: `sha256:${i}` as ImageHash, paths: [`${i}.png`] }));

function parts(overrides: Partial<EmbeddingParts> = {}) {
  const stored = new Map<ImageHash, Float32Array>();
  let checkpoints = 0;
  const all: EmbeddingParts = {
    decode: (wanted, target) => {
      for (const [at, { paths }] of wanted.entries()) target.fill(parseInt(paths[0], 10), at * 3, at * 3 + 3);
      return Promise.resolve([]);
    },
    embed: (pixels, count) =>
      Promise.resolve(Float32Array.from({ length: count * 2 }, (_, i) => pixels[3 * (i >> 1)] + (i & 1) / 2)),
    store: (hash, vector) => void stored.set(hash, vector),
    checkpoint: () => {
      checkpoints++;
      return Promise.resolve();
    },
    pictureBytes: 3,
    dimension: 2,
    chunk: 4,
    ...overrides,
  };
  return { all, stored, checkpoints: () => checkpoints };
}

describe('embedPictures', () => {
  it('gives each picture its own vector, in chunks that do not divide the count', async () => {
    const { all, stored } = parts();
    const outcome = await embedPictures(pictures(11), all);
    expect(outcome).toEqual({ embedded: 11, problems: [] });
    for (let i = 0; i < 11; i++) expect([...stored.get(`sha256:${i}`)!]).toEqual([i, i + 0.5]);
  });

  it('names what does not decode and goes on, whole chunks of it too', async () => {
    const bad = (i: number) => i % 3 === 0 || (i >= 4 && i < 8);
    const { all, stored } = parts();
    const { decode } = all;
    all.decode = async (wanted, target) => {
      await decode(wanted, target);
      return wanted.flatMap(({ paths: [path] }, at) =>
        bad(parseInt(path, 10)) ? [{ at, path, reason: 'truncated' }] : [],
      );
    };
    const seen: number[] = [];
    const outcome = await embedPictures(pictures(12), all, { onProgress: done => seen.push(done) });
    expect(outcome.problems.map(p => p.path)).toEqual(['0.png', '3.png', '4.png', '5.png', '6.png', '7.png', '9.png']);
    expect(outcome.problems.every(p => p.reason === 'truncated')).toBe(true);
    expect([...stored.keys()].map(hash => hash.slice(7))).toEqual(['1', '2', '8', '10', '11']);
    expect([...stored.get('sha256:8')!]).toEqual([8, 8.5]);
    expect(seen.at(-1)).toBe(12);
  });

  it('keeps what it had when cancelled, and says that it was', async () => {
    const controller = new AbortController();
    const { all, stored, checkpoints } = parts();
    const { embed } = all;
    all.embed = (pixels, count) => {
      if (stored.size >= 4) controller.abort();
      return embed(pixels, count);
    };
    await expect(embedPictures(pictures(40), all, { signal: controller.signal })).rejects.toThrow(/abort/i);
    expect(stored.size).toBeGreaterThanOrEqual(4);
    expect(stored.size).toBeLessThan(40);
    expect(checkpoints()).toBe(1);
  });

  it('fails when the network fails, after saving', async () => {
    const { all, checkpoints } = parts({ embed: () => Promise.reject(new Error('out of memory')) });
    await expect(embedPictures(pictures(20), all)).rejects.toThrow('out of memory');
    expect(checkpoints()).toBe(1);
  });
});
