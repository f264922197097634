import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import type { KernelName } from '../../src/kernel';
import { wasmModules } from '../../scripts/bundles.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const folder = path.join(root, '.cache/kernel');

/** The kernel's modules and worker, built from the sources where they are newer: tests need no build before them. */
export async function kernelAssets(): Promise<{ wasmDir: string; workerPath: string }> {
  mkdirSync(folder, { recursive: true });
  const assembly = newest(path.join(root, 'src/kernel/assembly'));
  for (const { source, out, flags } of wasmModules) {
    if (!source.includes('/kernel/')) continue;
    const file = path.join(folder, path.basename(out));
    if (existsSync(file) && statSync(file).mtimeMs > assembly) continue;
    const asc = path.join(root, 'node_modules/assemblyscript/bin/asc.js');
    const part = `${file}.${process.pid}`;
    execFileSync(process.execPath, [asc, source, '--outFile', part, ...flags], { cwd: root, stdio: 'inherit' });
    renameSync(part, file);
  }
  const workerPath = path.join(folder, `kernel-worker-${process.pid}.cjs`);
  await build({
    entryPoints: [path.join(root, 'src/kernel/worker.ts')],
    outfile: workerPath,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
  });
  return { wasmDir: folder, workerPath };
}

function newest(dir: string): number {
  return Math.max(...readdirSync(dir).map(name => statSync(path.join(dir, name)).mtimeMs));
}

/** The WebAssembly kernels that this Node runs. */
export function kernelsHere(wasmDir: string): KernelName[] {
  const runs = (file: string) => WebAssembly.validate(readFileSync(path.join(wasmDir, file)));
  const kernels: KernelName[] = ['wasm-simd'];
  if (runs('kernel-relaxed.wasm')) kernels.push('wasm-relaxed-simd');
  return kernels;
}
