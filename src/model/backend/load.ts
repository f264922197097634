import { createRequire } from 'node:module';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from './choice';
import type { BackendName, BackendOptions, LoadedBackend } from './choice';
import { restoreLegacyUtil } from './node-compat';
import { startWasm } from './wasm';

/**
 * Starts a tfjs backend in this thread and makes it the current one. `auto` takes tfjs-node where it loads, else wasm.
 * @throws BackendError when the chosen one does not load (`auto`: when none does); the message says what to do.
 */
export async function loadBackend(options: BackendOptions): Promise<LoadedBackend> {
  // ONNX Runtime embeds but holds no tensors: those of its models live where `auto` puts them.
  const any = options.choice === 'auto' || options.choice === 'onnx';
  const order: BackendName[] = any ? ['node', 'wasm'] : [options.choice as BackendName];
  const why: string[] = [];
  for (const name of order) {
    try {
      why.push(`${name}: ${await STARTERS[name](options)}`);
      return { name, why };
    } catch (error) {
      why.push(`${name}: ${firstLine(error)}`);
    }
  }
  const advice =
    options.choice === 'node'
      ? 'Set margin.backend to "auto" or "wasm", or point margin.tfjsNodePath at an @tensorflow/tfjs-node that loads here.'
      : 'Reinstall the extension: its WebAssembly files are missing or damaged.';
  throw new BackendError(`No tensor backend could be started (${why.join('; ')}). ${advice}`, why);
}

const STARTERS: Record<BackendName, (options: BackendOptions) => Promise<string>> = {
  node: async ({ tfjsNodePath }) => {
    restoreLegacyUtil();
    requireTfjsNode(tfjsNodePath);
    await use('tensorflow');
    const { binding } = tf.backend() as { binding?: { TF_Version?: string } };
    return `tfjs-node runs, on libtensorflow ${binding?.TF_Version ?? 'of unknown version'}`;
  },
  wasm: async ({ wasmDir }) => startWasm(wasmDir),
  cpu: async () => {
    await import('@tensorflow/tfjs-backend-cpu');
    await use('cpu');
    return 'plain JavaScript runs; slow, for tests';
  },
};

/** tfjs-node registers its backend with the global tfjs engine when it is loaded, whichever copy of tfjs-core asks. */
function requireTfjsNode(folder: string | undefined): void {
  const load = createRequire(__filename);
  load(folder === undefined || folder === '' ? '@tensorflow/tfjs-node' : path.resolve(folder));
}

async function use(name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`the ${name} backend did not initialise`);
  await tf.ready();
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n')[0]!.trim();
}
