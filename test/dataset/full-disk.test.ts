import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { ImageHash } from '../../src/core/types';
import { identify, ImageIndex, MarginFolder, PixelStore, scanFolder, VectorStore } from '../../src/dataset';
import { temporaryFolder } from '../support/data';

/** A real disk of 256 KiB, where this system lets us mount one (Linux, as root). */
function mountSmallDisk(): string | undefined {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) return undefined;
  const folder = temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    fs.rmdirSync(folder);
    return undefined;
  }
}

const disk = mountSmallDisk();
const hashOf = (n: number): ImageHash => `sha256:${n.toString(16).padStart(64, '0')}`;

describe.skipIf(!disk)('on a full disk', () => {
  const root = disk!;
  let cache: string;
  const ballast = () => path.join(root, 'ballast');
  const fill = () => {
    try {
      for (;;) fs.appendFileSync(ballast(), Buffer.alloc(4096));
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
    }
  };
  beforeEach(async () => {
    for (const name of fs.readdirSync(root)) fs.rmSync(path.join(root, name), { recursive: true });
    cache = (await new MarginFolder(root).cache())!;
  });
  afterAll(() => {
    execFileSync('umount', [root]);
    fs.rmdirSync(root);
  });

  it('vectors stay in memory, what was on disk stays right, and all is written once there is space', async () => {
    const vector = (n: number) => new Float32Array(512).fill(n);
    const store = await VectorStore.open(cache, 'm', 512);
    for (let n = 0; n < 10; n++) store.add(hashOf(n), vector(n));
    await store.flush();
    fill();
    for (let n = 10; n < 40; n++) store.add(hashOf(n), vector(n));
    await expect(store.flush()).rejects.toMatchObject({ code: 'disk-full', hint: expect.stringContaining('space') });
    expect(await store.get(hashOf(35))).toEqual(vector(35));
    expect((await VectorStore.open(cache, 'm', 512)).size).toBe(10);
    fs.rmSync(ballast());
    await store.flush();
    const again = await VectorStore.open(cache, 'm', 512);
    expect(again.size).toBe(40);
    expect(await again.get(hashOf(39))).toEqual(vector(39));
  });

  it('pictures are decoded again instead of kept', async () => {
    const store = await PixelStore.open(cache, { width: 64, height: 64, channels: 1, fit: 'fill' });
    fill();
    for (let n = 0; n < 20; n++) store.add(hashOf(n), new Uint8Array(4096).fill(n));
    await store.flush();
    expect(store.add(hashOf(99), new Uint8Array(4096))).toBe(false);
    const target = new Uint8Array(4096);
    expect(await store.read([hashOf(7)], target)).toEqual([]);
    expect(target[0]).toBe(7);
  });

  it('the index keeps its last state and says what happened', async () => {
    fs.writeFileSync(path.join(root, '1.gif'), 'GIF89a');
    const index = await ImageIndex.open(cache);
    await identify(await scanFolder(root), index);
    await index.save();
    for (let n = 0; n < 3; n++) fs.writeFileSync(path.join(root, `new-${n}.gif`), `GIF89a ${n}`);
    fill();
    await identify(await scanFolder(root), index);
    await expect(index.save()).rejects.toMatchObject({ code: 'disk-full' });
    expect((await ImageIndex.open(cache)).entries.size).toBe(1);
    expect(fs.readdirSync(cache)).toEqual(['images.jsonl']);
  });
});
