import os from 'node:os';
import { Worker } from 'node:worker_threads';
import { BackendError } from './backend/choice';
import type { BackendOptions } from './backend/choice';
import type { Embedder } from './embedder';
import { batchSize, checkPixels, describe, pictureBytes } from './embedder';
import type { ModelSource } from './source';
import { ModelError } from './source';
import type { EmbedTask, WorkerReply, WorkerStart } from './worker-protocol';

export interface PoolOptions {
  source: ModelSource;
  backend: BackendOptions;
  /** the bundled worker, `dist/embed-worker.cjs` */
  workerFile: string;
  /** worker threads; by default one a core, at most 8 */
  threads?: number;
  /** how often a worker that died is replaced before the pool gives up; default 3 */
  restarts?: number;
}

interface Task {
  /** the call it belongs to: dropped together */
  call: object;
  pixels: Uint8Array;
  count: number;
  /** was running when a worker died: a second death is its own fault, not chance */
  tried: boolean;
  done(vectors: Float32Array): void;
  fail(error: Error): void;
}

interface Member {
  worker: Worker;
  task?: Task;
}

/**
 * Embeds on worker threads, each with a backend of its own. Same `embed` as any embedder: order is kept, calls may overlap,
 * an aborted call drops what has not started, a worker that dies is replaced and its batch is tried once more.
 * @throws ModelError or BackendError when the first worker cannot start.
 */
export async function createEmbedderPool(options: PoolOptions): Promise<Embedder & { threads: number }> {
  const threads = Math.max(1, options.threads ?? Math.min(8, os.availableParallelism()));
  const pool = new Pool(options);
  const { dimension, backend } = await pool.start(threads);
  const { input } = options.source.card;
  return {
    ...describe(options.source, dimension, backend),
    threads,
    async embed(pixels, count, { signal } = {}) {
      checkPixels(pixels, count, input);
      signal?.throwIfAborted();
      const call = {};
      const out = new Float32Array(count * dimension);
      const bytes = pictureBytes(input);
      // No larger than an even share: a call with few pictures still keeps every worker busy.
      const step = Math.min(batchSize(input), Math.max(1, Math.ceil(count / threads)));
      const batches: Promise<void>[] = [];
      for (let at = 0; at < count; at += step) {
        const n = Math.min(step, count - at);
        const slice = pixels.slice(at * bytes, (at + n) * bytes);
        batches.push(pool.run(call, slice, n).then(vectors => out.set(vectors, at * dimension)));
      }
      const abort = (): void => pool.drop(call, signal!.reason as Error);
      signal?.addEventListener('abort', abort, { once: true });
      try {
        await Promise.all(batches);
      } finally {
        signal?.removeEventListener('abort', abort);
      }
      return out;
    },
    dispose: () => pool.close(),
  };
}

class Pool {
  private readonly members = new Set<Member>();
  private readonly queue: Task[] = [];
  private restartsLeft: number;
  private fatal: Error | undefined;
  private closed = false;
  private nextId = 0;

  constructor(private readonly options: PoolOptions) {
    this.restartsLeft = options.restarts ?? 3;
  }

  /** Starts the first worker alone, so that a model or backend that does not load fails once and at once. */
  async start(threads: number): Promise<{ dimension: number; backend: Embedder['backend'] }> {
    const first = await this.add();
    await Promise.all(Array.from({ length: threads - 1 }, () => this.add()));
    return first;
  }

  run(call: object, pixels: Uint8Array, count: number): Promise<Float32Array> {
    return new Promise((done, fail) => {
      if (this.fatal ?? this.closed) {
        fail(this.fatal ?? new Error('the embedder was disposed'));
        return;
      }
      this.queue.push({ call, pixels, count, tried: false, done, fail });
      this.pump();
    });
  }

  /** Fails what a call still waits for; a batch that is running ends unheard. */
  drop(call: object, reason: Error): void {
    const dropped = this.queue.filter(task => task.call === call);
    this.queue.splice(0, this.queue.length, ...this.queue.filter(task => task.call !== call));
    for (const { task } of this.members) if (task?.call === call) dropped.push(task);
    for (const task of dropped) task.fail(reason);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.stop(new Error('the embedder was disposed'));
    await Promise.all([...this.members].map(({ worker }) => worker.terminate()));
    this.members.clear();
  }

  private add(): Promise<{ dimension: number; backend: Embedder['backend'] }> {
    return new Promise((resolve, reject) => {
      const start: WorkerStart = { source: this.options.source, backend: this.options.backend };
      const worker = new Worker(this.options.workerFile, { workerData: start });
      const member: Member = { worker };
      let ready = false;
      worker.on('message', (message: WorkerReply) => {
        if (message.kind === 'ready') {
          ready = true;
          this.members.add(member);
          resolve(message);
          this.pump();
        } else if (message.kind === 'failed') {
          reject(asError(message.name, message.message));
        } else {
          this.settle(member, message);
        }
      });
      let cause: Error | undefined;
      worker.on('error', error => (cause = error));
      worker.on('exit', code => {
        const error = cause ?? new Error(`an embedding worker ended unexpectedly (exit code ${code})`);
        if (ready) this.replace(member, error);
        else reject(error);
      });
    });
  }

  private settle(member: Member, message: Extract<WorkerReply, { id: number }>): void {
    const { task } = member;
    delete member.task;
    if (message.kind === 'vectors') task?.done(message.vectors);
    else task?.fail(new Error(message.message));
    this.pump();
  }

  private replace(member: Member, error: Error): void {
    this.members.delete(member);
    if (this.closed) return;
    const { task } = member;
    if (task?.tried) task.fail(new Error(`embedding failed: ${error.message}`));
    else if (task) {
      task.tried = true;
      this.queue.unshift(task);
    }
    if (this.restartsLeft-- > 0) {
      this.add().catch((failure: unknown) => this.giveUp(failure as Error));
    } else if (this.members.size === 0) {
      this.giveUp(error);
    }
    this.pump();
  }

  private giveUp(error: Error): void {
    if (this.members.size > 0) return;
    this.fatal = new Error(`the embedding workers keep ending: ${error.message}`);
    this.stop(this.fatal);
  }

  private stop(error: Error): void {
    for (const task of this.queue.splice(0)) task.fail(error);
    for (const { task } of this.members) task?.fail(error);
  }

  private pump(): void {
    for (const member of this.members) {
      if (this.queue.length === 0) return;
      if (member.task) continue;
      const task = this.queue.shift()!;
      member.task = task;
      const message: EmbedTask = { id: this.nextId++, pixels: task.pixels, count: task.count };
      member.worker.postMessage(message);
    }
  }
}

function asError(name: string, message: string): Error {
  if (name === 'ModelError') return new ModelError(message);
  if (name === 'BackendError') return new BackendError(message, []);
  return new Error(message);
}
