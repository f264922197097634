import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatasetError, MarginFolder } from '../../src/dataset';
import { writeError } from '../../src/dataset/errors';
import { asOrdinaryUser, temporaryFolder } from '../support/data';

let root: string;
beforeEach(() => void (root = temporaryFolder()));
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

const inside = (...parts: string[]) => path.join(root, '.margin', ...parts);

describe('MarginFolder', () => {
  it('makes nothing by looking', async () => {
    const folder = new MarginFolder(root);
    expect(await folder.cacheSize()).toBe(0);
    expect(await folder.clearCache()).toBe(0);
    expect(fs.readdirSync(root)).toEqual([]);
  });

  it('is made with a .gitignore for the cache, and leaves an existing one alone', async () => {
    expect(await new MarginFolder(root).ensure()).toBe(inside());
    expect(fs.readFileSync(inside('.gitignore'), 'utf8')).toBe('cache/\n');
    fs.writeFileSync(inside('.gitignore'), 'mine\n');
    await new MarginFolder(root).ensure();
    expect(fs.readFileSync(inside('.gitignore'), 'utf8')).toBe('mine\n');
  });

  it('measures and deletes the cache, and nothing else', async () => {
    const folder = new MarginFolder(root);
    const cache = (await folder.cache())!;
    expect(cache).toBe(inside('cache'));
    fs.mkdirSync(path.join(cache, 'vectors'));
    fs.writeFileSync(path.join(cache, 'vectors', 'x.npy'), Buffer.alloc(1000));
    fs.writeFileSync(path.join(cache, 'images.jsonl'), Buffer.alloc(24));
    fs.writeFileSync(inside('answers.jsonl'), 'precious');
    expect(await folder.cacheSize()).toBe(1024);
    expect(await folder.clearCache()).toBe(1024);
    expect(fs.readdirSync(inside()).sort()).toEqual(['.gitignore', 'answers.jsonl']);
    expect(fs.existsSync((await folder.cache())!)).toBe(true);
  });

  it.skipIf(process.platform === 'win32')(
    'puts the cache elsewhere when the folder is read-only, and says so for the rest',
    async () => {
      const elsewhere = temporaryFolder();
      fs.chmodSync(elsewhere, 0o777);
      fs.chmodSync(root, 0o555);
      try {
        await asOrdinaryUser(async () => {
          const folder = new MarginFolder(root, { fallbackCache: elsewhere });
          await expect(folder.ensure()).rejects.toMatchObject({
            code: 'read-only',
            hint: expect.stringMatching(/permission/),
          });
          const cache = (await folder.cache())!;
          expect(path.dirname(cache)).toBe(elsewhere);
          expect(cache).toBe(await new MarginFolder(root, { fallbackCache: elsewhere }).cache());
          expect(cache).not.toBe(await new MarginFolder(path.dirname(root), { fallbackCache: elsewhere }).cache());
          fs.writeFileSync(path.join(cache, 'x'), 'four');
          expect(await folder.clearCache()).toBe(4);
          expect(await new MarginFolder(root).cache()).toBeUndefined();
        });
      } finally {
        fs.chmodSync(root, 0o755);
        fs.rmSync(elsewhere, { recursive: true });
      }
    },
  );

  it('does not bring a vanished folder back', async () => {
    const folder = new MarginFolder(path.join(root, 'gone'));
    await expect(folder.ensure()).rejects.toMatchObject({ code: 'folder-vanished' });
    await expect(folder.cache()).rejects.toMatchObject({ code: 'folder-missing', data: { hint: expect.any(String) } });
    expect(fs.readdirSync(root)).toEqual([]);
  });
});

describe('writeError', () => {
  it.each([
    ['EACCES', 'read-only'],
    ['EROFS', 'read-only'],
    ['ENOSPC', 'disk-full'],
    ['EDQUOT', 'disk-full'],
    ['ENOENT', 'folder-vanished'],
    ['EIO', 'io'],
  ])('takes %s for %s, with what happened and what to do', (errno, code) => {
    const error = writeError(Object.assign(new Error('raw'), { code: errno }), '/data/.margin');
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.code).toBe(code);
    expect(error.message).toContain('/data/.margin');
    expect(error.hint).toMatch(/\.$/);
    expect(writeError(error, 'elsewhere')).toBe(error);
  });
});
