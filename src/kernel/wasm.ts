import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { KernelName } from './control';

/** What assembly/index.ts exports. Rows are in the kernel's order; pointers are byte offsets. */
export interface KernelExports {
  setup(plan: number, scratch: number): void;
  exact(i: number, j: number): number;
  squaredNorm(i: number): number;
  sweepAnchors(from: number, to: number, panel: number, lastPanel: number, columns: boolean): void;
  openGaps(i: number, to: number): void;
  nearestOf(i: number, out: number): number;
  sweepList(list: number, count: number, panel: number, lastPanel: number, fresh: boolean): void;
  showAgain(i: number, j: number): void;
  sweepPairs(from: number, to: number, panel: number, lastPanel: number): void;
  setBand(from: number, to: number, wantedFrom: number, wantedTo: number, countNearer: boolean): void;
  handedPairs(): number;
  pairsInside(): number;
  foundPairs(): number;
}

export interface LoadedKernel {
  name: Exclude<KernelName, 'typescript'>;
  module: WebAssembly.Module;
}

const FILES = [
  ['wasm-relaxed-simd', 'kernel-relaxed.wasm'],
  ['wasm-simd', 'kernel-simd.wasm'],
] as const;

/**
 * The fastest kernel that this engine runs, or the one of that name.
 * @returns undefined where neither runs, or the folder holds none: the TypeScript kernel is left.
 * @throws RangeError when a kernel asked for by name does not run here.
 */
export async function loadKernel(wasmDir: string, wanted?: KernelName): Promise<LoadedKernel | undefined> {
  for (const [name, file] of FILES) {
    if (wanted !== undefined && wanted !== name) continue;
    const bytes = await readFile(path.join(wasmDir, file)).catch(() => undefined);
    if (bytes && WebAssembly.validate(bytes)) return { name, module: await WebAssembly.compile(bytes) };
  }
  if (wanted !== undefined && wanted !== 'typescript') {
    throw new RangeError(`the kernel ${wanted} does not run on Node ${process.version}, or is not in ${wasmDir}`);
  }
  return undefined;
}

/** An instance on the shared memory, for one thread. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): KernelExports {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as KernelExports;
}
