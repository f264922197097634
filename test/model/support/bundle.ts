import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';

export const repository = path.resolve(import.meta.dirname, '../../..');
export const starterDir = path.join(repository, 'media/models/starter');
/** Bundles a worker as the build does, into a temporary folder. */
export async function bundleWorker(entry: string): Promise<string> {
  const outfile = path.join(mkdtempSync(path.join(os.tmpdir(), 'margin-worker-')), 'worker.cjs');
  await build({
    entryPoints: [path.join(repository, entry)],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    outfile,
    external: ['@tensorflow/tfjs-node', 'onnxruntime-node'],
    logLevel: 'error',
  });
  return outfile;
}
