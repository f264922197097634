import { BackendError } from './backend/choice';
import type { BackendOptions } from './backend/choice';
import { loadBackend } from './backend/load';
import type { Embedder } from './embedder';
import { createEmbedder } from './load-model';
import { createOnnxEmbedder, loadOnnxRuntime } from './onnx/embedder';
import type { ModelSource } from './source';
import { ModelError } from './source';

/**
 * The embedder of a model in this thread, on the fastest backend that loads and can run it: onnxruntime-node, tfjs-node,
 * wasm. A chosen backend is taken or refused.
 * @throws BackendError or ModelError
 */
export async function startEmbedder(source: ModelSource, options: BackendOptions): Promise<Embedder> {
  const { choice } = options;
  if (choice !== 'auto' && choice !== 'onnx') return createEmbedder(source, await loadBackend(options));
  const why: string[] = [];
  try {
    const runtime = loadOnnxRuntime(options.onnxPath);
    // Any tensor backend reads the weights; wasm is always there.
    await loadBackend({ ...options, choice: 'wasm' });
    const embedder = await createOnnxEmbedder(source, runtime, why);
    why.push('onnx: onnxruntime-node runs, one thread a worker');
    return embedder;
  } catch (error) {
    if (error instanceof ModelError) throw error;
    const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
    why.push(`onnx: ${reason}`);
    if (choice === 'onnx') {
      throw new BackendError(
        `This model does not run on onnxruntime-node (${reason}). Set margin.backend to "auto" or "wasm".`,
        why,
      );
    }
  }
  const backend = await loadBackend({ ...options, choice: 'auto' });
  return createEmbedder(source, { ...backend, why: [...why, ...backend.why] });
}
