// npm run bench -- kernel [--only headline,metrics,…] [--runs 3] [--python PATH] [--n 100000] [--sizes 1000,… --dimensions 64,…]
// --only index [--library FOLDER with usearch in its node_modules] [--vectors FILE.npy --labels FILE.json]
// Every measurement runs in a process of its own; what is compared takes turns in the same run, and medians of ratios count.
import { build } from 'esbuild';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const here = import.meta.dirname;
const root = path.resolve(here, '../../..');
const median = values => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
const absolute = folder => (folder === undefined ? undefined : path.resolve(folder));
const load = () => os.loadavg()[0].toFixed(1);

export async function benchKernel(args) {
  const { values } = parseArgs({
    args,
    options: {
      sizes: { type: 'string', default: '1000,3000,10000,30000' },
      dimensions: { type: 'string', default: '64,128,512' },
      runs: { type: 'string', default: '3' },
      n: { type: 'string', default: '100000' },
      python: { type: 'string', default: process.env.FAISS_PYTHON ?? 'python3' },
      only: { type: 'string' },
      library: { type: 'string' },
      vectors: { type: 'string' },
      labels: { type: 'string' },
      dist: { type: 'string', default: path.join(root, 'dist') },
    },
  });
  const wasmDir = path.join(values.dist, 'wasm');
  const workerPath = path.join(values.dist, 'kernel-worker.cjs');
  if (!existsSync(workerPath)) throw new Error('there is no dist: run npm run build first');
  const folder = mkdtempSync(path.join(os.tmpdir(), 'margin-bench-'));
  try {
    const file = path.join(folder, 'case.cjs');
    await build({
      entryPoints: [path.join(here, 'case.ts')],
      outfile: file,
      bundle: true,
      platform: 'node',
      logLevel: 'error',
    });
    const context = {
      file,
      folder,
      wasmDir,
      workerPath,
      runs: Number(values.runs),
      n: Number(values.n),
      python: values.python,
    };
    const sizes = values.sizes.split(',').map(Number);
    const dimensions = values.dimensions.split(',').map(Number);
    const ofIndex = { library: absolute(values.library), vectors: values.vectors, labels: values.labels };
    const parts = {
      headline,
      metrics,
      kernels,
      again,
      cancel,
      index: () => index(context, ofIndex),
      curve: () => curve(context, sizes, dimensions),
    };
    console.log(`${os.cpus()[0].model}, ${os.availableParallelism()} cores, Node ${process.version}, load ${load()}`);
    for (const [name, part] of Object.entries(parts)) {
      if (values.only === undefined || values.only.split(',').includes(name)) await part(context);
    }
    console.log(`load at the end: ${load()}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function measure({ file, wasmDir, workerPath }, bench) {
  const wanted = { metric: 'l2', kind: 'clustered', d: 128, wasmDir, workerPath, ...bench };
  return JSON.parse(execFileSync(process.execPath, [file, JSON.stringify(wanted)], { encoding: 'utf8' }));
}

const gflops = ({ n, d }, seconds) => (2 * n * n * d) / seconds / 1e9;
const line = (...cells) => console.log(cells.join('  '));

const speed = (bench, { seconds, processorSeconds }) => [
  `${seconds.toFixed(1)} s`,
  `${processorSeconds.toFixed(1)} s of processor`,
  `${gflops(bench, seconds).toFixed(0)} GFLOP/s`,
];

/** What a person would have: no choice of OpenBLAS's kernels in the environment. */
function searchFaiss({ python, n, vectors }) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(OPENBLAS|OMP)_/.test(name)));
  const script = path.join(here, 'search_faiss.py');
  return JSON.parse(execFileSync(python, [script, vectors, String(n), '128', '32'], { encoding: 'utf8', env }));
}

/** The figures to reach: both tasks in one pass, and 32 nearest negatives beside faiss's 32 nearest on the same vectors. */
function headline(context) {
  const { n, runs, folder, python } = context;
  const d = 128;
  const vectors = path.join(folder, 'vectors.f32');
  const hasFaiss = spawnSync(python, ['-c', 'import faiss'], { encoding: 'utf8' }).status === 0;
  console.log(`\n${n} x ${d}, L2, in turns; GFLOP/s are 2 N² d a second`);
  if (!hasFaiss) console.log(`faiss is not there for ${python} (pip install faiss-cpu; --python PATH): not compared`);
  const all = { both: [], nearest: [], faiss: [], random: [] };
  for (let run = 0; run < runs; run++) {
    const tell = (name, result, ...more) => {
      all[name].push(result);
      line(name.padEnd(8), ...speed({ n, d }, result), ...more);
    };
    const nearest = measure(context, { what: 'nearest', n, vectorsTo: vectors });
    tell('nearest', nearest, '32 nearest negatives', `${nearest.peakMiB.toFixed(0)} MiB`);
    if (hasFaiss) {
      const faiss = searchFaiss({ python, n, vectors });
      tell('faiss', faiss, `faiss-cpu ${faiss.version} IndexFlatL2, k = 32, ${faiss.threads} threads`);
    }
    for (const kind of ['clustered', 'random']) {
      const both = measure(context, { what: 'both', n, kind });
      const { kernel, threads, found, peakMiB } = both;
      const name = kind === 'random' ? 'random' : 'both';
      tell(name, both, `and semi-hard triplets: ${found}`, `${peakMiB.toFixed(0)} MiB`, `${kernel} x${threads}`);
    }
  }
  const middle = (name, key) => median(all[name].map(result => result[key]));
  console.log('medians:');
  for (const [name, results] of Object.entries(all)) {
    if (results.length === 0) continue;
    const result = { seconds: middle(name, 'seconds'), processorSeconds: middle(name, 'processorSeconds') };
    line(
      name.padEnd(8),
      ...speed({ n, d }, result),
      name === 'faiss' ? '' : `${middle(name, 'peakMiB').toFixed(0)} MiB`,
    );
  }
  if (!hasFaiss) return;
  for (const name of ['nearest', 'both']) {
    const ratio = key => median(all[name].map((r, at) => all.faiss[at][key] / r[key])).toFixed(2);
    line(
      `${name}: ${ratio('seconds')} times as fast as faiss, ${ratio('processorSeconds')} in processor time (medians of ratios)`,
    );
  }
}

/** How long a cancelled run takes to end, at moments spread over all that a run does. */
function cancel(context) {
  const { n } = context;
  console.log(`\n${n} x 128: milliseconds from a cancel to the end of the run`);
  const cases = [
    ['semi-hard-triplets', 20, {}],
    ['semi-hard-triplets', 8, { indexAbove: n / 2 }],
    ['hard-negatives', 8, {}],
    ['near-duplicates', 8, {}],
    ['label-errors', 8, {}],
  ];
  for (const [lane, times, more] of cases) {
    const whole = measure(context, { what: 'stall', lane, n, ...more });
    const takes = whole.seconds * 1000;
    const { milliseconds } = measure(context, { what: 'cancel', lane, n, times, takes, ...more });
    const most = Math.max(...milliseconds).toFixed(0);
    line(
      `${lane}${more.indexAbove ? ', by an index' : ''}: ${whole.seconds.toFixed(1)} s whole`,
      `${milliseconds.length} cancels: median ${median(milliseconds).toFixed(0)}, most ${most}`,
      `the caller's thread was held for ${whole.milliseconds[0].toFixed(0)} at most`,
    );
  }
}

