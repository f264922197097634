import { existsSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

const FILE = 'tfjs-backend-wasm-simd.wasm';

/**
 * Starts tfjs-backend-wasm in this thread from the `.wasm` files in `wasmDir`.
 * @returns what runs, for the log
 * @throws Error when the files are not there or the backend does not initialise
 */
export async function startWasm(wasmDir: string): Promise<string> {
  if (!existsSync(path.join(wasmDir, FILE))) throw new Error(`${FILE} is not in ${wasmDir}`);
  setWasmPaths(wasmDir.endsWith(path.sep) || wasmDir.endsWith('/') ? wasmDir : wasmDir + path.sep);
  if (!(await tf.setBackend('wasm'))) throw new Error('tfjs-backend-wasm did not initialise');
  await tf.ready();
  return 'tfjs-backend-wasm runs (SIMD, one thread per worker)';
}
