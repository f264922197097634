// npm run bench -- embed | train: throughput of networks on every backend that loads here, the stock one as the baseline.
// Wants `npm run build` first: it measures dist.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');

async function run(what, args) {
  if (!existsSync(path.join(root, 'dist/wasm/train-simd.wasm'))) throw new Error('run `npm run build` first');
  const outfile = path.join(root, 'node_modules/.cache/margin-bench/throughput.cjs');
  await build({
    entryPoints: [path.join(root, 'test/bench/model/throughput.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile,
    external: ['sharp', '@tensorflow/tfjs-node', 'onnxruntime-node'],
    logLevel: 'error',
  });
  const { status } = spawnSync(process.execPath, [outfile, what, path.join(root, 'dist'), ...args], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}

export const benchEmbed = args => run('embed', args);
export const benchTrain = args => run('train', args);
