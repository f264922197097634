import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Memento } from 'vscode';

/**
 * What is remembered of this workspace, in a file. VS Code's own memento would not do: in a browser it is written down
 * seconds later, and a window that was loaded again meanwhile would not know of a training that had ended. For the same
 * reason the few KB are written before `update` returns.
 * @param folder the workspace's storage; nothing outlives the window without one
 */
export class DiskMemento implements Memento {
  readonly #file: string | undefined;
  #values: Record<string, unknown> | undefined;

  constructor(folder: string | undefined) {
    this.#file = folder === undefined ? undefined : path.join(folder, 'memory.json');
  }

  keys(): readonly string[] {
    return Object.keys(this.#known());
  }

  get<T>(key: string): T | undefined;
  get<T>(key: string, otherwise: T): T;
  get<T>(key: string, otherwise?: T): T | undefined {
    return (this.#known()[key] as T | undefined) ?? otherwise;
  }

  update(key: string, value: unknown): Promise<void> {
    const values = { ...this.#known(), [key]: value };
    this.#values = values;
    try {
      if (this.#file !== undefined) {
        mkdirSync(path.dirname(this.#file), { recursive: true });
        writeFileSync(`${this.#file}.new`, JSON.stringify(values));
        renameSync(`${this.#file}.new`, this.#file);
      }
    } catch {
      // Work goes on; this window knows what it was told.
    }
    return Promise.resolve();
  }

  #known(): Record<string, unknown> {
    return (this.#values ??= this.#file === undefined ? {} : read(this.#file));
  }
}

function read(file: string): Record<string, unknown> {
  try {
    const values: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof values === 'object' && values !== null && !Array.isArray(values) ? { ...values } : {};
  } catch {
    return {}; // there is none, or it was torn
  }
}
