import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll } from 'vitest';

export const repository = path.resolve(import.meta.dirname, '../../..');
export const starterDir = path.join(repository, 'media/models/starter');

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** A new temporary folder, removed at the end of the test file. */
export function passingFolder(name: string): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), `margin-${name}-`));
  folders.push(folder);
  return folder;
}

/** Bundles a worker as the build does, into a temporary folder. */
export async function bundleWorker(entry: string): Promise<string> {
  const outfile = path.join(passingFolder('worker'), 'worker.cjs');
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
