import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shapeImage, writeShapes } from '../support/images';

// The built command line as a person runs it: real processes, their streams and exit codes.
const cli = path.join(process.env['MARGIN_DIST'] ?? path.resolve(__dirname, '../../dist'), 'cli.cjs');

let home: string;
let folder: string;

beforeAll(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'margin-cli-'));
  folder = path.join(home, 'shapes, "quoted" – ümläut');
  await writeShapes(folder, 6);
});

afterAll(() => rm(home, { recursive: true, force: true }));

interface Outcome {
  code: number;
  out: string;
  err: string;
}

function margin(...args: string[]): Promise<Outcome> {
  return new Promise(resolve => {
    execFile(process.execPath, [cli, ...args], (error, out, err) => {
      resolve({ code: error ? (typeof error.code === 'number' ? error.code : -1) : 0, out, err });
    });
  });
}

/** Runs a command and interrupts it once, as soon as it says that it is at a stage: a second Ctrl+C ends it at once. */
async function interrupted(stage: string, args: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    const was = said.err.includes(`${stage}:`);
    said.err += chunk.toString();
    if (!was && said.err.includes(`${stage}:`)) child.kill('SIGINT');
  });
  const code = await new Promise<number>(resolve => child.once('close', ended => resolve(ended ?? -1)));
  return { code, ...said };
}

const json = (outcome: Outcome) => JSON.parse(outcome.out) as Record<string, unknown>;

