// What 200 answers teach on a flat folder, without classes: before and after on held-out pairs, by the command line alone.
//
//   npm run build && node scripts/flat-answers.mjs [--data ../shared/data] [--work .cache/flat] [--sets mnist,omniglot,clothing]
//     [--seeds 5] [--answers 200] [--train '--no-map --from starter …'] [--json FILE]
//
// For each set and seed: images are drawn and parted in two. One part lies flat in a folder; its pairs are mined with
// `--lane uncertain-pairs` in four rounds, answered from the true classes and put into the ledger by `margin import`; then
// `margin train`, with what it chooses itself (or with `--train`). The other part gives random pairs, half of them same, that
// starter and trained network are judged by with `margin evaluate --pairs`: no image of theirs was ever answered.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { drawer } from './drawer.mjs';

const root = path.resolve(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    data: { type: 'string', default: path.join(root, '../shared/data') },
    work: { type: 'string', default: path.join(root, '.cache/flat') },
    dist: { type: 'string', default: path.join(root, 'dist') },
    sets: { type: 'string', default: 'mnist,omniglot,clothing' },
    seeds: { type: 'string', default: '5' },
    answers: { type: 'string', default: '200' },
    train: { type: 'string', default: '' },
    json: { type: 'string' },
  },
});
const work = path.resolve(values.work);
const cli = path.join(path.resolve(values.dist), 'cli.cjs');
const ROUNDS = 4;
const HELD_OUT_PAIRS = 2000;

/** Classes that the starter was not trained on, and how many images of each go to either part. */
const SETS = {
  mnist: { archive: 'mnist-train10k', from: '', each: 40 },
  omniglot: {
    archive: 'omniglot-background-small1',
    from: 'images_background_small1',
    only: /^(Early_Aramaic|Latin)\//,
    each: 10,
  },
  clothing: { archive: 'clothing-dev', from: '', only: /^(dress|hat)$/, each: 70 },
};

const results = [];
for (const name of values.sets.split(',')) {
  for (let seed = 1; seed <= Number(values.seeds); seed++) results.push({ set: name, seed, ...study(name, seed) });
  summarise(name);
}
if (values.json) writeFileSync(values.json, JSON.stringify(results, null, 1) + '\n');

function study(name, seed) {
  const folder = path.join(work, `${name}-${seed}`);
  rmSync(folder, { recursive: true, force: true });
  const draw = drawer(seed);
  const { pool, judged } = layOut(SETS[name], folder, draw);
  const held = path.join(folder, 'held-out');
  writeFileSync(path.join(folder, 'pairs.csv'), heldOutPairs(judged, draw));

  const flat = path.join(folder, 'flat');
  const answered = new Map();
  const each = Math.ceil(Number(values.answers) / ROUNDS);
  for (let round = 1; round <= ROUNDS; round++) {
    const mined = path.join(folder, `mined-${round}.jsonl`);
    const top = Math.min(each, Number(values.answers) - answered.size);
    margin('mine', flat, '--classes', 'none', '--lane', 'uncertain-pairs', '--top', String(top), '--out', mined);
    const rows = readFileSync(mined, 'utf8').trim().split('\n').map(JSON.parse).map(pairOf);
    for (const [a, b] of rows) answered.set(`${a},${b}`, pool.get(a) === pool.get(b) ? 1 : 0);
    const csv = path.join(folder, `answers-${round}.csv`);
    writeFileSync(
      csv,
      ['a,b,same', ...rows.map(([a, b]) => `${a},${b},${answered.get(`${a},${b}`)}`)].join('\n') + '\n',
    );
    margin(
      'import',
      flat,
      '--from',
      csv,
      '--classes',
      'none',
      '--format',
      'csv',
      '--a',
      'a',
      '--b',
      'b',
      '--label',
      'same',
    );
  }
  const trained = margin(
    ...['train', flat, '--classes', 'none', ...values.train.split(' ').filter(Boolean)],
    ...['--seed', String(seed), '--out', 'answered'],
  );
  const judge = model =>
    margin('evaluate', held, '--model', model, '--pairs', path.join(folder, 'pairs.csv'), '--queries', '1')
      .verification;
  const [before, after] = [judge('starter'), judge(path.join(flat, '.margin/models/answered'))];
  const result = {
    images: pool.size,
    answers: answered.size,
    same: [...answered.values()].filter(Boolean).length,
    seconds: Math.round(trained.seconds),
    // what the training itself says, from answers alone
    said: trained.map && {
      before: trained.map.before.value,
      after: trained.map.after.value,
      better: trained.map.better,
    },
    before: figures(before),
    after: figures(after),
  };
  console.error(`${name} ${seed}: ${JSON.stringify(result)}`);
  return result;
}

