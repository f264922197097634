// A worker thread that embeds: one tfjs backend of its own, one task at a time. Bundled to dist/embed-worker.cjs.
import { parentPort, workerData } from 'node:worker_threads';
import { startEmbedder } from './start';
import type { EmbedTask, WorkerReply, WorkerStart } from './worker-protocol';

const port = parentPort!;
const reply = (message: WorkerReply, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function main(): Promise<void> {
  const { source, backend: options } = workerData as WorkerStart;
  const embedder = await startEmbedder(source, options);
  port.on('message', ({ id, pixels, count }: EmbedTask) => {
    embedder.embed(pixels, count).then(
      vectors => reply({ kind: 'vectors', id, vectors }, [vectors.buffer as ArrayBuffer]),
      (error: unknown) => reply({ kind: 'error', id, message: text(error) }),
    );
  });
  reply({ kind: 'ready', dimension: embedder.dimension, backend: embedder.backend });
}

main().catch((error: unknown) => {
  reply({ kind: 'failed', name: error instanceof Error ? error.name : 'Error', message: text(error) });
  port.close();
});
