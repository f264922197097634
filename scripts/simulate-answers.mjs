// Scripted people answer about embedded folders: what transitivity saves, what a head learns from the first answers, and
// how many wrong answers lead the suspects. `node scripts/simulate-answers.mjs <model> <folder>...`, each folder embedded
// before with `margin embed`; the model `pixels` needs none: averaged pixels. Prints one JSON object; `--quick` runs one
// seed, `--seeds=N` the first N of five, `--only=savings`, `--only=recall` or `--only=flips` one part, `--answers=1000` the
// lengths of the sessions in which flips are sought, `--plot=FILE` draws the recall as SVG.
import { build } from 'esbuild';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const quick = process.argv.includes('--quick');
const valueOf = name => process.argv.find(word => word.startsWith(`--${name}=`))?.slice(name.length + 3);
const only = valueOf('only');
const plot = valueOf('plot');
const [model, ...folders] = process.argv.slice(2).filter(word => !word.startsWith('--'));
if (folders.length === 0) {
  console.error('usage: node scripts/simulate-answers.mjs <model> <folder>... [--quick] [--only=PART] [--plot=FILE]');
  process.exit(2);
}
const seeds = quick ? [1] : [1, 2, 3, 4, 5].slice(0, Number(valueOf('seeds') ?? 5));
const answers = [100, 300, 1000];
const counts = valueOf('answers')?.split(',').map(Number) ?? [1000, 3000];
const outfile = path.resolve(import.meta.dirname, `../node_modules/.cache/simulate-answers-${process.pid}.cjs`);
const source = path.resolve(import.meta.dirname, '../test/bench/answers');
mkdirSync(path.dirname(outfile), { recursive: true });
try {
  await build({
    stdin: {
      contents: "export * from './data'; export * from './study'; export * from './plot';",
      resolveDir: source,
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    outfile,
    logLevel: 'error',
    packages: 'external',
  });
  const { readEmbedded, readPixels, savings, recallCurves, foundFlips, interval, plotRecall } = await import(
    pathToFileURL(outfile).href
  );
  const round = value => Math.round(value * 1000) / 1000;
  const summary = values => {
    const { mean, half } = interval(values);
    return { mean: round(mean), ...(values.length > 1 && { half: round(half) }), values: values.map(round) };
  };
  const report = {};
  for (const folder of folders) {
    const set = model === 'pixels' ? await readPixels(folder) : await readEmbedded(folder, model);
    const perClass = only && only !== 'savings' ? [] : [2, 5, 10, 20, Infinity].map(count => savings(set, count, 1));
    console.error(`${folder}: savings done`);
    const { frozen, points } =
      only && only !== 'recall' ? { frozen: [0], points: [] } : recallCurves(set, answers, seeds);
    console.error(`${folder}: recall done`);
    const flips = [];
    // As the order asks; with one in ten a hidden repeat or a hidden check of what is implied; and where nothing is skipped.
    const sessions = {
      'as asked': { strategy: 'ordered' },
      'repeats 10 %': { strategy: 'ordered', repeats: 0.1 },
      'checks 10 %': { strategy: 'ordered', checks: 0.1 },
      'checks 30 %': { strategy: 'ordered', checks: 0.3 },
      'nothing skipped': { strategy: 'random', redundant: true },
    };
    for (const [name, session] of Object.entries(only && only !== 'flips' ? {} : sessions)) {
      for (const count of counts) {
        const runs = seeds.map(seed => foundFlips(set, { ...session, answers: count, seed }));
        flips.push({
          session: name,
          answers: Math.round(runs.reduce((sum, run) => sum + run.answers, 0) / runs.length),
          in5: summary(runs.map(run => run.in5)),
          in10: summary(runs.map(run => run.in10)),
          contradictedComponents: runs.map(run => run.contradictedComponents),
        });
        console.error(`${folder}: ${JSON.stringify(flips.at(-1))}`);
      }
    }
    console.error(`${folder}: flips done`);
    report[path.basename(folder)] = {
      model,
      images: set.hashes.length,
      classes: new Set(set.classes).size,
      savings: perClass.map(row => ({
        ...row,
        perClass: row.perClass === Infinity ? 'all' : row.perClass,
        saved: round(row.saved),
      })),
      recallAt1: {
        frozen: summary(frozen),
        points: points.map(point => ({ ...point, recall: summary(point.recall) })),
      },
      flips,
    };
  }
  if (plot) {
    const curves = Object.entries(report).map(([name, { recallAt1 }]) => ({
      name: `${name}, ${model}`,
      frozen: recallAt1.frozen.mean,
      points: recallAt1.points.map(({ strategy, answers, recall: { mean, half = 0 } }) => ({
        strategy,
        answers,
        mean,
        half,
      })),
    }));
    writeFileSync(plot, plotRecall(curves));
  }
  console.log(JSON.stringify(report, null, 1));
} finally {
  rmSync(outfile, { force: true });
}
