import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
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

/** The WebAssembly kernels there are. */
export const WASM_KERNELS: readonly KernelName[] = ['wasm-simd', 'wasm-relaxed-simd'];

/** A module of one function that swizzles two zero vectors by relaxed SIMD. */
// prettier-ignore
const RELAXED = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 43, 1, 41, 0,
  253, 12, ...new Uint8Array(16), 253, 12, ...new Uint8Array(16), 253, 128, 2, 11,
);

/**
 * Whether this Node runs a kernel: relaxed SIMD came with Node 24. Tests of what does not run are skipped, which the report
 * counts; where MARGIN_RELAXED_SIMD is set (`npm run relaxed-simd`) everything has to run.
 */
export function runsHere(kernel: KernelName): boolean {
  if (kernel !== 'wasm-relaxed-simd' || WebAssembly.validate(RELAXED)) return true;
  if (process.env['MARGIN_RELAXED_SIMD']) throw new Error(`Node ${process.version} runs no relaxed SIMD`);
  return false;
}
