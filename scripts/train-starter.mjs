// Trains the starter model with the product's own `margin train`, and judges it on what it never saw.
//
//   npm run build && node scripts/train-starter.mjs [--data ../shared/data] [--work .cache/starter] [--judge-only] [--minutes N] [--out FOLDER]
//
// Left out of training: two classes of clothing-dev, three of fashion-mnist, two alphabets of omniglot, all of mnist and of
// the near-duplicate set, and the photographs that the latter was made of. Besides the classes of those sets, single pictures
// are classes of their own, met changed at random: a photograph and its mirror image, a patch of a photograph, a garment; so
// the network also learns what tells pictures of one class apart, which is what an unseen set asks of it. And classes are made
// of classes: pictures turned by quarters, and characters as light strokes of three widths on a dark ground.
// The result goes to media/models/starter; the figures into its card. A run that was broken off goes on from its last
// checkpoint when the same command is given again.
import { build } from 'esbuild';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { parseArgs } from 'node:util';
import { drawer } from './drawer.mjs';

const root = path.resolve(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    data: { type: 'string', default: path.join(root, '../shared/data') },
    work: { type: 'string', default: path.join(root, '.cache/starter') },
    dist: { type: 'string', default: path.join(root, 'dist') },
    'judge-only': { type: 'boolean', default: false },
    minutes: { type: 'string' },
    out: { type: 'string', default: path.join(root, 'media/models/starter') },
  },
});
const work = path.resolve(values.work);
const dist = path.resolve(values.dist);
const sets = path.join(work, 'sets');
const trained = path.join(work, 'train');
const starter = path.resolve(values.out);

/** Folder in the training set, folder in the archive, classes kept out of it. */
const PARTS = [
  { set: 'clothing-dev', as: 'clothing', from: '', leaveOut: ['dress', 'hat'] },
  { set: 'fashion-mnist-train10k', as: 'fashion', from: '', leaveOut: ['3-dress', '8-bag', '9-ankle-boot'] },
  {
    set: 'omniglot-background-small1',
    as: 'omniglot',
    from: 'images_background_small1',
    leaveOut: ['Early_Aramaic', 'Latin'],
  },
];

/** What each choice is: see `margin train --help`. Every batch is of one kind of picture: one is what a person mines in. */
const CHOICES = [
  ...['--backbone', 'resnet', '--widen', '0.5', '--input-size', '64', '--channels', '3', '--embedding-size', '128'],
  ...['--loss', 'triplet', '--distance', 'l2', '--margin', '0.2', '--mining', 'semi-hard', '--siblings', '1'],
  ...['--classes-per-batch', '24', '--images-per-class', '4', '--epochs', '140', '--steps-per-epoch', '100'],
  // A mirrored letter is another letter: no flips; photographs have their mirror images beside them.
  ...['--augment', 'affine,crop,colour', '--held-out', '0', '--whiten', '--learning-rate', '0.001', '--seed', '1'],
];

/** Garments of each fashion class that are classes of their own besides. */
const SINGLE_GARMENTS = 400;
const PATCHES_PER_PHOTO = 4;
const CHARACTERS_TURNED = 10;
const QUARTERS = [90, 180, 270];
/** Pictures of a class that are met turned by quarters, as other classes. */
const TURNED = { clothing: { each: 150, size: 96 }, fashion: { each: 300, size: 32 } };

unpack();
if (!values['judge-only']) {
  await layOut();
  train();
}
judge();

function unpack() {
  mkdirSync(sets, { recursive: true });
  for (const name of [...PARTS.map(part => part.set), 'mnist-train10k', 'neardup-dev']) {
    if (existsSync(path.join(sets, name))) continue;
    const archive = path.resolve(values.data, `${name}.tar.gz`);
    if (!existsSync(archive)) throw new Error(`${archive} is not there: give --data`);
    execFileSync('tar', ['-xzf', archive, '-C', sets]);
  }
}

