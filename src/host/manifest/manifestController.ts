import type { FolderRef, Progress } from '../../rpc/engine-protocol';
import type {
  ManifestCommand,
  ManifestHostProtocol,
  ManifestPageProtocol,
  ManifestState,
} from '../../rpc/manifest-protocol';
import { isCancelled, Rpc, RpcError } from '../../rpc/rpc';
import type { Transport } from '../../rpc/rpc';
import type { Engine } from '../engineClient';
import { explain } from '../explain';
import { thumbnailParams, undoParams } from '../webview/checks';
import { answerParams, commandParams, lineParams, rowsParams } from './validate';

/** Where a manifest's images are looked for, as the window stands now. */
export type ManifestPlace =
  | { kind: 'no-folder' | 'untrusted' | 'not-on-disk' }
  | {
      kind: 'folder';
      ref: FolderRef;
      /** what people call it */
      name: string;
      thumbnailSize: number;
    };

export interface ManifestControllerOptions {
  engine: Engine;
  /** absolute path of the manifest */
  file: string;
  name: string;
  place(): Promise<ManifestPlace>;
  /** one line for a person */
  describe(progress: Progress): string;
  run(command: Exclude<ManifestCommand, 'retry'>): void;
  openLine(line: number): void;
}

const REFRESH_AFTER_MS = 150;
const SMALLEST_THUMBNAIL = 64;

/**
 * What stands behind one page of a manifest: rows, pictures and answers go through it to the engine and back. The page
 * holds what is shown, the engine what was read; this holds nothing that either would miss.
 */
export class ManifestController {
  readonly #options: ManifestControllerOptions;
  #page: Rpc<ManifestHostProtocol, ManifestPageProtocol> | undefined;
  #opening: AbortController | undefined;
  #refresh: NodeJS.Timeout | undefined;
  /** answers and undos one after the other, in the order in which they were given */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: ManifestControllerOptions) {
    this.#options = options;
  }

  /** A page was loaded: from now on it is the one that is served. Returns what disconnects it. */
  connect(transport: Transport): () => void {
    this.#page?.dispose('the page was loaded again');
    const { engine, file } = this.#options;
    const page: Rpc<ManifestHostProtocol, ManifestPageProtocol> = new Rpc<ManifestHostProtocol, ManifestPageProtocol>(
      transport,
      {
        ready: () => {
          // Reading a large file takes seconds: the page is told how far it is, not left waiting.
          setImmediate(() => void this.#open());
          return { kind: 'opening' };
        },
        rows: async (raw, { signal, progress }) => {
          const params = rowsParams(raw);
          const { ref } = await this.#folder();
          return engine.call('manifestRows', { ...ref, file, ...params }, { signal, onProgress: progress });
        },
        answer: raw => {
          const params = answerParams(raw);
          return this.#inTurn(async () => {
            const { ref } = await this.#folder();
            return engine.call('manifestAnswer', { ...ref, file, ...params });
          });
        },
        undo: raw => {
          const { token } = undoParams(raw);
          return this.#inTurn(async () => {
            const { ref } = await this.#folder();
            await engine.call('undo', { ...ref, token });
            return null;
          });
        },
        thumbnail: async raw => {
          const { hash, size } = thumbnailParams(raw);
          const place = await this.#folder();
          const wanted = Math.max(SMALLEST_THUMBNAIL, Math.min(size, place.thumbnailSize));
          const picture = await engine.call('thumbnail', { ...place.ref, hash, size: wanted });
          // A copy of its own: VS Code sends the whole buffer under a view, and knows no Node `Buffer`.
          return { ...picture, bytes: new Uint8Array(picture.bytes) };
        },
        openLine: raw => {
          this.#options.openLine(lineParams(raw).line);
          return null;
        },
        command: raw => {
          const { id } = commandParams(raw);
          if (id === 'retry') {
            engine.restart();
            void this.#open();
          } else this.#options.run(id);
          return null;
        },
      },
    );
    this.#page = page;
    return () => {
      page.dispose('the page is gone');
      if (this.#page !== page) return;
      this.#page = undefined;
      this.#opening?.abort();
    };
  }

  /** What the folder's answers say changed: the page asks again for the rows that it shows. */
  changed(): void {
    if (!this.#page || this.#refresh) return;
    this.#refresh = setTimeout(() => {
      this.#refresh = undefined;
      this.#page?.notify('changed', {});
    }, REFRESH_AFTER_MS);
  }

  /** The file, the folder or the trust in it changed: everything is told anew. */
  reopen(): void {
    if (this.#page) void this.#open();
  }

  dispose(): void {
    clearTimeout(this.#refresh);
    this.#opening?.abort();
    this.#page?.dispose('the editor was closed');
    this.#page = undefined;
  }

  async #open(): Promise<void> {
    this.#opening?.abort();
    const opening = new AbortController();
    this.#opening = opening;
    const tell = (state: ManifestState) => {
      if (!opening.signal.aborted) this.#page?.notify('state', state);
    };
    const { engine, file, name, describe } = this.#options;
    try {
      const place = await this.#options.place();
      if (place.kind !== 'folder') {
        tell({ kind: place.kind });
        return;
      }
      const summary = await engine.call(
        'manifestOpen',
        { ...place.ref, file },
        {
          signal: opening.signal,
          onProgress: progress => {
            tell({ kind: 'opening', detail: describe(progress), progress });
          },
        },
      );
      tell({ kind: 'ready', name, folder: place.name, summary });
    } catch (error) {
      if (!isCancelled(error)) tell({ kind: 'error', ...explain(error) });
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #folder(): Promise<Extract<ManifestPlace, { kind: 'folder' }>> {
    const place = await this.#options.place();
    if (place.kind !== 'folder') throw new RpcError('no-folder', 'No folder of images is open here.');
    return place;
  }
}
