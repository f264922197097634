/** The smallest event source: what the vscode-free half of the host uses in place of `vscode.EventEmitter`. */
export class Listeners<T> {
  readonly #listeners = new Set<(value: T) => void>();

  /** Starts to listen; the returned function stops it. */
  on(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  fire(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }
}
