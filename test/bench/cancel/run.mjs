// @ts-check
// Measures how long a person who cancels waits for the engine, at moments spread over each of its jobs.
//   npm run build -- --release && node test/bench/cancel/run.mjs --folder DIR [--trials 10] [--only embed,mine]
// DIR gets a .margin folder, and loses its cache: pass a copy.
import { build } from 'esbuild';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';

const root = path.resolve(import.meta.dirname, '../../..');
const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    trials: { type: 'string', default: '10' },
    only: { type: 'string', default: '' },
    dist: { type: 'string', default: path.join(root, 'dist') },
  },
});
if (!values.folder) {
  console.error(
    'usage: node test/bench/cancel/run.mjs --folder DIR [--trials 10] [--only scan,embed,mine,evaluate,export]',
  );
  process.exit(2);
}
const out = mkdtempSync(path.join(os.tmpdir(), 'margin-bench-'));
try {
  const outfile = path.join(out, 'bench.cjs');
  await build({
    entryPoints: [path.join(import.meta.dirname, 'cancel.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile,
    logLevel: 'error',
  });
  const { benchCancel } = (await import(pathToFileURL(outfile).href)).default;
  console.log(`Node ${process.version}, ${os.availableParallelism()} cores, load ${os.loadavg()[0]?.toFixed(1)}`);
  const engine = path.join(values.dist, 'engine.cjs');
  const only = values.only.split(',').filter(Boolean);
  const ms = (/** @type {number | undefined} */ value) => (value === undefined ? '-' : `${value.toFixed(0)} ms`);
  await benchCancel(
    engine,
    path.resolve(values.folder),
    Number(values.trials),
    only,
    (/** @type {import('./cancel').Waits} */ { job, whole, waits, slowest }) => {
      console.log(
        `${job.padEnd(9)} ${(whole / 1000).toFixed(1).padStart(6)} s   cancelled ${waits.length} times: ` +
          `median ${ms(waits[Math.floor(waits.length / 2)])}, longest ${ms(waits.at(-1))} (${slowest})`,
      );
    },
  );
  console.log(`load at the end ${os.loadavg()[0]?.toFixed(1)}`);
} finally {
  rmSync(out, { recursive: true, force: true });
}