/** The training folder: the kept classes of each set as hard links, then single pictures, a folder each. */
async function layOut() {
  const done = path.join(work, 'laid-out');
  if (existsSync(done)) return;
  rmSync(trained, { recursive: true, force: true });
  const judgedOn = new Set(
    readFileSync(path.join(sets, 'neardup-dev/groups.csv'), 'utf8').match(/[\w-]+(?=\.\w+\s*$)/gm),
  );
  for (const { set, as, from, leaveOut } of PARTS) {
    const base = path.join(sets, set, from);
    for (const entry of readdirSync(base, { withFileTypes: true })) {
      if (!entry.isDirectory() || leaveOut.includes(entry.name)) continue;
      link(path.join(base, entry.name), path.join(trained, as, entry.name), judgedOn);
    }
  }
  await singles('clothing', async (file, name, i) => {
    const shrunk = await sharp(file).rotate().resize(96, 96, { fit: 'fill' }).png().toBuffer();
    await put(`photo/${name}`, 'a.png', shrunk);
    await put(`photo/${name}`, 'b.png', await sharp(shrunk).flop().png().toBuffer());
    const { width, height } = await sharp(file).metadata();
    const draw = drawer(i);
    for (let k = 0; k < PATCHES_PER_PHOTO; k++) {
      const side = Math.floor(Math.min(width, height) * (0.35 + 0.25 * draw()));
      const [left, top] = [width - side, height - side].map(room => Math.floor(room * draw()));
      const patch = sharp(file).extract({ left, top, width: side, height: side }).resize(96, 96, { fit: 'fill' });
      await put(`patch/${name}-${k}`, 'a.png', await patch.png().toBuffer());
    }
  });
  // Written anew, with other bytes: the same file in two classes would be one picture of two classes.
  await singles(
    'fashion',
    async (file, name) => put(`garment/${name}`, 'a.png', await sharp(file).resize(32, 32).png().toBuffer()),
    SINGLE_GARMENTS,
  );
  for (const [set, { each, size }] of Object.entries(TURNED)) {
    await turned(set, each, file => sharp(file).rotate().resize(size, size, { fit: 'fill' }).png().toBuffer());
  }
  for (const alphabet of readdirSync(path.join(trained, 'omniglot')).sort()) {
    await strokes(alphabet);
    await turned(`omniglot/${alphabet}`, CHARACTERS_TURNED, file => sharp(file).png().toBuffer());
  }
  writeFileSync(done, '');
}

/** A class beside each class of a folder for each quarter turn. */
async function turned(set, each, make) {
  for (const entry of readdirSync(path.join(trained, set)).sort()) {
    const files = readdirSync(path.join(trained, set, entry))
      .sort()
      .slice(0, each);
    for (const file of files) {
      const upright = await make(path.join(trained, set, entry, file));
      for (const angle of QUARTERS) {
        const bytes = await sharp(upright).rotate(angle).png().toBuffer();
        await put(`${set}/${entry}-turned-${angle}`, `${path.parse(file).name}.png`, bytes);
      }
    }
  }
}

/** An alphabet as light strokes on a dark ground, of three widths, upright and turned. */
async function strokes(alphabet) {
  const base = path.join(trained, 'omniglot', alphabet);
  for (const character of readdirSync(base).sort()) {
    for (const [i, file] of readdirSync(path.join(base, character)).sort().entries()) {
      // A picture at a time: sharp makes small before it blurs, whatever order it is told in.
      const dark = sharp(path.join(base, character, file))
        .toColourspace('b-w')
        .negate({ alpha: false });
      const soft = await dark
        .blur(1.5 + (i % 3))
        .png()
        .toBuffer();
      const wide = await sharp(soft)
        .linear(2.5 + 1.2 * (i % 3), 0)
        .png()
        .toBuffer();
      const small = await sharp(wide).resize(28, 28).png().toBuffer();
      for (const angle of i < CHARACTERS_TURNED ? [0, ...QUARTERS] : [0]) {
        const bytes = angle === 0 ? small : await sharp(small).rotate(angle).png().toBuffer();
        await put(`strokes/${alphabet}/${character}-${angle}`, `${path.parse(file).name}.png`, bytes);
      }
    }
  }
}

async function singles(set, make, each = Infinity) {
  for (const entry of readdirSync(path.join(trained, set)).sort()) {
    const files = readdirSync(path.join(trained, set, entry))
      .sort()
      .slice(0, each);
    for (const [i, file] of files.entries())
      await make(path.join(trained, set, entry, file), `${entry}-${path.parse(file).name}`, i);
  }
}

