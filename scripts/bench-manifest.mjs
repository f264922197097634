// Measures what the manifest editor waits for, in the engine, on a file of a million pairs (or so many as are named).
//   node scripts/bench-manifest.mjs [ROWS]
import { build } from 'esbuild';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const root = path.resolve(import.meta.dirname, '..');
mkdirSync(path.join(root, '.cache'), { recursive: true });
// inside the repository, so that packages that are not bundled are found
const out = mkdtempSync(path.join(root, '.cache', 'bench-manifest-'));
try {
  const outfile = path.join(out, 'bench.cjs');
  await build({
    entryPoints: [path.join(root, 'test/bench/manifest.ts')],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['sharp', '@img/sharp-wasm32', '@tensorflow/tfjs-node', 'onnxruntime-node'],
    define: { __MARGIN_VERSION__: '"bench"' },
    outfile,
    logLevel: 'error',
  });
  const { benchManifest } = (await import(pathToFileURL(outfile).href)).default;
  await benchManifest(Number(process.argv[2] ?? 1_000_000));
} finally {
  rmSync(out, { recursive: true, force: true });
}
