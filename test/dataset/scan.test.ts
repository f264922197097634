import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scanFolder } from '../../src/dataset/scan';
import { asOrdinaryUser, dataSet, temporaryFolder } from '../support/data';

let root: string;
beforeEach(() => void (root = temporaryFolder()));
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

function put(...paths: string[]): void {
  for (const at of paths) {
    const file = path.join(root, at);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, at);
  }
}

const pathsOf = async (options = {}) => (await scanFolder(root, options)).files.map(file => file.path);

describe('scanFolder', () => {
  it('lists pictures by extension in code-unit order, counts the rest', async () => {
    put('b.PNG', 'a/2.jpg', 'a/10.jpg', 'Z/1.webp', 'é/1.gif', 'a-b/1.tif', 'notes.txt', 'x.TXT', 'Makefile');
    const { files, skipped, problems } = await scanFolder(root);
    expect(files.map(file => file.path)).toEqual(['Z/1.webp', 'a-b/1.tif', 'a/10.jpg', 'a/2.jpg', 'b.PNG', 'é/1.gif']);
    expect(skipped).toEqual({ txt: 2, '': 1 });
    expect(problems).toEqual([]);
    expect(files[0]).toMatchObject({ size: 8, class: 'Z' });
    expect(files[0]!.mtimeMs).toBeCloseTo(Date.now(), -5);
  });

  it('passes over hidden folders, node_modules and macOS resource forks, not over hidden pictures', async () => {
    put('.git/1.png', '.margin/cache/1.png', 'node_modules/x/1.png', 'a/.thumbs/1.png', 'a/._1.png', 'a/.hidden.png');
    expect(await pathsOf()).toEqual(['a/.hidden.png']);
  });

  it('takes the class from the folder, from the first parts of its path, or from nowhere', async () => {
    put('loose.png', 'Balinese/character01/1.png', 'Greek/character01/1.png');
    const classes = async (rule: 'folder' | 'none' | { depth: number }) =>
      (await scanFolder(root, { classes: rule })).files.map(file => file.class);
    expect(await classes('folder')).toEqual(['Balinese/character01', 'Greek/character01', null]);
    expect(await classes({ depth: 1 })).toEqual(['Balinese', 'Greek', null]);
    expect(await classes({ depth: 9 })).toEqual(['Balinese/character01', 'Greek/character01', null]);
    expect(await classes('none')).toEqual([null, null, null]);
  });

  it('leaves out what globs exclude, folders whole', async () => {
    put('a/1.png', 'a/2.jpg', 'b/1.png', 'c/b/1.png');
    expect(await pathsOf({ exclude: ['*.jpg', 'b'] })).toEqual(['a/1.png']);
  });

  it('names camera raw and SVG files, and lists SVG when asked to', async () => {
    put('1.nef', '1.svg', '1.heic');
    const { files, problems } = await scanFolder(root);
    expect(files.map(file => file.path)).toEqual(['1.heic']);
    expect(problems.map(problem => problem.path)).toEqual(['1.nef', '1.svg']);
    expect(problems[0]!.reason).toContain('JPEG');
    expect(await pathsOf({ svg: true })).toEqual(['1.heic', '1.svg']);
  });

  it('is not confused by an extension or a class with the name of an object property', async () => {
    put('a.__proto__', 'b.constructor', '__proto__/1.png', 'constructor/1.png');
    const { files, skipped } = await scanFolder(root);
    expect(Object.entries(skipped)).toEqual([
      ['__proto__', 1],
      ['constructor', 1],
    ]);
    expect(files.map(file => file.class)).toEqual(['__proto__', 'constructor']);
  });

  it.skipIf(process.platform === 'win32')(
    'follows links to files and to folders outside, each folder once',
    async () => {
      const outside = temporaryFolder();
      try {
        fs.writeFileSync(path.join(outside, '1.png'), 'x');
        fs.symlinkSync(outside, path.join(outside, 'again'));
        fs.symlinkSync(root, path.join(outside, 'back'));
        put('in/1.png');
        fs.symlinkSync(outside, path.join(root, 'cats'));
        fs.symlinkSync(outside, path.join(root, 'dogs'));
        fs.symlinkSync(path.join(root, 'in'), path.join(root, 'latest'));
        fs.symlinkSync('/', path.join(root, 'everything'));
        fs.symlinkSync('1.png', path.join(root, 'in', '2.png'));
        const { files, problems } = await scanFolder(root);
        expect(files.map(file => file.path)).toEqual(['cats/1.png', 'in/1.png', 'in/2.png']);
        expect(problems).toEqual([
          { path: 'cats/again', reason: 'This link leads to a folder that it lies in; it is not followed.' },
          { path: 'cats/back', reason: 'This link leads to a folder that it lies in; it is not followed.' },
          { path: 'dogs', reason: 'Another link to the same folder was followed already.' },
          { path: 'everything', reason: 'This link leads to a folder that it lies in; it is not followed.' },
          { path: 'latest', reason: 'This link leads to in, whose images are listed there.' },
        ]);
      } finally {
        fs.rmSync(outside, { recursive: true });
      }
    },
  );

  it.skipIf(process.platform === 'win32')('ends where folders outside link to each other', async () => {
    const outside = temporaryFolder();
    try {
      const names = Array.from({ length: 12 }, (_, i) => `f${i}`);
      for (const name of names) fs.mkdirSync(path.join(outside, name));
      for (const from of names) {
        fs.writeFileSync(path.join(outside, from, '1.png'), from);
        for (const to of names) fs.symlinkSync(path.join(outside, to), path.join(outside, from, `to-${to}`));
      }
      fs.symlinkSync(path.join(outside, 'f0'), path.join(root, 'start'));
      const { files } = await scanFolder(root);
      expect(files).toHaveLength(12);
    } finally {
      fs.rmSync(outside, { recursive: true });
    }
  });

  it.skipIf(process.platform !== 'linux')('names pipes, and names that are not Unicode', async () => {
    execFileSync('mkfifo', [path.join(root, 'pipe.png'), path.join(root, 'pipe')]);
    fs.writeFileSync(Buffer.concat([Buffer.from(`${root}/bad`), Buffer.from([0xff]), Buffer.from('.png')]), 'x');
    fs.mkdirSync(Buffer.concat([Buffer.from(`${root}/dir`), Buffer.from([0xff])]));
    const { files, problems } = await scanFolder(root);
    expect(files).toEqual([]);
    expect(problems.map(({ path, reason }) => [path, reason])).toEqual([
      ['bad\uFFFD.png', 'The name is not valid Unicode; rename it.'],
      ['dir\uFFFD', 'The name is not valid Unicode; rename it.'],
      ['pipe.png', 'This is a device, pipe or socket, not a file.'],
    ]);
  });

  it.skipIf(process.platform === 'win32')('goes on after a folder that may not be read', async () => {
    put('a/1.png', 'b/1.png');
    fs.chmodSync(path.join(root, 'a'), 0);
    await asOrdinaryUser(async () => {
      const { files, problems } = await scanFolder(root);
      expect(files.map(file => file.path)).toEqual(['b/1.png']);
      expect(problems).toEqual([{ path: 'a', reason: 'You have no permission to read this folder.' }]);
    });
  });

  it('says what is the matter with the root', async () => {
    put('file.png');
    await expect(scanFolder(path.join(root, 'nowhere'))).rejects.toMatchObject({ code: 'folder-missing' });
    await expect(scanFolder(path.join(root, 'file.png'))).rejects.toMatchObject({ code: 'not-a-folder' });
    if (process.platform === 'win32') return;
    fs.chmodSync(root, 0);
    await asOrdinaryUser(() => expect(scanFolder(root)).rejects.toMatchObject({ code: 'folder-unreadable' }));
    fs.chmodSync(root, 0o755);
  });

  it('says so when the root vanishes in the middle', async () => {
    for (let i = 0; i < 50; i++) put(`${i}/1.png`);
    const gone = scanFolder(root, {
      onProgress: found => found > 3 && fs.rmSync(root, { recursive: true, force: true }),
    });
    await expect(gone).rejects.toMatchObject({ code: 'folder-vanished', hint: expect.stringContaining('unplugged') });
  });

  it('stops when cancelled', async () => {
    for (let i = 0; i < 20; i++) put(`${i}/1.png`);
    const controller = new AbortController();
    const run = scanFolder(root, { signal: controller.signal, onProgress: found => found >= 5 && controller.abort() });
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
  });

  const names = dataSet('nasty-names-dev');
  it.skipIf(!names)('lists every odd name of the corpus as it is on disk', async () => {
    const manifest = JSON.parse(fs.readFileSync(path.join(names!, 'MANIFEST.json'), 'utf8')) as {
      path: string;
      kind: string;
    }[];
    const { files, problems } = await scanFolder(names!);
    const expected = manifest.filter(entry => entry.kind === 'file').map(entry => entry.path);
    expect(files.map(file => file.path).sort()).toEqual(expected.sort());
    expect(problems).toEqual([]);
    for (const file of files) expect(fs.existsSync(path.join(names!, file.path))).toBe(true);
  });

  const special = dataSet('nasty-special-dev');
  it.skipIf(!special)('names loops and dangling links of the corpus, and ends', async () => {
    const { files, problems } = await scanFolder(special!);
    expect(files.map(file => file.path)).toEqual(['cls/a.png', 'cls/b.png', 'cls/link-to-a.png']);
    expect(problems.map(problem => problem.path)).toEqual(['cls/dangling.png', 'cls/loop', 'cls/self.png']);
  });
});
