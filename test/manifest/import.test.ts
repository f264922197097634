import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ImageHash, Relation } from '../../src/core/types';
import {
  type AnswerDraft,
  type ColumnMap,
  detectFormat,
  guessColumns,
  type ImportPlan,
  isComplete,
  openManifest,
  planImport,
  previewCsv,
} from '../../src/manifest';
import { exported } from './support/exported';
import { at, DATA, image, IMAGES, known, writeImages } from './support/folder';
import { temporaryFolder } from '../support/data';

let root: string;
let folder: string;
beforeEach(() => {
  root = temporaryFolder();
  folder = path.join(root, 'pictures');
  mkdirSync(folder);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const CATS = [image('cats/1.jpg', 1), image('cats/2.jpg', 2), image('dogs/3.jpg', 3), image('dogs/Ünal 4.JPG', 4)];

/** A ledger as simple as can be: what was added stands. */
class Ledger {
  readonly answers = new Map<string, Relation>();
  readonly standing = (a: ImageHash, b: ImageHash): { relation: Relation; source: 'answer' } | undefined => {
    const relation = this.answers.get(a < b ? `${a} ${b}` : `${b} ${a}`);
    return relation && { relation, source: 'answer' };
  };
  add(drafts: readonly AnswerDraft[]): void {
    for (const { a, b, relation } of drafts) this.answers.set(`${a} ${b}`, relation);
  }
}

interface Choice {
  columns?: ColumnMap;
  format?: string;
  onConflict?: 'keep' | 'replace';
  sources?: ('answer' | 'implied' | 'class' | 'mined')[];
}

async function plan(
  file: string,
  ledger = new Ledger(),
  { onConflict, sources, ...open }: Choice = {},
  images = CATS,
): Promise<ImportPlan> {
  const { rows, format } = await openManifest(file, open);
  return await planImport({
    rows,
    images,
    folder,
    file,
    format,
    standing: ledger.standing,
    ...(onConflict ? { onConflict } : {}),
    ...(sources ? { sources } : {}),
  });
}

function save(name: string, text: string): string {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const pathsOf = (draft: { paths: string[] }): string => [...draft.paths].sort().join(' ');

describe('importing twice', () => {
  it('adds nothing the second time, in any format', async () => {
    writeImages(folder, IMAGES);
    for (const format of ['jsonl', 'csv', 'parquet', 'sentence-transformers', 'imagefolder', 'tfrecord', 'lfw']) {
      const { files } = await exported({ folder, out: path.join(root, format), format, from: ['answers'] });
      const { path: file } = files.find(one => one.rows > 0)!;
      const ledger = new Ledger();
      const first = await plan(file, ledger, {}, IMAGES);
      expect(first.answers.length, format).toBeGreaterThan(10);
      ledger.add(first.answers);
      const second = await plan(file, ledger, {}, IMAGES);
      expect([second.answers, second.conflicts, second.already]).toEqual([[], [], first.answers.length]);
    }
  });

  it('keeps who, when and why, and names the file', async () => {
    const { files } = await exported({ folder, out: root, from: ['answers'] });
    const { answers } = await plan(files[0]!.path, new Ledger(), {}, IMAGES);
    const [first] = answers.filter(draft => draft.why.rank === 6);
    expect(first).toMatchObject({
      relation: 'different',
      by: 'Grace "Amazing" Hopper, RADM',
      at: '2026-11-22T11:00:00.000Z',
      why: {
        lane: 'hard-negatives',
        model: 'starter',
        metric: 'l2',
        distance: 0.1,
        margin: 0.25,
        import: { file: 'all.pairs.jsonl', format: 'jsonl' },
      },
    });
  });
});

describe('what is no judgement', () => {
  it('is passed over: implied, by class, mined', async () => {
    const from = ['answers', 'implied', 'classes', 'mined'] as const;
    const { files, counts } = await exported({ folder, out: root, from, limit: 20 });
    const found = await plan(files[0]!.path, new Ledger(), {}, IMAGES);
    expect(found.answers.length).toBe(DATA.answers.length);
    expect(found.passedOver).toBe(counts.implied! + counts.class! + counts.mined!);
    const more = await plan(files[0]!.path, new Ledger(), { sources: ['answer', 'implied'] }, IMAGES);
    expect(more.answers.length).toBe(DATA.answers.length + counts.implied!);
  });

  it('becomes one where somebody changed the label by hand', async () => {
    const { files } = await exported({
      folder,
      out: root,
      from: ['classes'],
      limit: 20,
      format: 'sentence-transformers',
    });
    const { path: file } = files[0]!;
    expect((await plan(file, new Ledger(), {}, IMAGES)).answers).toEqual([]);
    const { readFileSync } = await import('node:fs');
    const lines = readFileSync(file, 'utf8').split('\n');
    lines[4] = lines[4]!.replace(/"label":(\d)/u, (_, label: string) => `"label":${1 - Number(label)}`);
    writeFileSync(file, lines.join('\n'));
    expect((await plan(file, new Ledger(), {}, IMAGES)).answers.map(draft => draft.why.import.line)).toEqual([5]);
  });
});

describe('conflicts', () => {
  const CSV = 'a,b,same\ncats/1.jpg,cats/2.jpg,1\ncats/1.jpg,dogs/3.jpg,0\ncats/2.jpg,cats/1.jpg,0\n';

  it('are listed, with the ledger and within the file, and change nothing unless asked', async () => {
    const file = save('pairs.csv', CSV);
    const ledger = new Ledger();
    const [x, y] = [CATS[0]!, CATS[2]!].sort((p, q) => (p.hash < q.hash ? -1 : 1));
    ledger.answers.set(`${x!.hash} ${y!.hash}`, 'same');
    const kept = await plan(file, ledger);
    expect(kept.answers.map(pathsOf)).toEqual(['cats/1.jpg cats/2.jpg']);
    expect(kept.conflicts.map(({ standing, where, imported, line }) => [standing, where, imported, line])).toEqual([
      ['same', 'answer', 'different', 3],
      ['same', 'file', 'different', 4],
    ]);
    const replaced = await plan(file, ledger, { onConflict: 'replace' });
    expect(replaced.answers.map(pathsOf)).toEqual(['cats/1.jpg cats/2.jpg', 'cats/1.jpg dogs/3.jpg']);
    ledger.add(replaced.answers);
    const again = await plan(file, ledger, { onConflict: 'replace' });
    expect(again.answers).toEqual([]);
  });

  it('with what answers imply are listed too; agreement with it is still worth an answer', async () => {
    const file = save('pairs.csv', CSV);
    const { rows, format } = await openManifest(file);
    const found = await planImport({
      rows,
      images: CATS,
      folder,
      file,
      format,
      standing: () => ({ relation: 'different', source: 'implied' }),
    });
    expect(found.conflicts.map(one => one.where)).toEqual(['implied', 'file']);
    expect(found.answers.map(draft => draft.relation)).toEqual(['different']);
  });
});

describe('finding the images', () => {
  it('by hash first, then by path as anybody may have written it', async () => {
    const other = process.platform === 'win32' ? 'D:' : '';
    const spellings = [
      'cats/1.jpg',
      './cats//1.jpg',
      'cats\\1.jpg',
      'CATS/1.JPG',
      'dogs/../cats/1.jpg',
      '../pictures/cats/1.jpg',
      `${folder}/cats/1.jpg`,
      'C:\\Users\\ada\\pictures\\cats\\1.jpg',
      `${other}/home/ada/pictures/cats/1.jpg`,
      'images/cats/1.jpg',
    ];
    for (const spelling of spellings) {
      const file = save('x/pairs.csv', `a,b,same\n"${spelling}",dogs/3.jpg,0\n`);
      const fileFolder = spelling.startsWith('../')
        ? save('pairs.csv', `a,b,same\n"${spelling}",dogs/3.jpg,0\n`)
        : file;
      const found = await plan(fileFolder);
      expect(found.missing, spelling).toEqual([]);
      expect(found.answers.map(pathsOf), spelling).toEqual(['cats/1.jpg dogs/3.jpg']);
    }
    const renamed = save(
      'h.pairs.jsonl',
      `${JSON.stringify({ a: 'gone.jpg', a_hash: CATS[0]!.hash, b: 'dogs/3.jpg', relation: 'same', source: 'answer' })}\n`,
    );
    expect((await plan(renamed)).answers.map(pathsOf)).toEqual(['cats/1.jpg dogs/3.jpg']);
  });

  it('takes an accent in either Unicode form, and no guess where two images fit', async () => {
    const file = save('pairs.csv', `a,b,same\n${'dogs/Ünal 4.JPG'.normalize('NFD')},cats/1.jpg,1\n`);
    expect((await plan(file)).answers.length).toBe(1);
    const twins = [image('a/x.jpg', 1), image('A/X.jpg', 2), image('b.jpg', 3)];
    const unclear = save('pairs.csv', 'a,b,same\na/X.jpg,b.jpg,1\na/x.jpg,b.jpg,1\n');
    const found = await plan(unclear, new Ledger(), {}, twins);
    expect([found.answers.length, found.missing]).toEqual([1, [{ line: 2, path: 'a/X.jpg' }]]);
  });

  it('says which are not there, and passes over an image paired with its own copy', async () => {
    const copy = { ...CATS[0]!, path: 'copy of 1.jpg' };
    const file = save(
      'pairs.csv',
      'a,b,same\ncats/1.jpg,nowhere/9.jpg,1\n9.jpg,cats/1.jpg,1\ncats/1.jpg,copy of 1.jpg,1\n',
    );
    const found = await plan(file, new Ledger(), {}, [...CATS, copy]);
    expect(found).toMatchObject({ rows: 3, answers: [], missingRows: 2, samePicture: 1 });
    expect(found.missing).toEqual([
      { line: 2, path: 'nowhere/9.jpg' },
      { line: 3, path: '9.jpg' },
    ]);
  });
});

describe('a CSV of anybody', () => {
  it.each([
    [['a', 'b', 'same'], { kind: 'pairs', a: 'a', b: 'b', label: 'same', convention: 'one-is-same' }],
    [['fold', 'a', 'b', 'same', 'kind'], { kind: 'pairs', a: 'a', b: 'b', label: 'same', convention: 'one-is-same' }],
    [
      ['Path1', 'Path2', 'is_negative'],
      { kind: 'pairs', a: 'Path1', b: 'Path2', label: 'is_negative', convention: 'one-is-different' },
    ],
    [['sentence1', 'sentence2', 'label'], { kind: 'pairs', a: 'sentence1', b: 'sentence2', label: 'label' }],
    [
      ['anchor', 'positive', 'negative', 'x'],
      { kind: 'triplets', anchor: 'anchor', positive: 'positive', negative: 'negative' },
    ],
    [['image1', 'image2'], { kind: 'pairs', a: 'image1', b: 'image2' }],
    [['x', 'y'], null],
  ])('with the columns %j', (columns, guess) => {
    expect(guessColumns(columns)).toEqual(guess);
    expect(isComplete(guessColumns(columns))).toBe(
      guess !== null && (guess.kind === 'triplets' || 'convention' in guess),
    );
  });

  it('must be told what 1 means where its name does not say', async () => {
    const file = save('pairs.csv', 'image1,image2,label\ncats/1.jpg,cats/2.jpg,1\ncats/1.jpg,dogs/3.jpg,0\n');
    await expect(plan(file)).rejects.toMatchObject({ code: 'unknown-format' });
    const columns = { kind: 'pairs', a: 'image1', b: 'image2', label: 'label' } as const;
    const same = await plan(file, new Ledger(), { columns: { ...columns, convention: 'one-is-same' } });
    const different = await plan(file, new Ledger(), { columns: { ...columns, convention: 'one-is-different' } });
    expect(same.answers.map(draft => draft.relation)).toEqual(['same', 'different']);
    expect(different.answers.map(draft => draft.relation)).toEqual(['different', 'same']);
    const preview = await previewCsv(file);
    expect([preview.columns, preview.rows.length, preview.separator]).toEqual([['image1', 'image2', 'label'], 2, ',']);
  });

  it('may use semicolons or tabs, words or truth values, and leave labels open', async () => {
    const file = save(
      'pairs.csv',
      'a;b;relation\ncats/1.jpg;cats/2.jpg;Same\ncats/1.jpg;dogs/3.jpg;false\ncats/2.jpg;dogs/3.jpg;\n"dogs/Ünal 4.JPG";cats/1.jpg;incomparable\n',
    );
    const found = await plan(file);
    expect(found.answers.map(draft => draft.relation)).toEqual(['same', 'different', 'incomparable']);
    expect(found.passedOver).toBe(1);
    const tabs = save('pairs.tsv', 'anchor\tpositive\tnegative\ncats/1.jpg\tcats/2.jpg\tdogs/3.jpg\n');
    expect((await plan(tabs)).answers.map(draft => draft.relation)).toEqual(['same', 'different']);
  });

  it.each([
    ['a,b,same\n"open,x,1\n', /Line 2 of .*never closes/],
    ['', /nothing here reads it/],
    ['a,b,same\n,x,1\n', /Line 2 of .*"a" is empty/],
  ])('that is broken says so: %j', async (text, message) => {
    await expect(plan(save('pairs.csv', text))).rejects.toThrow(message);
  });
});

describe('other formats', () => {
  it('LFW pairs over a tree of their own', async () => {
    const images = [image('Ada/Ada_0001.jpg', 1), image('Ada/Ada_0002.jpg', 2), image('Bob/Bob_0001.jpg', 3)];
    const file = save('pairs.txt', '1\t1\nAda\t1\t2\nAda\t2\tBob\t1\n');
    expect(await detectFormat(file)).toBe('lfw');
    const found = await plan(file, new Ledger(), {}, images);
    expect(found.answers.map(draft => [pathsOf(draft), draft.relation, draft.why.import.line])).toEqual([
      ['Ada/Ada_0001.jpg Ada/Ada_0002.jpg', 'same', 2],
      ['Ada/Ada_0002.jpg Bob/Bob_0001.jpg', 'different', 3],
    ]);
  });

  it('a table of labels says what is the same, and nothing of the rest', async () => {
    const file = save(
      'oml.csv',
      'label,path,split,is_query,is_gallery\n0,cats/1.jpg,train,,\n0,cats/2.jpg,train,,\n1,dogs/3.jpg,train,,\n',
    );
    const found = await plan(file);
    expect(found.answers.map(draft => [pathsOf(draft), draft.relation])).toEqual([['cats/1.jpg cats/2.jpg', 'same']]);
  });

  it.each([
    ['x.pairs.jsonl', '{"a":"cats/1.jpg","b":"cats/2.jpg","relation":"same"}\n{"a":\n', /Line 2 of/],
    ['x.pairs.jsonl', '{"a":"cats/1.jpg"}\n', /Line 1 of .*neither/],
    ['x.pairs.jsonl', '[1]\n', /must be a JSON object/],
    ['x.parquet', 'PAR1 and then nothing', /no Parquet file/],
    ['x.tfrecord', 'nonsense that is long enough', /record 1 is damaged/],
    [
      'x.pytorch-metric-learning-pairs.json',
      '{"paths":["a"],"tuples":{"a1":[0],"p":[7],"a2":[],"n":[]}}',
      /points at 7/,
    ],
    ['x.sentence-transformers-pairs.jsonl', '{"sentence1":"a","sentence2":"b","label":0.5}\n', /must be 0 or 1/],
    ['pairs.txt', '1\t1\nAda\t1\t2\nAda\tx\n', /Line 3 of .*separated by tabs/],
    ['x.pairs.provenance.jsonl', '{}\n', /side file/],
    ['x.docx', 'PK', /nothing here reads it/],
  ])('a broken %s says where', async (name, text, message) => {
    await expect(plan(save(name, text))).rejects.toThrow(message);
  });

  it('text that is not UTF-8, and files that are not there, are named', async () => {
    const file = path.join(root, 'latin.pairs.jsonl');
    writeFileSync(
      file,
      Buffer.concat([Buffer.from('{"a":"caf'), Buffer.from([0xe9]), Buffer.from('","b":"x","relation":"same"}\n')]),
    );
    await expect(plan(file)).rejects.toThrow(/not UTF-8/);
    await expect(plan(path.join(root, 'nowhere.csv'))).rejects.toMatchObject({ code: 'file' });
  });

  it('rows that were moved since lose their provenance, not their label', async () => {
    const answers = [
      known(at(0, 0), at(0, 1), 'same'),
      known(at(0, 0), at(1, 0), 'different'),
      known(at(2, 0), at(3, 0), 'different'),
    ];
    const { files } = await exported({
      folder,
      out: root,
      from: ['answers'],
      data: { ...DATA, answers },
      format: 'sentence-transformers',
    });
    const { readFileSync } = await import('node:fs');
    const { path: file } = files[0]!;
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    writeFileSync(file, `${lines.reverse().join('\n')}\n`);
    const found = await plan(file, new Ledger(), {}, IMAGES);
    expect(found.answers.length).toBe(3);
    expect(found.missingRows).toBe(0);
  });
});
