// @ts-check
// Bundles a bench of the engine's code and loads it.
import { build } from 'esbuild';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const root = path.resolve(import.meta.dirname, '..');

/**
 * @param {string} file TypeScript, from the repository's root
 * @param {(bench: any) => Promise<void>} run gets what the file exports
 */
export async function withBench(file, run) {
  mkdirSync(path.join(root, '.cache'), { recursive: true });
  // inside the repository, so that packages that are not bundled are found
  const out = mkdtempSync(path.join(root, '.cache', 'bench-'));
  try {
    const outfile = path.join(out, 'bench.cjs');
    await build({
      entryPoints: [path.join(root, file)],
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      external: ['sharp', '@img/sharp-wasm32', '@tensorflow/tfjs-node', 'onnxruntime-node'],
      // What a bench takes from test/support finds its own place.
      define: {
        __MARGIN_VERSION__: '"bench"',
        'import.meta.dirname': JSON.stringify(path.join(root, 'test/support')),
      },
      outfile,
      logLevel: 'error',
    });
    await run((await import(pathToFileURL(outfile).href)).default);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
