// Measures, in the engine, what a person waits for after a verdict in a lane of 100,000 candidates (or so many as named).
//   node scripts/bench-refresh.mjs [CANDIDATES] [ANSWERS]
import { build } from 'esbuild';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const root = path.resolve(import.meta.dirname, '..');
mkdirSync(path.join(root, '.cache'), { recursive: true });
// inside the repository, so that packages that are not bundled are found
const out = mkdtempSync(path.join(root, '.cache', 'bench-refresh-'));
try {
  const outfile = path.join(out, 'bench.cjs');
  await build({
    entryPoints: [path.join(root, 'test/bench/refresh.ts')],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['sharp', '@img/sharp-wasm32', '@tensorflow/tfjs-node', 'onnxruntime-node'],
    define: { __MARGIN_VERSION__: '"bench"' },
    outfile,
    logLevel: 'error',
  });
  const { benchRefresh } = (await import(pathToFileURL(outfile).href)).default;
  const [candidates = 100_000, answers = 1000] = process.argv.slice(2).map(Number);
  console.log(JSON.stringify(await benchRefresh(candidates, answers), null, 1));
} finally {
  rmSync(out, { recursive: true, force: true });
}
