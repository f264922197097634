import { describe, expect, test, vi } from 'vitest';
import type { ImageHash } from '../../src/core/types';
import type { Thumbnail } from '../../src/rpc/engine-protocol';
import { Pictures } from '../../webview/ui/pictures';
import { hash } from '../host/support/scriptedEngine';

/** Thumbnails that arrive when the test says so, and a count of the URLs that are alive. */
function setUp() {
  const waiting: { hash: ImageHash; size: number; arrive(): void; fail(reason: string): void }[] = [];
  const alive = new Set<string>();
  let made = 0;
  const onChange = vi.fn();
  const pictures = new Pictures({
    fetch: (asked, size) =>
      new Promise<Thumbnail>((resolve, reject) => {
        waiting.push({
          hash: asked,
          size,
          arrive: () => {
            resolve({ hash: asked, bytes: new Uint8Array(), mime: 'image/webp', width: size, height: size });
          },
          fail: reason => {
            reject(new Error(reason));
          },
        });
      }),
    decode: () => Promise.resolve(),
    createUrl: () => {
      const url = `blob:${String(made++)}`;
      alive.add(url);
      return url;
    },
    releaseUrl: url => alive.delete(url),
    onChange,
  });
  const settle = () => new Promise(resolve => setImmediate(resolve));
  return { pictures, waiting, alive, onChange, settle };
}

describe('the pictures of the Label page', () => {
  test('are fetched once each, in the order in which they are needed', () => {
    const { pictures, waiting } = setUp();
    pictures.want([hash(2), hash(1), hash(2)], 512);
    pictures.want([hash(1), hash(2), hash(3)], 512);
    expect(waiting.map(asked => asked.hash)).toEqual([hash(2), hash(1), hash(3)]);
  });

  test('are released when no longer wanted, even if they arrive later', async () => {
    const { pictures, waiting, alive, onChange, settle } = setUp();
    pictures.want([hash(1), hash(2)], 512);
    waiting[0]!.arrive();
    await settle();
    expect(pictures.get(hash(1))).toMatchObject({ state: 'shown', width: 512 });
    expect(onChange).toHaveBeenCalledOnce();
    pictures.want([hash(3)], 512);
    waiting[1]!.arrive();
    await settle();
    expect(alive.size).toBe(0);
    expect(pictures.size).toBe(1);
  });

  test('stay on show while a larger one is fetched, and are released after', async () => {
    const { pictures, waiting, alive, settle } = setUp();
    pictures.want([hash(1)], 512);
    waiting[0]!.arrive();
    await settle();
    pictures.want([hash(1)], 1024);
    expect(pictures.get(hash(1))).toMatchObject({ state: 'shown', width: 512 });
    waiting[1]!.arrive();
    await settle();
    expect(pictures.get(hash(1))).toMatchObject({ state: 'shown', width: 1024 });
    expect(alive.size).toBe(1);
    pictures.want([hash(1)], 512); // a smaller wish is met by what is there
    expect(waiting).toHaveLength(2);
  });

  test('that cannot be had say why, and are tried again when asked to', async () => {
    const { pictures, waiting, settle } = setUp();
    pictures.want([hash(1)], 512);
    waiting[0]!.fail('the file is gone');
    await settle();
    expect(pictures.get(hash(1))).toEqual({ state: 'failed', reason: 'the file is gone' });
    pictures.want([hash(1)], 512);
    expect(waiting).toHaveLength(1);
    pictures.forgetFailures();
    pictures.want([hash(1)], 512);
    expect(waiting).toHaveLength(2);
  });

  test('a larger one that cannot be had leaves the smaller one on show', async () => {
    const { pictures, waiting, settle } = setUp();
    pictures.want([hash(1)], 512);
    waiting[0]!.arrive();
    await settle();
    pictures.want([hash(1)], 1024);
    waiting[1]!.fail('no');
    await settle();
    expect(pictures.get(hash(1))).toMatchObject({ state: 'shown', width: 512 });
  });
});
