import { createRequire } from 'node:module';
import path from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Embedder } from '../embedder';
import { batchSize, checkPixels, describe, pictureBytes } from '../embedder';
import { loadTfjs } from '../load-model';
import type { ModelSource } from '../source';
import { exportOnnx, INPUT, OnnxExportError, OUTPUT } from './export';

/** What we use of onnxruntime-node, which is not installed everywhere. */
interface OnnxRuntime {
  InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
  Tensor: new (type: 'uint8', data: Uint8Array, dims: readonly number[]) => object;
  env?: { versions?: { node?: string; common?: string } };
}

interface Session {
  run(feeds: Record<string, object>): Promise<Record<string, { data: Float32Array; dims: readonly number[] }>>;
  release(): Promise<void>;
}

/**
 * Loads onnxruntime-node, from a folder or as Node resolves it.
 * @throws Error when it is not installed or has no binary for this platform
 */
export function loadOnnxRuntime(folder?: string): OnnxRuntime {
  const load = createRequire(__filename);
  return load(folder === undefined || folder === '' ? 'onnxruntime-node' : path.resolve(folder)) as OnnxRuntime;
}

/**
 * The embedder of a LayersModel on ONNX Runtime: the network is exported in memory and runs on one thread of its own. A
 * tfjs backend must run in this thread, to read the weights.
 * @throws OnnxExportError when the model has no ONNX form here
 */
export async function createOnnxEmbedder(source: ModelSource, runtime: OnnxRuntime, why: string[]): Promise<Embedder> {
  const loaded = await loadTfjs(source);
  if (loaded.format !== 'layers-model') throw new OnnxExportError('a GraphModel is not exported to ONNX');
  const session = await sessionOf(loaded.model, source, runtime);
  loaded.model.dispose();
  const { width, height, channels } = source.card.input;
  const run = async (pixels: Uint8Array, n: number): Promise<{ data: Float32Array; dims: readonly number[] }> => {
    const feeds = { [INPUT]: new runtime.Tensor('uint8', pixels, [n, height, width, channels]) };
    return (await session.run(feeds))[OUTPUT]!;
  };
  const dimension = (await run(new Uint8Array(pictureBytes(source.card.input)), 1)).dims[1]!;
  return {
    ...describe(source, dimension, { name: 'onnx', why }),
    async embed(pixels, count, options = {}) {
      checkPixels(pixels, count, source.card.input);
      const out = new Float32Array(count * dimension);
      const step = batchSize(source.card.input);
      const bytes = pictureBytes(source.card.input);
      for (let at = 0; at < count; at += step) {
        options.signal?.throwIfAborted();
        const n = Math.min(step, count - at);
        // A copy: before Node 22 the runtime refuses shared memory.
        out.set((await run(pixels.slice(at * bytes, (at + n) * bytes), n)).data, at * dimension);
      }
      return out;
    },
    dispose: () => session.release(),
  };
}

function sessionOf(model: LayersModel, source: ModelSource, runtime: OnnxRuntime): Promise<Session> {
  return runtime.InferenceSession.create(exportOnnx(model, source.card), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  });
}
