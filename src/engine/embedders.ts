import path from 'node:path';
import { createEmbedderPool, loadBackend, readModel } from '../model';
import type { BackendOptions, Embedder } from '../model';
import type { BackendInfo, EngineSettings } from '../rpc/engine-protocol';
import type { Assets } from './assets';
import { EngineError, messageOf } from './errors';

export type RunningEmbedder = Embedder & { threads: number };

/** A network's workers and memory are let go after this long without use. */
const IDLE_MS = 60_000;

interface Slot {
  key: string;
  embedder: RunningEmbedder;
  users: number;
  idle?: NodeJS.Timeout;
}

/** Running networks, by model content and backend: loaded on first use, shared, let go when idle. */
export class Embedders {
  readonly #slots = new Map<string, Promise<Slot>>();

  constructor(
    readonly assets: Assets,
    readonly log: (message: string) => void,
  ) {}

  /** Runs `work` with the settings' model. @throws EngineError `model` when it does not load. */
  async use<T>(
    folder: string,
    settings: EngineSettings,
    signal: AbortSignal | undefined,
    work: (embedder: RunningEmbedder) => Promise<T>,
  ): Promise<T> {
    const slot = await this.#open(folder, settings, signal);
    clearTimeout(slot.idle);
    slot.users++;
    try {
      return await work(slot.embedder);
    } finally {
      if (--slot.users === 0) slot.idle = setTimeout(() => void this.#close(slot), IDLE_MS).unref();
    }
  }

  /** Which backend the settings' model runs on, and why; where the model does not load, which one would be tried. */
  async backend(folder: string, settings: EngineSettings): Promise<BackendInfo> {
    try {
      return await this.use(folder, settings, undefined, ({ backend: { name, why } }) =>
        Promise.resolve({ name, why }),
      );
    } catch (error) {
      const { name, why } = await loadBackend(this.options(settings));
      return { name, why: [...why, messageOf(error)] };
    }
  }

  async dispose(): Promise<void> {
    const slots = await Promise.allSettled(this.#slots.values());
    this.#slots.clear();
    await Promise.all(slots.map(slot => (slot.status === 'fulfilled' ? this.#close(slot.value) : undefined)));
  }

  async #open(folder: string, settings: EngineSettings, signal: AbortSignal | undefined): Promise<Slot> {
    const source = await readModel(settings.model, {
      modelsDir: path.join(folder, '.margin', 'models'),
      starterDir: path.join(this.assets.models, 'starter'),
      signal,
    }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw new EngineError('model', messageOf(error), 'Choose another one (Margin: Choose Model, or --model).', {
        cause: error,
      });
    });
    const key = JSON.stringify([source.key, source.id, settings.backend, settings.tfjsNodePath ?? '']);
    const open = this.#slots.get(key);
    if (open) return open;
    const made = createEmbedderPool({
      source,
      backend: this.options(settings),
      workerFile: path.join(this.assets.dist, 'embed-worker.cjs'),
    }).then(
      embedder => {
        this.log(`Model “${embedder.name}” runs on ${embedder.backend.name} with ${embedder.threads} threads.`);
        for (const line of embedder.backend.why) this.log(`  ${line}`);
        return { key, embedder, users: 0 };
      },
      (error: unknown) => {
        this.#slots.delete(key);
        throw new EngineError(
          'model',
          messageOf(error),
          'Choose another one (Margin: Choose Model, or --model), or “Margin: Show Log” for details.',
          {
            cause: error,
          },
        );
      },
    );
    this.#slots.set(key, made);
    return made;
  }

  async #close(slot: Slot): Promise<void> {
    clearTimeout(slot.idle);
    this.#slots.delete(slot.key);
    await slot.embedder.dispose();
  }

  /** What the model room needs to start the settings' backend. */
  options(settings: EngineSettings): BackendOptions {
    const { backend: choice, tfjsNodePath } = settings;
    return { choice, wasmDir: path.join(this.assets.dist, 'wasm'), ...(tfjsNodePath && { tfjsNodePath }) };
  }
}
