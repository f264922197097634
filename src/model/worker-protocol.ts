import type { BackendOptions } from './backend/choice';
import type { EmbedderInfo } from './embedder';
import type { ModelSource } from './source';

/** workerData of an embedding worker. */
export interface WorkerStart {
  source: ModelSource;
  backend: BackendOptions;
}

export interface EmbedTask {
  id: number;
  pixels: Uint8Array;
  count: number;
}

export type WorkerReply =
  | { kind: 'ready'; dimension: number; backend: EmbedderInfo['backend'] }
  | { kind: 'failed'; name: string; message: string }
  | { kind: 'vectors'; id: number; vectors: Float32Array }
  | { kind: 'error'; id: number; message: string };