/** What an index finds, and how long it takes, beside the exact run. */
async function index(context, { library, vectors, labels }) {
  const { n, folder } = context;
  const file = path.join(folder, 'index.cjs');
  await build({
    entryPoints: [path.join(here, 'index-case.ts')],
    outfile: file,
    bundle: true,
    platform: 'node',
    logLevel: 'error',
  });
  console.log(
    `\n${vectors ?? `${n} x 128`}: share of the 32 nearest negatives and of the semi-hard triplets that an index sees`,
  );
  if (library === undefined) console.log('usearch is not compared: npm install usearch somewhere, --library FOLDER');
  const wanted = JSON.stringify({ n, d: 128, library, vectors, labels });
  const percent = share => `${(100 * share).toFixed(0)} %`;
  for (const { what, build: made, search, nearest, semiHard } of JSON.parse(
    execFileSync(process.execPath, [file, wanted], { encoding: 'utf8' }),
  )) {
    const times = `made in ${made.toFixed(1)} s${search === undefined ? '' : `, all searched in ${search.toFixed(1)} s`}`;
    line(what.padEnd(22), percent(nearest), percent(semiHard), times);
  }
  if (vectors !== undefined) return;
  for (const [name, more] of [
    ['mined by the tree', { indexAbove: n / 2 }],
    ['mined exactly', {}],
  ]) {
    const { seconds, found } = measure(context, { what: 'semi-hard-triplets', n, ...more });
    line(name.padEnd(22), `${seconds.toFixed(1)} s`, `${found} semi-hard triplets`);
  }
}