describe('margin', () => {
  it('goes from a folder to a manifest, with one JSON object a command on standard output', async () => {
    const scan = await margin('scan', folder, '--json');
    expect(scan.code).toBe(0);
    expect(json(scan)).toMatchObject({ images: 18, problems: [] });
    expect((json(scan)['backend'] as { why: string[] }).why.length).toBeGreaterThan(0);

    const embed = json(await margin('embed', folder, '--json', '--quiet'));
    expect(embed).toMatchObject({ embedded: 18, fromCache: 0 });

    const out = path.join(home, 'lane.jsonl');
    const mine = await margin(
      'mine',
      folder,
      '--json',
      '--lane',
      'semi-hard-triplets',
      '--margin',
      '0.5',
      '--out',
      out,
    );
    expect(mine.code).toBe(0);
    const { lane } = json(mine) as { lane: { total: number } };
    const rows = (await readFile(out, 'utf8'))
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { kind: string });
    expect(rows).toHaveLength(lane.total);
    expect(rows.every(row => row.kind === 'triplet')).toBe(true);

    const answer = await margin('answer', folder, '--a', 'circle/00.png', '--b', 'circle/01.png', '--relation', 'same');
    expect(answer.code).toBe(0);
    await margin('answer', folder, '--a', 'circle/00.png', '--b', 'square/01.png', '--relation', 'different');

    const manifests = path.join(home, 'manifests');
    const written = json(
      await margin('export', folder, '--as', 'triplets', '--format', 'csv', '--out', manifests, '--json'),
    );
    expect(written['counts']).toMatchObject({ rows: 2, answer: 1, implied: 1 });
    const files = await readdir(manifests);
    expect(files).toContain('all.triplets.csv');
    expect(await readFile(path.join(manifests, 'all.triplets.csv'), 'utf8')).toContain(
      'circle/00.png,circle/01.png,square/01.png',
    );

    const again = json(await margin('import', folder, '--from', path.join(manifests, 'all.triplets.csv'), '--json'));
    expect(again).toMatchObject({ rows: 2, added: 0, already: 2, passedOver: 1, conflicts: [] });
  });

  it('tells the best candidates with paths and distances, and leaves out what the lane does not heed', async () => {
    const triplets = ['mine', folder, '--lane', 'semi-hard-triplets', '--margin', '0.5', '--quiet'];
    const { out } = await margin(...triplets);
    const [head, , third] = out.split('\n');
    expect(head).toMatch(/^\d+ candidates \(\d+ found\) in /);
    expect(out).toContain(', margin 0.5, wasm-');
    expect(third).not.toBe('');
    const told = out.split('\n').filter(line => /^ +\d+\. /.test(line));
    expect(told).toHaveLength(10);
    expect(told[0]).toMatch(
      /^ {3}1\. \w+\/\d+\.png, positive \w+\/\d+\.png at [\d.e-]+, negative \w+\/\d+\.png at [\d.e-]+$/,
    );
    const all = json(await margin(...triplets, '--json')) as { lane: object; candidates: { rank: number }[] };
    expect(all.candidates.map(({ rank }) => rank)).toEqual(all.candidates.map((_, at) => at));
    expect(all.lane).toMatchObject({ margin: 0.5, total: all.candidates.length });
    const three = json(await margin(...triplets, '--json', '--top', '3')) as typeof all;
    expect(three.candidates).toEqual(all.candidates.slice(0, 3));

    const positives = ['mine', folder, '--lane', 'hard-positives', '--quiet', '--top', '1'];
    const one = await margin(...positives);
    expect(one.out).toMatch(/^1 candidate \(\d+ found\)/);
    expect(one.out).toContain(', farther than ');
    expect(one.out).not.toContain('margin');
    expect(json(await margin(...positives, '--json'))['lane']).not.toHaveProperty('margin');
  });

  it('numbers the groups of near duplicates in the text, in --json and in --out', async () => {
    const out = path.join(home, 'groups.jsonl');
    const args = ['mine', folder, '--lane', 'near-duplicates', '--duplicate-distance', '0.6', '--quiet'];
    const text = (await margin(...args, '--out', out)).out;
    type Row = { group: { number: number; size: number } };
    const { candidates, report } = json(await margin(...args, '--json')) as {
      candidates: Row[];
      report: { groups: { count: number; images: number } };
    };
    const rows = (await readFile(out, 'utf8'))
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Row);
    expect(rows.slice(0, candidates.length)).toEqual(candidates);
    const sizes = new Map(rows.map(({ group }) => [group.number, group.size]));
    expect(sizes.size).toBe(report.groups.count);
    expect([...sizes.values()].reduce((sum, size) => sum + size)).toBe(report.groups.images);
    expect(text).toMatch(new RegExp(`^${report.groups.images} images in ${report.groups.count} groups?$`, 'm'));
    expect(text).toMatch(/ and \S+, distance \S+, group \d+ of \d+ images$/m);
  });

  it('keeps results and progress apart', async () => {
    const { out, err } = await margin('scan', folder);
    expect(out).toMatch(/^18 images, 18 distinct, 3 classes\n {2}circle: 6\n/);
    expect(err).toContain('scan: ');
    expect((await margin('scan', folder, '--quiet')).err).toBe('');
  });

  it.each([
    ['no command', []],
    ['an unknown command', ['dance', '.']],
    ['an unknown option', ['scan', '.', '--dance']],
    ['a number that is none', ['mine', '.', '--margin', 'wide']],
    ['a lane that is none', ['mine', '.', '--lane', 'fast']],
    ['a missing option', ['answer', '.', '--a', 'x']],
    ['a rank window of pairs', ['mine', '.', '--lane', 'hard-negatives', '--rank-window', '0,5']],
    ['a strategy of pairs', ['mine', '.', '--lane', 'label-errors', '--strategy', 'all']],
    ['a relative margin of pairs', ['mine', '.', '--lane', 'uncertain-pairs', '--relative-margin', '0.1']],
    ['a relative margin of hard triplets', ['mine', '.', '--lane', 'hard-triplets', '--relative-margin', '0.1']],
    ['a margin of near duplicates', ['mine', '.', '--lane', 'near-duplicates', '--margin', '1']],
    ['negatives of a pair without a strategy that takes several', ['mine', '.', '--per-pair', '3']],
    ['a margin of disagreements', ['mine', '.', '--lane', 'disagreements', '--margin', '1']],
  ])('exits with 2 for %s, and says why on standard error', async (_, args) => {
    const { code, out, err } = await margin(...args);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err.length).toBeGreaterThan(10);
  });

  it('exits with 1 for a folder that is not there, and says what to do', async () => {
    const { code, err } = await margin('scan', path.join(home, 'nowhere'));
    expect(code).toBe(1);
    expect(err).toMatch(/There is no folder .*nowhere/);
    expect(err).toContain('Open it again from where it is now');
  });

  it('exits with 2 for a random change that it does not know, and lists those it does', async () => {
    const unknown = await margin('train', folder, '--out', 'x', '--augment', 'affine,color');
    expect(unknown).toMatchObject({ code: 2, out: '' });
    expect(unknown.err).toContain('affine, flip-horizontal, flip-vertical, crop, colour, recolour');
  });

  it.each([
    [/nothing to freeze/, ['--freeze']],
    [/base network, input size, channels/, '--from starter --backbone conv4 --input-size 28 --channels 1'.split(' ')],
    [/widen is 0/, ['--widen', '0']],
    [/Cross-entropy is on the probability/, '--loss cross-entropy --distance l2'.split(' ')],
  ])('exits with 2 for choices of a training that would say nothing or make no sense: %s', async (reason, args) => {
    const refused = await margin('train', folder, '--out', 'never', '--quiet', ...args);
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toMatch(reason);
  });

  it('trains as Koch did where that is chosen, and the card says so', async () => {
    const chosen =
      '--backbone conv4 --input-size 16 --loss cross-entropy --optimiser sgd --schedule decay --weight-decay 0.002';
    const short = '--epochs 1 --steps-per-epoch 2 --widen 0.125 --embedding-size 8 --backend wasm --quiet';
    const trained = await margin('train', folder, '--out', 'koch', ...`${chosen} ${short}`.split(' '));
    expect(trained).toMatchObject({ code: 0 });
    const card = JSON.parse(await readFile(path.join(folder, '.margin/models/koch/card.json'), 'utf8')) as {
      training: { options: object };
    };
    expect(card.training.options).toMatchObject({
      optimiser: 'sgd',
      learningRate: 0.01,
      schedule: 'decay',
      weightDecay: 0.002,
    });
  });

  it('exits with 1 for a folder without images', async () => {
    const empty = path.join(home, 'empty');
    await mkdir(empty);
    await writeFile(path.join(empty, 'notes.txt'), 'no picture');
    const { code, err } = await margin('mine', empty);
    expect(code).toBe(1);
    expect(err).toMatch(/no images/);
  });

  it('writes help and the version to standard output and exits with 0', async () => {
    const help = await margin('--help');
    expect(help).toMatchObject({ code: 0, err: '' });
    for (const command of ['scan', 'embed', 'mine', 'answer', 'export', 'import', 'bench'])
      expect(help.out).toContain(command);
    expect((await margin('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('lists the pairs on which people differ, without a model, and settles them', async () => {
    const pair = ['answer', folder, '--a', 'square/02.png', '--b', 'square/03.png'];
    await margin(...pair, '--relation', 'same', '--by', 'ada');
    await margin(...pair, '--relation', 'different', '--by', 'bob');
    const out = path.join(home, 'differ.jsonl');
    const list = ['mine', folder, '--lane', 'disagreements', '--quiet'];
    const { code, out: text } = await margin(...list, '--out', out);
    expect(code).toBe(0);
    expect(text).toContain('People differ about 1 pair\n  square/02.png and square/03.png: ada same, bob different\n');
    expect(JSON.parse(await readFile(out, 'utf8'))).toMatchObject({
      kind: 'pair',
      lane: 'disagreements',
      said: [
        { by: 'ada', relation: 'same' },
        { by: 'bob', relation: 'different' },
      ],
    });
    const other = ['answer', folder, '--a', 'square/01.png', '--b', 'square/03.png'];
    await margin(...other, '--relation', 'same', '--by', 'ada');
    await margin(...other, '--relation', 'different', '--by', 'bob');
    expect((await margin(...list, '--top', '1')).out).toContain('People differ about 2 pairs, of which 1 here\n');
    await margin(...other, '--relation', 'same', '--by', 'carol', '--settle');
    await margin(...pair, '--relation', 'same', '--by', 'carol', '--settle');
    expect(json(await margin(...list, '--json'))).toEqual({ lane: 'disagreements', items: [] });
  });

  it('mines by an index above the given number, and says how much that sees', async () => {
    const args = ['mine', folder, '--lane', 'semi-hard-triplets', '--margin', '0.5', '--quiet'];
    const exact = json(await margin(...args, '--json')) as { report: { recall?: number } };
    expect(exact.report.recall).toBeUndefined();
    const quick = await margin(...args, '--json', '--index-above', '17');
    const { report } = json(quick) as { report: { recall: number; notes: string[] } };
    expect(report.recall).toBeGreaterThan(0);
    expect(report.recall).toBeLessThanOrEqual(1);
    const { out } = await margin(...args, '--index-above', '17');
    expect(out).toContain(
      `above 17 images an index looks; it sees ${Math.round(100 * report.recall)} % of what there is`,
    );
    expect((await margin(...args, '--index-above', '18')).out).not.toContain('an index looks');
  });

  it('tells each epoch of a training, and replaces no model that was trained otherwise', async () => {
    const shapes = path.join(home, 'to-train');
    await writeShapes(shapes, 8);
    const choices = [
      '--backbone',
      'conv4',
      '--steps-per-epoch',
      '2',
      '--seed',
      '3',
      '--backend',
      'wasm',
      '--out',
      'kept',
    ];
    const train = ['train', shapes, ...choices, '--epochs', '3'];
    // Stopped after its first epoch, it keeps the best so far...
    const child = spawn(process.execPath, [cli, ...train.slice(0, -1), '400'], { stdio: ['ignore', 'ignore', 'pipe'] });
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => {
      const before = err;
      err += chunk.toString();
      if (!before.includes('epoch 1 of') && err.includes('epoch 1 of')) child.kill('SIGINT');
    });
    expect(await new Promise(resolve => child.once('exit', resolve))).toBe(130);
    const card = async () =>
      JSON.parse(await readFile(path.join(shapes, '.margin/models/kept/card.json'), 'utf8')) as {
        training: { ended: string };
      };
    expect((await card()).training.ended).toBe('cancelled');
    // ...and another training does not take its place unasked.
    const other = await margin(...train);
    expect(other).toMatchObject({ code: 1, out: '' });
    expect(other.err).toMatch(
      /There is a model “kept” already: trained with other choices \(conv4, triplet, l2, 400 epochs\) on \d+ images/,
    );
    expect(other.err).toContain('--force');
    expect((await card()).training.ended).toBe('cancelled');

    const forced = await margin(...train, '--force');
    expect(forced.code).toBe(0);
    const lines = forced.err.split('\n').filter(line => line.startsWith('epoch '));
    expect(lines).toHaveLength(3);
    for (const [i, line] of lines.entries())
      expect(line).toMatch(
        new RegExp(
          String.raw`^epoch ${String(i + 1)} of 3: loss [\d.e-]+, held-out MAP@R [\d.]+ %, best [\d.]+ % \(epoch \d\)$`,
        ),
      );
    expect(forced.out).toMatch(/held out by image, \d+ quer(y|ies)[^]*\n {2} +before +after\n {2}P@1 +[\d.]+ % \(/);
    // The same again is the same training.
    const again = await margin(...train, '--quiet');
    expect(again).toMatchObject({ code: 0, err: '' });
  }, 120_000);

  it('judges a model beside raw pixels and chance, each figure with its interval, in columns', async () => {
    const pairs = path.join(home, 'pairs.csv');
    const rows = ['circle', 'square'].flatMap(shape => [
      `1,circle/00.png,${shape}/01.png,${shape === 'circle' ? 1 : 0}`,
      `1,circle/02.png,${shape}/03.png,${shape === 'circle' ? 1 : 0}`,
    ]);
    await writeFile(pairs, ['fold,a,b,same', ...rows].join('\n'));
    const { code, out } = await margin('evaluate', folder, '--pairs', pairs, '--quiet');
    expect(code).toBe(0);
    const span = String.raw`[\d.]+ % \([\d.]+ to [\d.]+\)`;
    for (const figure of ['P@1', 'Recall@5', 'Recall@10', 'R-precision', 'MAP@R', 'equal error rate'])
      expect(out).toMatch(new RegExp(`\\n  ${figure} +${span} +${span} +[\\d.]+ %\\n`));
    expect(out).toMatch(/\n {2}FNMR at FMR 10\.0 % +[\d.]+ % \(.*\) +[\d.]+ % \(.*\) +90\.0 %\n/);
    expect(out).toMatch(/\n {2}AUC +\d\.\d{4} \(\d\.\d{4} to \d\.\d{4}\) +\d\.\d{4} \(.*\) +0\.5000\n/);
    const table = out.split('\n').filter(line => /^ {2}(P@1|Recall|R-prec|MAP)/.test(line));
    // aligned: the second column begins at one place
    expect(new Set(table.map(line => line.search(/(?<= {2}\S+ +)\d/)))).toHaveProperty('size', 1);
  });

  it('says what images without classes are by a folder of examples, and writes it to a file', async () => {
    const examples = path.join(home, 'examples');
    const unsorted = path.join(home, 'unsorted');
    await writeShapes(examples, 4, ['circle', 'square']);
    await mkdir(unsorted);
    for (let i = 0; i < 3; i++)
      await writeFile(path.join(unsorted, `${String(i)}.png`), await shapeImage('circle', 30 + i));
    const file = path.join(home, 'guesses.jsonl');
    const { code, out } = await margin('evaluate', unsorted, '--examples', examples, '--out', file, '--quiet');
    expect(code).toBe(0);
    expect(out).toMatch(/3 images classified by the nearest of 8 examples, \d+ near-tie/);
    expect(out).toContain('not scored: no image has a class that is among those of the examples');
    const guesses = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(guesses.map(line => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ path: '0.png', agreement: 1 }),
      expect.objectContaining({ path: '1.png' }),
      expect.objectContaining({ path: '2.png' }),
    ]);
    const alone = await margin('evaluate', unsorted, '--out', file);
    expect(alone).toMatchObject({ code: 2, out: '' });
    expect(alone.err).toContain('--out is for guesses');
    const nothing = await margin('evaluate', unsorted, '--quiet');
    expect(nothing.out).toMatch(/No image has a class[^]*one folder a class/);
  });

  it('measures the machine, without a folder, and says what ran', async () => {
    const kernel = json(
      await margin('bench', 'kernel', '--images', '1000', '--dimension', '16', '--runs', '1', '--json'),
    );
    expect(kernel).toMatchObject({ what: 'kernel', images: 1000, dimension: 16, runs: 1 });
    expect(kernel['kernel']).toMatch(/^wasm-/);
    expect(kernel['found']).toBeGreaterThan(0);
    const gflops = (2 * 1000 ** 2 * 16) / (kernel['seconds'] as number) / 1e9;
    expect(kernel['gflops']).toBeCloseTo(gflops, 6);

    const embed = await margin('bench', 'embed', '--runs', '1', '--backend', 'wasm', '--quiet');
    expect(embed).toMatchObject({ code: 0, err: '' });
    expect(embed.out).toMatch(/^model starter, .*: \d+ images\/s without decoding\non wasm with \d+ threads\n/);

    const train = json(await margin('bench', 'train', '--runs', '1', '--backend', 'wasm', '--json'));
    expect(train).toMatchObject({ what: 'train', backend: { name: 'wasm' }, network: { backbone: 'conv4' } });
    expect(train['imagesPerSecond']).toBeGreaterThan(0);

    expect((await margin('bench', 'dance')).code).toBe(2);
  });

  it('runs the model on ONNX Runtime where that is asked for, or says why not', async () => {
    const { code, out, err } = await margin('bench', 'embed', '--runs', '1', '--backend', 'onnx', '--quiet');
    if (code === 0) expect(out).toContain('\non onnx with ');
    else expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining('onnxruntime-node') as string });
  });

  it('exits with 130 on Ctrl+C, and the next run goes on where it stopped', async () => {
    const many = path.join(home, 'many');
    await mkdir(path.join(many, 'a'), { recursive: true });
    for (let i = 0; i < 600; i++) await writeFile(path.join(many, 'a', `${i}.png`), await shapeImage('circle', i));
    const { code, err } = await interrupted('embed', ['embed', many]);
    expect(code).toBe(130);
    expect(err).toContain('Cancelled');
    const rest = json(await margin('embed', many, '--json')) as { embedded: number; fromCache: number; images: number };
    expect(rest.embedded + rest.fromCache).toBe(rest.images);
    expect(rest.embedded).toBeGreaterThan(0);
  });

  it('keeps the lane that is stored on Ctrl+C, shows what was found, and says both', async () => {
    const many = path.join(home, 'many to mine');
    await writeShapes(many, 500);
    // with draws every image is compared with every other by the plain kernel: that takes seconds
    const mine = ['mine', many, '--lane', 'semi-hard-triplets', '--margin', '0.5', '--per-image', '20'];
    const whole = json(await margin(...mine, '--json')) as { lane: { total: number } };
    expect(whole.lane.total).toBe(1000);
    const stored = path.join(many, '.margin/cache/lanes/semi-hard-triplets.json');
    const before = await readFile(stored);
    const found = path.join(home, 'part.jsonl');
    const again = [...mine, '--strategy', 'distance-weighted', '--top', '3000', '--out', found];
    const { code, out, err } = await interrupted('mine', again);
    expect({ code, err }).toMatchObject({ code: 130, err: expect.stringContaining('Cancelled') as string });
    expect(out).toMatch(/^\d+ candidates? \(\d+ found\) in .* s, cut short\n/);
    expect(out).toContain('not stored: the lane mined before, of 1000 candidates, was kept\n');
    expect(await readFile(stored)).toEqual(before);
    const rows = (await readFile(found, 'utf8')).split('\n').filter(Boolean);
    expect(rows).toHaveLength(Number(/^\d+/.exec(out)![0]));
  });
});
