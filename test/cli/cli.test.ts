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
    const child = spawn(process.execPath, [cli, 'embed', many], { stdio: ['ignore', 'pipe', 'pipe'] });
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => {
      // Once: a second one ends the process at once, as people expect of it.
      if (!err.includes('embed:') && (err + chunk.toString()).includes('embed:')) child.kill('SIGINT');
      err += chunk.toString();
    });
    const code = await new Promise(resolve => child.once('exit', resolve));
    expect(code).toBe(130);
    expect(err).toContain('Cancelled');
    const rest = json(await margin('embed', many, '--json')) as { embedded: number; fromCache: number; images: number };
    expect(rest.embedded + rest.fromCache).toBe(rest.images);
    expect(rest.embedded).toBeGreaterThan(0);
  });
});