async function put(folder, name, bytes) {
  mkdirSync(path.join(trained, folder), { recursive: true });
  writeFileSync(path.join(trained, folder, name), bytes);
}

function link(from, to, leaveOut = new Set()) {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [a, b] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) link(a, b, leaveOut);
    else if (!leaveOut.has(path.parse(entry.name).name)) linkSync(a, b);
  }
}

function train() {
  const limit = values.minutes ? ['--max-minutes', values.minutes] : [];
  const args = [
    path.join(dist, 'cli.cjs'),
    'train',
    trained,
    ...CHOICES,
    ...limit,
    '--out',
    'starter-candidate',
    '--json',
  ];
  console.error(`$ margin ${args.slice(1).join(' ')}`);
  const run = spawnSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (run.status !== 0) process.exit(run.status ?? 1);
  rmSync(starter, { recursive: true, force: true });
  cpSync(path.join(trained, '.margin/models/starter-candidate'), starter, { recursive: true });
}

function judge() {
  const omniglot = path.join(sets, 'omniglot-unseen');
  if (!existsSync(omniglot)) {
    for (const alphabet of ['Early_Aramaic', 'Latin']) {
      link(
        path.join(sets, 'omniglot-background-small1/images_background_small1', alphabet),
        path.join(omniglot, alphabet),
      );
    }
  }
  const judged = [
    { name: 'clothing: dress, hat', folder: 'clothing-dev', queries: ['dress', 'hat'], each: 149 },
    {
      name: 'fashion-mnist: dress, bag, ankle boot',
      folder: 'fashion-mnist-train10k',
      queries: ['3-dress', '8-bag', '9-ankle-boot'],
      each: 100,
      draws: 10,
    },
    { name: 'omniglot: Early Aramaic, Latin', folder: 'omniglot-unseen', each: 20 },
    { name: 'mnist: the whole set', folder: 'mnist-train10k', each: 100, draws: 10 },
  ];
  writeFileSync(path.join(sets, 'judged.json'), JSON.stringify(judged));
  const judge = path.join(work, 'judge.cjs');
  const bundled = build({
    entryPoints: [path.join(root, 'test/bench/model/starter-judge.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: judge,
    external: ['sharp', '@tensorflow/tfjs-node'],
    logLevel: 'error',
  });
  bundled.then(() => {
    const args = [judge, starter, sets, path.join(dist, 'wasm')];
    const reports = JSON.parse(
      execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 }),
    );
    print(reports);
    writeCard(reports);
  });
}

function print(reports) {
  for (const { set, images, classes, ...ways } of reports) {
    console.log(`\n${set} (${images} images${classes ? `, ${classes} classes` : ''})`);
    for (const [way, figures] of Object.entries(ways)) {
      const line = Object.entries(figures)
        .filter(([key]) => key !== 'queries')
        .map(([key, figure]) => `${key} ${show(figure)}`);
      console.log(`  ${way.padEnd(18)} ${line.join('   ')}`);
    }
  }
}

function show(figure) {
  const percent = value => (100 * value).toFixed(1);
  return typeof figure === 'number'
    ? percent(figure)
    : `${percent(figure.value)} (${percent(figure.low)}-${percent(figure.high)})`;
}

function writeCard(reports) {
  const file = path.join(starter, 'card.json');
  const card = JSON.parse(readFileSync(file, 'utf8'));
  card.name = 'starter';
  card.description =
    'A small general embedder for a first round of mining: photographs, drawings, characters. Trained by Margin itself on three classes of clothing photographs, seven of Fashion-MNIST and three Omniglot alphabets, on some of these turned or drawn as light strokes, and on single photographs, patches of them and garments as classes of their own, met changed at random; then whitened within its classes.';
  card.licence = 'MIT. Trained on: clothing-dataset-small (CC0 1.0), Fashion-MNIST (MIT), Omniglot (MIT).';
  const rounded = JSON.parse(
    JSON.stringify(reports, (_, v) => (typeof v === 'number' ? Math.round(v * 1e4) / 1e4 : v)),
  );
  card.evaluation = { unseen: rounded };
  writeFileSync(file, JSON.stringify(card, null, 1) + '\n');
}
