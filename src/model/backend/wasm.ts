import { existsSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { registerWasmKernels } from './wasm-kernels';
import { setWasmModule, WasmModule, wasmModule } from './wasm-module';
import type { WasmBackend } from './wasm-module';

const FILE = 'tfjs-backend-wasm-simd.wasm';

/**
 * Starts tfjs-backend-wasm in this thread from the `.wasm` files in `wasmDir`, with our kernels over its own.
 * @returns what runs, for the log
 * @throws Error when the files are not there or the backend does not initialise
 */
export async function startWasm(wasmDir: string): Promise<string> {
  if (wasmModule()) {
    await tf.setBackend('wasm');
    return `tfjs-backend-wasm runs, with kernels of our own on ${wasmModule()!.kind}`;
  }
  if (!existsSync(path.join(wasmDir, FILE))) throw new Error(`${FILE} is not in ${wasmDir}`);
  setWasmPaths(wasmDir.endsWith(path.sep) || wasmDir.endsWith('/') ? wasmDir : wasmDir + path.sep);
  if (!(await tf.setBackend('wasm'))) throw new Error('tfjs-backend-wasm did not initialise');
  await tf.ready();
  try {
    const module = WasmModule.load(wasmDir, tf.backend() as unknown as WasmBackend);
    registerWasmKernels(module);
    setWasmModule(module);
    return `tfjs-backend-wasm runs, with kernels of our own on ${module.kind}`;
  } catch (error) {
    // Embedding works without them, slower; training asks for them and says so.
    return `tfjs-backend-wasm runs, without kernels of our own (${error instanceof Error ? error.message : String(error)})`;
  }
}
