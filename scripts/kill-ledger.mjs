// Kills processes that answer into one ledger, 10,000 times or as often as the first argument says, and reports whether
// anything that was acknowledged is lost or doubled. Exits with 1 where it is. Ctrl+C ends early, with the report so far.
import { build } from 'esbuild';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const kills = Number(process.argv[2] ?? 10_000);
const source = path.resolve(import.meta.dirname, '../test/dataset/ledger/kill.ts');
// Under node_modules, so that the harness finds esbuild, with which it bundles the processes to kill.
const outfile = path.resolve(import.meta.dirname, `../node_modules/.cache/kill-ledger-${process.pid}.mjs`);
try {
  await build({
    entryPoints: [source],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    outfile,
    logLevel: 'error',
    packages: 'external',
    define: { 'import.meta.dirname': JSON.stringify(path.dirname(source)) },
  });
  const { killRepeatedly } = await import(pathToFileURL(outfile).href);
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1000);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());
  const report = await killRepeatedly(kills, {
    signal: stop.signal,
    onProgress: done => {
      if (done % 500 === 0) console.error(`${done} of ${kills} kills, ${seconds()} s`);
    },
  });
  console.log(JSON.stringify({ ...report, seconds: seconds() }, null, 1));
  process.exitCode = report.lost.length + report.doubled.length > 0 ? 1 : 0;
} finally {
  rmSync(outfile, { force: true });
}
