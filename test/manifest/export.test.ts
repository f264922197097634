import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seeded, shuffled } from '../../src/core/splits';
import { type ExportRequest, FORMATS, ManifestError, type RowData } from '../../src/manifest';
import { measure, writeAll } from '../../src/manifest/atomic';
import { exported, bytesUnder, filesUnder } from './support/exported';
import { at, DATA, image, IMAGES, known, writeImages } from './support/folder';
import { temporaryFolder } from '../support/data';

let root: string;
let folder: string;
let out: string;
beforeEach(() => {
  root = temporaryFolder();
  folder = path.join(root, 'pictures');
  out = path.join(root, 'out');
  writeImages(folder, IMAGES);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const run = (choice: Partial<ExportRequest> = {}) => exported({ folder, out, ...choice });

describe('the same inputs', () => {
  it('give the same bytes, whatever order the data come in', async () => {
    const from = ['answers', 'implied', 'classes', 'mined'] as const;
    const random = seeded(5, 'order');
    const mixed: RowData = {
      images: shuffled(DATA.images, random),
      answers: shuffled(DATA.answers, random).map(({ a, b, ...rest }) => ({ a: b, b: a, ...rest })),
      implied: shuffled(DATA.implied, random),
      mined: DATA.mined,
    };
    for (const format of FORMATS) {
      for (const shape of format.shapes) {
        const choice = { format: format.id, shape, from, split: [0.5, 0.5], limit: 30, dryRun: true };
        const one = await run(choice);
        const two = await run({ ...choice, data: mixed });
        expect(two.files, `${format.id} ${shape}`).toEqual(one.files);
        expect(one.files.length).toBeGreaterThan(2);
      }
    }
  });

  it('with another seed give another sample and another split', async () => {
    const choice = { from: ['classes'] as const, split: [0.5, 0.5], limit: 20 };
    const one = await run({ ...choice, seed: 1, dryRun: true });
    const two = await run({ ...choice, seed: 2, dryRun: true });
    expect(one.files.map(file => file.sha256)).not.toEqual(two.files.map(file => file.sha256));
  });
});

describe('an abort', () => {
  it('is heard while rows are made, and nothing is written', async () => {
    const images = Array.from({ length: 400 }, (_, i) => image(`c${i % 20}/${i}`, i));
    let met = 0;
    const mined: RowData['mined'] = images.flatMap(a =>
      images.filter(b => a.hash < b.hash).map(b => ({ kind: 'pair' as const, a: a.hash, b: b.hash })),
    );
    const watched = Object.assign([...mined], {
      *[Symbol.iterator]() {
        for (const row of mined) {
          met++;
          yield row;
        }
      },
    });
    const abort = new AbortController();
    setImmediate(() => abort.abort(new Error('never mind')));
    const data: RowData = { images, answers: [], implied: [], mined: watched };
    await expect(run({ data, from: ['mined'], signal: abort.signal })).rejects.toThrow('never mind');
    // Through once, to see which images are named (where it may be heard already), and not to the end when rows are made.
    expect(met).toBeGreaterThanOrEqual(mined.length);
    expect(met).toBeLessThan(2 * mined.length);
    expect(existsSync(out)).toBe(false);
  });
});

describe('a dry run', () => {
  it.each(FORMATS.map(format => format.id))(
    'foretells the files of %s to the byte, and writes nothing',
    async format => {
      const shape = FORMATS.find(one => one.id === format)!.shapes[0]!;
      const from = ['answers', 'classes'] as const;
      const dry = await run({ format, shape, from, dryRun: true });
      expect(existsSync(out)).toBe(false);
      const wet = await run({ format, shape, from });
      expect(dry.files).toEqual(wet.files);
      expect(dry.counts).toEqual(wet.counts);
      expect(dry.cardText).toBe(readFileSync(wet.card, 'utf8'));
      for (const file of wet.files) {
        const { bytes, sha256 } = await measure([readFileSync(file.path)]);
        expect({ bytes, sha256 }).toEqual({ bytes: file.bytes, sha256: file.sha256 });
      }
      const again = await run({ format, shape, from, dryRun: true });
      expect(again.replaced.length).toBeGreaterThanOrEqual(wet.files.length);
    },
  );
});

describe('what cannot be exported', () => {
  const oneClass = {
    ...DATA,
    answers: [],
    implied: [],
    mined: [],
    images: DATA.images.filter(one => one.class === 'hats'),
  };
  const twoClasses = { ...oneClass, images: DATA.images.filter(one => one.class === 'hats' || one.class === 'NA') };
  const cases: [string, Partial<ExportRequest>, string, RegExp][] = [
    ['nothing ticked', { from: [] }, 'empty-selection', /tick/],
    ['no answers yet', { data: { ...DATA, answers: [] }, from: ['answers'] }, 'empty-selection', /0 answers/],
    [
      'triplets of one class',
      { data: oneClass, from: ['classes'], shape: 'triplets' },
      'one-class',
      /only one class \("hats"\)/,
    ],
    [
      'one class split by class',
      { data: oneClass, from: ['classes'], by: 'class', split: [0.5, 0.5] },
      'too-few-units',
      /one class/,
    ],
    [
      'parts of one class each',
      { data: twoClasses, from: ['classes'], by: 'class', split: [0.5, 0.5], shape: 'triplets' },
      'empty-selection',
      /No triplets/,
    ],
    [
      'a part of one class beside one of two',
      {
        data: { ...oneClass, images: DATA.images.filter(one => ['hats', 'NA', '1'].includes(one.class!)) },
        from: ['classes'],
        by: 'class',
        split: [0.5, 0.5],
        shape: 'triplets',
      },
      'empty-part',
      /"validation" would be empty: it holds one class only/,
    ],
    ['more folds than groups', { from: ['answers'], split: [30] }, 'too-few-units', /too few for 30 parts/],
    ['shares that do not add up', { split: [0.5, 0.2] }, 'bad-split', /add up to 0.7/],
    ['a format that is not there', { format: 'coco' }, 'unknown-format', /jsonl, csv/],
    ['triplets as LFW', { format: 'lfw', shape: 'triplets' }, 'unsupported-shape', /cannot carry triplets/],
    [
      'only incomparable pairs, where a label is needed',
      {
        data: { ...DATA, answers: [known(at(0, 0), at(1, 0), 'incomparable')] },
        from: ['answers'],
        format: 'sentence-transformers',
      },
      'unsupported-rows',
      /nobody can tell/,
    ],
    ['a folder where a file is', { out: '/dev/null/x' }, 'file', /Cannot write/],
  ];

  it.each(cases)('%s: says so and leaves nothing behind', async (_, choice, code, message) => {
    const failure = await run(choice).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(ManifestError);
    expect(failure).toMatchObject({ code });
    expect((failure as Error).message).toMatch(message);
    expect(existsSync(out)).toBe(false);
  });

  it('says when a class lies in one part only, and when a part has one relation only', async () => {
    const data = { ...DATA, images: [...DATA.images, { ...image('rare/x.bmp', 300), class: 'rare' }] };
    const { warnings } = await run({ data, from: ['classes'], by: 'component', split: [0.5, 0.5], limit: 200 });
    expect(warnings.join('\n')).toMatch(/One class lies in one part only: "rare" in/);
    const same = await run({
      data: { ...DATA, answers: DATA.answers.filter(one => one.relation === 'same') },
      from: ['answers'],
    });
    expect(same.warnings.join('\n')).toMatch(/"all" has no different pairs/);
  });
});

describe('all or nothing', () => {
  it('an aborted export leaves the old files as they were, and nothing else', async () => {
    await run({ from: ['answers'] });
    const before = bytesUnder(root);
    for (const after of [0, 1, 2]) {
      const controller = new AbortController();
      let calls = 0;
      const progress = (): void => void (calls++ === after && controller.abort(new Error('enough')));
      await expect(run({ from: ['classes'], signal: controller.signal, progress })).rejects.toThrow('enough');
      expect(calls).toBe(after + 1);
      expect(bytesUnder(root)).toEqual(before);
    }
    await expect(run({ from: ['classes'], signal: AbortSignal.abort(new Error('at once')) })).rejects.toThrow(
      'at once',
    );
    expect(bytesUnder(root)).toEqual(before);
  });

  it('a new folder is taken away again', async () => {
    const controller = new AbortController();
    const progress = (): void => controller.abort(new Error('enough'));
    const deep = path.join(root, 'a', 'b', 'c');
    await expect(run({ out: deep, signal: controller.signal, progress })).rejects.toThrow('enough');
    expect(existsSync(path.join(root, 'a'))).toBe(false);
  });

  it('a failure among the renames puts every old file back', async () => {
    mkdirSync(path.join(out, 'b.txt'), { recursive: true });
    writeFileSync(path.join(out, 'a.txt'), 'old a');
    const files = ['a.txt', 'new.txt', 'b.txt'].map(name => ({ name, rows: 1, content: ['new'] }));
    await expect(writeAll(out, files, [], { obsolete: [] })).rejects.toThrow(/is a folder/);
    expect(filesUnder(out)).toEqual(['a.txt']);
    expect(readFileSync(path.join(out, 'a.txt'), 'utf8')).toBe('old a');
    expect(readdirSync(out).sort()).toEqual(['a.txt', 'b.txt']);
  });

  it('an error in the middle of a file leaves nothing', async () => {
    const content = (function* () {
      yield 'half';
      throw new Error('a broken row');
    })();
    await expect(writeAll(out, [{ name: 'a', rows: 1, content }], [])).rejects.toThrow('a broken row');
    expect(existsSync(out)).toBe(false);
  });

  it('refuses names that lead out of the folder', async () => {
    const file = { name: '../escape.txt', rows: 1, content: ['x'] };
    await expect(writeAll(out, [file], [])).rejects.toThrow(/outside/);
    expect(existsSync(path.join(root, 'escape.txt'))).toBe(false);
  });

  it('an image that changed since it was hashed stops the export', async () => {
    writeFileSync(path.join(folder, 'hats', 'a 0.bmp'), 'another picture');
    await expect(run({ from: ['answers'], images: 'copy' })).rejects.toThrow(/changed since it was scanned/);
    expect(existsSync(out)).toBe(false);
  });
});

describe('a second export into the same folder', () => {
  it('takes away the parts of the first that it has not, and keeps what a person changed', async () => {
    await run({ from: ['answers'], split: [0.4, 0.3, 0.3] });
    expect(filesUnder(out)).toContain('test.pairs.jsonl');
    writeFileSync(path.join(out, 'validation.pairs.jsonl'), 'mine now\n');
    const { warnings } = await run({ from: ['answers'], split: [] });
    expect(filesUnder(out)).toEqual([
      'all.pairs.jsonl',
      'jsonl.pairs.card.json',
      'jsonl.pairs.card.md',
      'validation.pairs.jsonl',
    ]);
    expect(warnings.join()).toMatch(/validation\.pairs\.jsonl .* was changed since/);
  });

  it('of another shape or format stands beside the first', async () => {
    await run({ from: ['answers'] });
    await run({ from: ['answers', 'classes'], shape: 'triplets' });
    await run({ from: ['answers'], format: 'csv' });
    expect(filesUnder(out).filter(name => !name.includes('card'))).toEqual([
      'all.pairs.csv',
      'all.pairs.jsonl',
      'all.triplets.jsonl',
    ]);
  });

  it('does not follow a card that points elsewhere', async () => {
    const outside = path.join(root, 'precious.txt');
    writeFileSync(outside, 'precious');
    mkdirSync(out);
    const { sha256 } = await measure(['precious']);
    writeFileSync(
      path.join(out, 'jsonl.pairs.card.json'),
      JSON.stringify({ files: [{ name: '../precious.txt', sha256 }] }),
    );
    await run({ from: ['answers'] });
    expect(existsSync(outside)).toBe(true);
  });
});

describe('folds and near duplicates', () => {
  const from = ['classes'] as const;

  it('folds are files of their own, which share no image', async () => {
    const { counts, leakLine } = await run({ from, split: [3], limit: 200 });
    expect(filesUnder(out).filter(name => !name.includes('card'))).toEqual([1, 2, 3].map(i => `fold${i}.pairs.jsonl`));
    expect(counts['rows.fold1']! + counts['rows.fold2']! + counts['rows.fold3']!).toBe(counts.rows);
    expect(leakLine).toMatch(/in more than one of 3 parts: 0 images, 0 components .* 0 groups .* 0 classes/);
  });

  it('LFW has them in one file, equally long, half of each relation', async () => {
    await run({ from, split: [3], limit: 200, format: 'lfw' });
    const [header, ...lines] = readFileSync(path.join(out, 'pairs.txt'), 'utf8').trimEnd().split('\n');
    const [folds, count] = header!.split('\t').map(Number) as [number, number];
    expect([folds, lines.length]).toEqual([3, 6 * count]);
    for (let fold = 0; fold < 3; fold++) {
      const block = lines.slice(2 * fold * count, 2 * (fold + 1) * count).map(line => line.split('\t').length);
      expect(block).toEqual([...Array<number>(count).fill(3), ...Array<number>(count).fill(4)]);
    }
    for (const line of lines) {
      const fields = line.split('\t');
      const pairs =
        fields.length === 3
          ? [
              [0, 1],
              [0, 2],
            ]
          : [
              [0, 1],
              [2, 3],
            ];
      for (const [name, number] of pairs) {
        const file = `${fields[name!]!}/${fields[name!]!}_${fields[number!]!.padStart(4, '0')}.jpg`;
        expect(existsSync(path.join(out, 'lfw', file)), file).toBe(true);
      }
    }
  });

  it('open-metric-learning holds each out once', async () => {
    await run({ from, split: [3], limit: 200, format: 'open-metric-learning' });
    const held = [1, 2, 3].map(i => {
      const lines = readFileSync(path.join(out, `fold${i}.open-metric-learning.csv`), 'utf8')
        .trimEnd()
        .split('\n')
        .slice(1);
      expect(lines.length).toBe(IMAGES.length);
      for (const line of lines) expect(line).toMatch(/,train,,$|,validation,True,True$/u);
      return lines.filter(line => line.includes(',validation,')).map(line => line.replace(/,validation.*$/u, ''));
    });
    expect(new Set(held.flat()).size).toBe(IMAGES.length);
  });

  it('near duplicates stay on one side, although their classes differ', async () => {
    const duplicates = [[at(0, 0).hash, at(3, 1).hash, at(5, 2).hash]];
    for (const by of ['class', 'component'] as const) {
      for (let seed = 0; seed < 5; seed++) {
        const { leaks, warnings } = await run({
          data: { ...DATA, duplicates },
          from,
          by,
          seed,
          split: [0.5, 0.5],
          limit: 300,
          dryRun: true,
        });
        expect(leaks).toMatchObject({ images: 0, duplicates: 0, components: 0 });
        if (by === 'class') expect(warnings.join()).toMatch(/tie classes together.*"-dash" \+ "1" \+ "hats"/);
      }
    }
  });
});

describe('where files go', () => {
  it('a file name gives its name to the parts', async () => {
    await run({ from: ['answers'], out: path.join(out, 'garments.pairs.jsonl') });
    expect(filesUnder(out)).toContain('garments.pairs.jsonl');
    await run({ from: ['answers'], out: path.join(out, 'garments.pairs.jsonl'), split: [0.5, 0.5] });
    expect(filesUnder(out).filter(name => !name.includes('card'))).toEqual([
      'garments-train.pairs.jsonl',
      'garments-validation.pairs.jsonl',
    ]);
  });

  it('links and copies hold the same bytes as the originals, under names that every system can store', async () => {
    const odd = [image('x/a:b.bmp', 200), image('x/CON.bmp', 201), image('x/Case.bmp', 202), image('x/case.bmp', 203)];
    if (process.platform === 'win32' || process.platform === 'darwin') odd.splice(0);
    writeImages(folder, odd);
    const data = {
      ...DATA,
      images: [...DATA.images, ...odd],
      answers: [...DATA.answers, ...odd.map(one => known(one, at(0, 0), 'same'))],
    };
    for (const images of ['copy', 'link'] as const) {
      const target = path.join(root, images);
      await run({ data, from: ['answers'], images, out: target });
      const list = readFileSync(path.join(target, 'jsonl.pairs.images.csv'), 'utf8').trim().split('\n').slice(1);
      for (const line of list) {
        const [name, hash] = [/^(?:"((?:[^"]|"")*)"|([^,]*)),(sha256:\w+)/u.exec(line)!].map(
          m => [m[1] ?? m[2]!, m[3]!] as const,
        )[0]!;
        expect(`sha256:${(await measure([readFileSync(path.join(target, name.replaceAll('""', '"')))])).sha256}`).toBe(
          hash,
        );
      }
      const names = filesUnder(target).map(name => name.toLowerCase());
      expect(new Set(names).size).toBe(names.length);
      expect(names.filter(name => /[:<>|]|con\.bmp/u.test(name))).toEqual([]);
    }
  });

  it('warns when copies land where the next scan finds them', async () => {
    const inside = await run({ from: ['answers'], images: 'copy', out: path.join(folder, 'export'), dryRun: true });
    expect(inside.warnings.join()).toMatch(/the next scan finds them/);
    const beside = await run({ from: ['answers'], images: 'copy', dryRun: true });
    expect(beside.warnings).toEqual([]);
  });

  it('every card has lines of Python, five at most, for each of its files', async () => {
    for (const format of FORMATS) {
      for (const shape of format.shapes) {
        const { cardText } = await run({ format: format.id, shape, from: ['answers', 'classes'], dryRun: true });
        const blocks = [...cardText.matchAll(/```python\n([\s\S]*?)\n```/gu)].map(match => match[1]!.split('\n'));
        expect(blocks.length, format.id).toBeGreaterThan(0);
        for (const lines of blocks) expect(lines.length).toBeLessThanOrEqual(5);
      }
    }
  });

  it('names in a card are text, not markup', async () => {
    const images = [0, 1].map(i => ({ ...image(`<img src=x onerror=alert(1)>|\`[a](b)/${i}`, 400 + i) }));
    const data = {
      ...DATA,
      images,
      answers: [known(images[0]!, images[1]!, 'same', { by: '</td><script>' })],
      implied: [],
      mined: [],
    };
    const { cardText } = await run({ data, from: ['answers'], dryRun: true });
    expect(cardText).not.toMatch(/<img|<script|[^\\]\[a\]/u);
    expect(cardText).toContain('&lt;img src=x onerror=alert(1)&gt;\\|\\`\\[a\\](b)');
  });
});
