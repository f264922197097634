// Measures the ledger and the order of asking: loading a million events, an answer to disk beside a bare write and fsync,
// a refresh at 100,000 candidates. Prints one JSON object; `--folder F` measures F's disk instead of the temporary one, `--runs N` loads N times
// instead of three. Each part goes to stderr as it ends.
import { build } from 'esbuild';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const place = process.argv.indexOf('--folder');
const root = mkdtempSync(path.join(place > 0 ? process.argv[place + 1] : os.tmpdir(), 'margin-bench-ledger-'));
try {
  const outfile = path.join(root, 'bench.mjs');
  await build({
    entryPoints: [path.resolve(import.meta.dirname, '../test/bench/ledger.ts')],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    outfile,
    logLevel: 'error',
  });
  const { benchAppend, benchLoad, benchOrder } = await import(pathToFileURL(outfile).href);
  const told = part => {
    console.error(JSON.stringify(part));
    return part;
  };
  const count = process.argv.indexOf('--runs');
  // First, before a load has filled the heap that is then collected while answers are timed.
  const append = told(await benchAppend(root, 1000));
  const load = [];
  for (let run = 0; run < (count > 0 ? Number(process.argv[count + 1]) : 3); run++)
    load.push(told(await benchLoad(path.join(root, 'load'), 1_000_000, 100_000)));
  const order = {
    pairs: told(benchOrder(100_000, 20_000, 200, 3000)),
    fewClasses: told(benchOrder(100_000, 20_000, 5, 3000)),
  };
  console.log(JSON.stringify({ cpu: os.cpus()[0]?.model, node: process.version, load, append, order }, null, 1));
} finally {
  rmSync(root, { recursive: true, force: true });
}
