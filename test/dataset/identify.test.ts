import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identify } from '../../src/dataset/identify';
import { MarginFolder } from '../../src/dataset/margin-folder';
import { ImageIndex } from '../../src/dataset/image-index';
import { scanFolder } from '../../src/dataset/scan';
import { temporaryFolder } from '../support/data';

let root: string;
beforeEach(async () => {
  root = temporaryFolder();
  await new MarginFolder(root).ensure();
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

/** A GIF header and some text: enough for a picture that nobody decodes here. */
const content = (text: string) => `GIF89a ${text}`;
const cache = () => path.join(root, '.margin', 'cache');
const indexFile = () => path.join(cache(), 'images.jsonl');

function put(at: string, text: string): void {
  const file = path.join(root, at);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content(text));
}

async function look() {
  const index = await ImageIndex.open(cache());
  const found = await identify(await scanFolder(root), index);
  await index.save();
  return found;
}

/** Makes the index trust files that were written a moment ago. */
function settle(): void {
  fs.writeFileSync(indexFile(), fs.readFileSync(indexFile(), 'utf8').replaceAll(/,0\]$/gm, ',1]'));
}

describe('identify', () => {
  it('gives each content one image with all its paths, and says where copies disagree', async () => {
    put('cats/1.gif', 'one');
    put('dogs/copy.gif', 'one');
    put('dogs/2.gif', 'two');
    put('loose.gif', 'two');
    const { images, files, conflicts } = await look();
    expect(files).toBe(4);
    expect(images.map(({ paths, class: name }) => [paths, name])).toEqual([
      [['cats/1.gif', 'dogs/copy.gif'], 'cats'],
      [['dogs/2.gif', 'loose.gif'], 'dogs'],
    ]);
    expect(images[0]!.hash).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(conflicts).toEqual([
      {
        hash: images[0]!.hash,
        places: [
          { path: 'cats/1.gif', class: 'cats' },
          { path: 'dogs/copy.gif', class: 'dogs' },
        ],
      },
    ]);
  });

  it('reads nothing the second time, and only what changed the third', async () => {
    for (let i = 0; i < 5; i++) put(`a/${i}.gif`, `picture ${i}`);
    expect((await look()).hashed).toBe(5);
    settle();
    const second = await look();
    expect(second.hashed).toBe(0);
    expect(second.changes).toEqual({ added: [], renamed: [], edited: [], removed: [] });
    put('a/3.gif', 'changed!!!');
    const third = await look();
    expect(third.hashed).toBe(1);
    expect(third.changes.edited.map(change => change.path)).toEqual(['a/3.gif']);
  });

  it('reads a file again that was just written: its times cannot tell a second change', async () => {
    put('a.gif', 'one');
    await look();
    expect((await look()).hashed).toBe(1);
  });

  it('sees an edit that keeps size and modification time', async () => {
    put('a.gif', 'one');
    const { atime, mtime } = fs.statSync(path.join(root, 'a.gif'));
    const before = await look();
    settle();
    await new Promise(resolve => setTimeout(resolve, 20));
    put('a.gif', 'two');
    fs.utimesSync(path.join(root, 'a.gif'), atime, mtime);
    const after = await look();
    expect(after.changes.edited).toEqual([
      { path: 'a.gif', before: before.images[0]!.hash, after: after.images[0]!.hash },
    ]);
  });

  it.skipIf(process.platform === 'win32')('knows a renamed folder without reading it', async () => {
    for (let i = 0; i < 3; i++) put(`cats/${i}.gif`, `picture ${i}`);
    await look();
    settle();
    fs.renameSync(path.join(root, 'cats'), path.join(root, 'katzen'));
    const { hashed, changes, images } = await look();
    expect(hashed).toBe(0);
    expect(changes.renamed.map(({ from, to }) => [from, to])).toEqual(
      [0, 1, 2].map(i => [`cats/${i}.gif`, `katzen/${i}.gif`]),
    );
    expect(changes.added).toEqual([]);
    expect(images.map(image => image.class)).toEqual(['katzen', 'katzen', 'katzen']);
  });

  it('tells what came and what went', async () => {
    put('old.gif', 'old');
    const before = await look();
    fs.rmSync(path.join(root, 'old.gif'));
    put('new.gif', 'new');
    const { changes, images } = await look();
    expect(changes).toEqual({
      added: [{ path: 'new.gif', hash: images[0]!.hash }],
      renamed: [],
      edited: [],
      removed: [{ path: 'old.gif', hash: before.images[0]!.hash }],
    });
  });

  it('names what is no picture by its content', async () => {
    fs.writeFileSync(path.join(root, 'text.jpg'), 'hello');
    fs.writeFileSync(path.join(root, 'empty.jpg'), '');
    fs.writeFileSync(path.join(root, 'gif.heic'), content('by content'));
    fs.writeFileSync(path.join(root, 'drawing.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
    fs.writeFileSync(
      path.join(root, 'hidden-svg.png'),
      '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    );
    const { images, problems } = await look();
    expect(images.map(image => image.paths)).toEqual([['gif.heic']]);
    expect(problems.map(problem => problem.path)).toEqual(['drawing.svg', 'empty.jpg', 'hidden-svg.png', 'text.jpg']);
    expect(problems[1]!.reason).toBe('The file is empty.');
  });

  it.each([
    ['cut short', (text: string) => text.slice(0, text.length / 2)],
    ['not JSON', () => 'garbage'],
    ['of another version', (text: string) => text.replace('"v":1', '"v":99')],
    ['empty', () => ''],
    ['with a damaged hash', (text: string) => text.replace('sha256:', 'md5:')],
  ])('makes an index again that is %s', async (_, damage) => {
    for (let i = 0; i < 3; i++) put(`${i}.gif`, `picture ${i}`);
    const first = await look();
    settle();
    fs.writeFileSync(indexFile(), damage(fs.readFileSync(indexFile(), 'utf8')));
    const again = await look();
    expect(again.hashed).toBe(3);
    expect(again.images).toEqual(first.images);
    settle();
    expect((await look()).hashed).toBe(0);
  });

  it('keeps what it read when it is cancelled', async () => {
    fs.mkdirSync(path.join(root, 'a'));
    for (let i = 0; i < 200; i++) fs.writeFileSync(path.join(root, 'a', `${i}.gif`), content(`${i}`.repeat(50_000)));
    const index = await ImageIndex.open(cache());
    const scan = await scanFolder(root);
    const controller = new AbortController();
    const run = identify(scan, index, {
      signal: controller.signal,
      onProgress: done => done > 3 && controller.abort(),
    });
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    expect(index.entries.size).toBeGreaterThan(3);
    expect(index.entries.size).toBeLessThan(200);
  });

  it('goes on when a file vanishes between scan and reading, and says so when the folder does', async () => {
    put('a.gif', 'a');
    put('b.gif', 'b');
    const scan = await scanFolder(root);
    fs.rmSync(path.join(root, 'a.gif'));
    const { images, problems } = await identify(scan, await ImageIndex.open(undefined));
    expect(images.map(image => image.paths)).toEqual([['b.gif']]);
    expect(problems).toEqual([{ path: 'a.gif', reason: 'The file is no longer there.' }]);
    fs.rmSync(root, { recursive: true });
    await expect(identify(scan, await ImageIndex.open(undefined))).rejects.toMatchObject({ code: 'folder-vanished' });
  });
});