function figures({ auc, equalErrorRate, pixels }) {
  return {
    auc: auc.value,
    low: auc.low,
    high: auc.high,
    equalErrorRate: equalErrorRate.value,
    pixelsAuc: pixels.auc.value,
  };
}

/** One part flat and without names that tell, the other in class folders (its pairs say what is same). */
function layOut({ archive, from, only, each }, folder, draw) {
  const sets = path.join(work, 'sets');
  if (!existsSync(path.join(sets, archive))) {
    mkdirSync(sets, { recursive: true });
    execFileSync('tar', ['-xzf', path.resolve(values.data, `${archive}.tar.gz`), '-C', sets]);
  }
  const base = path.join(sets, archive, from);
  const files = readdirSync(base, { recursive: true }).filter(file => /\.(png|jpe?g)$/i.test(file));
  const classes = [...new Set(files.map(file => path.dirname(file)))].filter(name => !only || only.test(name)).sort();
  const pool = new Map();
  const judged = new Map();
  mkdirSync(path.join(folder, 'flat'), { recursive: true });
  mkdirSync(path.join(folder, 'held-out'), { recursive: true });
  const drawn = classes.flatMap(name => {
    const own = shuffled(files.filter(file => path.dirname(file) === name).sort(), draw).slice(0, 2 * each);
    return own.map((file, i) => ({ file, name, judged: i % 2 === 1 }));
  });
  for (const [i, { file, name, judged: out }] of shuffled(drawn, draw).entries()) {
    const flatName = `${String(i).padStart(5, '0')}${path.extname(file)}`;
    (out ? judged : pool).set(flatName, name);
    cpSync(path.join(base, file), path.join(folder, out ? 'held-out' : 'flat', flatName));
  }
  return { pool, judged };
}

function heldOutPairs(judged, draw) {
  const names = [...judged.keys()];
  const byClass = new Map();
  for (const name of names) byClass.set(judged.get(name), [...(byClass.get(judged.get(name)) ?? []), name]);
  const pick = list => list[Math.floor(draw() * list.length)];
  const seen = new Set();
  const rows = [];
  for (const same of [1, 0]) {
    for (let tries = 0; rows.length < (same ? HELD_OUT_PAIRS / 2 : HELD_OUT_PAIRS) && tries < 100_000; tries++) {
      const a = pick(names);
      const b = pick(same ? byClass.get(judged.get(a)) : names);
      const key = a < b ? `${a},${b}` : `${b},${a}`;
      if (a === b || seen.has(key) || (judged.get(a) === judged.get(b)) !== (same === 1)) continue;
      seen.add(key);
      rows.push(`1,${a},${b},${same}`);
    }
  }
  return ['fold,a,b,same', ...rows].join('\n') + '\n';
}

function pairOf({ a, b }) {
  return [a.path, b.path];
}

function summarise(name) {
  const own = results.filter(({ set }) => set === name);
  const line = (label, list) => console.log(`  ${label.padEnd(12)} ${intervalOf(list)}`);
  console.log(
    `\n${name}: ${own.length} seeds, ${own[0].answers} answers among ${own[0].images} images; AUC of held-out pairs, mean with 95 %`,
  );
  line(
    'raw pixels',
    own.map(({ before }) => before.pixelsAuc),
  );
  line(
    'before',
    own.map(({ before }) => before.auc),
  );
  line(
    'after',
    own.map(({ after }) => after.auc),
  );
  line(
    'gain',
    own.map(({ before, after }) => after.auc - before.auc),
  );
  console.log(`  same among the answers: ${own.map(({ same }) => same).join(', ')}`);
  line(
    'EER before',
    own.map(({ before }) => before.equalErrorRate),
  );
  line(
    'EER after',
    own.map(({ after }) => after.equalErrorRate),
  );
}

/** Mean and its 95 % interval by Student's t over the seeds. */
function intervalOf(list) {
  const T = [NaN, NaN, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];
  const mean = list.reduce((sum, v) => sum + v, 0) / list.length;
  const spread = Math.sqrt(list.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (list.length - 1));
  const half = ((T[list.length] ?? 1.96) * spread) / Math.sqrt(list.length);
  return `${mean.toFixed(4)} (${(mean - half).toFixed(4)} to ${(mean + half).toFixed(4)})`;
}

function margin(...args) {
  const text = execFileSync(process.execPath, [cli, ...args, '--json', '--quiet'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return JSON.parse(text);
}

function shuffled(list, draw) {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(draw() * (i + 1));
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}