/** Other metrics as multiples of L2's time, in turns. */
function metrics(context) {
  console.log('\n20000 x 128, 32 nearest negatives: time as a multiple of L2, medians of ratios');
  const metricsHere = ['cosine', 'sql2', 'l1', 'weightedL1'];
  const ratios = Object.fromEntries(metricsHere.map(metric => [metric, []]));
  for (let run = 0; run < context.runs; run++) {
    const base = measure(context, { what: 'nearest', n: 20000 });
    for (const metric of metricsHere) {
      const { processorSeconds, seconds } = measure(context, { what: 'nearest', n: 20000, metric });
      ratios[metric].push([seconds / base.seconds, processorSeconds / base.processorSeconds]);
    }
  }
  for (const metric of metricsHere) {
    const of = at => median(ratios[metric].map(pair => pair[at])).toFixed(2);
    line(metric, `${of(0)} on the clock`, `${of(1)} in processor time`);
  }
}

/** Every kernel on one thread, beside plain TypeScript. */
function kernels(context) {
  console.log('\n5000 x 128, semi-hard triplets, one thread: times faster than plain TypeScript (processor time)');
  const rounds = Array.from({ length: context.runs }, () => {
    const base = measure(context, { what: 'semi-hard-triplets', n: 5000, kernel: 'typescript' });
    return ['wasm-simd', 'wasm-relaxed-simd'].map(kernel => {
      try {
        return (
          base.processorSeconds /
          measure(context, { what: 'semi-hard-triplets', n: 5000, kernel, threads: 1 }).processorSeconds
        );
      } catch {
        return NaN;
      }
    });
  });
  ['wasm-simd', 'wasm-relaxed-simd'].forEach((kernel, at) => {
    const ratio = median(rounds.map(round => round[at]));
    line(kernel, Number.isNaN(ratio) ? `does not run on Node ${process.version}` : ratio.toFixed(1));
  });
}

/** Mining again after a change, against mining from nothing. */
function again(context) {
  const { n } = context;
  console.log(`\n${n} x 128, semi-hard triplets, mined again: seconds, and share of the first run (processor time)`);
  for (const what of ['again-answers', 'again-images']) {
    const rounds = Array.from({ length: context.runs }, () => {
      const first = measure(context, { what: 'semi-hard-triplets', n });
      const second = measure(context, { what, n });
      return { ...second, share: second.processorSeconds / first.processorSeconds };
    });
    line(
      what === 'again-answers' ? 'after 100 answers' : 'after 1 % of the images changed',
      `${median(rounds.map(r => r.seconds)).toFixed(2)} s`,
      `${median(rounds.map(r => r.processorSeconds)).toFixed(2)} s of processor`,
      median(rounds.map(r => r.share)).toFixed(2),
    );
  }
}

function curve(context, sizes, dimensions) {
  console.log('\ntime and memory, L2, semi-hard triplets and 32 nearest negatives: clock / processor / peak');
  for (const d of dimensions) {
    for (const n of sizes) {
      const { seconds, processorSeconds, peakMiB } = measure(context, { what: 'both', n, d });
      line(
        `${n} x ${d}`,
        `${seconds.toFixed(2)} s`,
        `${processorSeconds.toFixed(2)} s`,
        `${peakMiB.toFixed(0)} MiB`,
        `${gflops({ n, d }, seconds).toFixed(0)} GFLOP/s`,
        `${gflops({ n, d }, processorSeconds).toFixed(0)} a processor second`,
      );
    }
  }
}
