import type { ManifestRow, ManifestView, ManifestWindow } from '../../src/rpc/manifest-rows';

export interface RowCacheOptions {
  fetch(
    params: { view: ManifestView; from: number; count: number },
    options: { signal: AbortSignal; onProgress?(share: number): void },
  ): Promise<ManifestWindow>;
  onChange(): void;
  onError(error: unknown): void;
}

/** Rows are asked for by the page of so many, and so many pages are kept. */
export const PAGE = 50;
const KEPT = 16;

/** The rows of one view that are near what shows. The rest is known by its number only. */
export class RowCache {
  readonly #options: RowCacheOptions;
  readonly #pages = new Map<number, ManifestRow[]>();
  readonly #asked = new Map<number, AbortController>();
  #view: ManifestView = {};
  #turning: AbortController | undefined;
  /** rows of the view; undefined until it is known */
  total: number | undefined;
  canUndo = false;
  /** a view is being made: how much of the file was searched, from 0 to 1 */
  progress: number | undefined;

  constructor(options: RowCacheOptions) {
    this.#options = options;
  }

  get view(): ManifestView {
    return this.#view;
  }

  get turning(): boolean {
    return this.#turning !== undefined;
  }

  get(place: number): ManifestRow | undefined {
    return this.#pages.get(Math.floor(place / PAGE))?.[place % PAGE];
  }

  /** Puts a changed row in the place of the one shown. */
  replace(place: number, row: ManifestRow): void {
    const page = this.#pages.get(Math.floor(place / PAGE));
    if (page) page[place % PAGE] = row;
  }

  /**
   * Turns to a view: what is shown stays until its rows around `place` are there. Resolves to whether they came: another
   * turn may have come first.
   */
  async turn(view: ManifestView, place = 0): Promise<boolean> {
    this.#stop();
    this.#view = view;
    const turning = new AbortController();
    this.#turning = turning;
    this.progress = undefined;
    this.#options.onChange();
    const page = Math.floor(place / PAGE);
    try {
      const window = await this.#options.fetch(
        { view, from: page * PAGE, count: PAGE },
        {
          signal: turning.signal,
          onProgress: share => {
            this.progress = share;
            if (this.#turning === turning) this.#options.onChange();
          },
        },
      );
      if (this.#turning !== turning) return false;
      this.#pages.clear();
      this.#take(window, page);
      return true;
    } catch (error) {
      if (this.#turning === turning && !turning.signal.aborted) this.#options.onError(error);
      return false;
    } finally {
      if (this.#turning === turning) {
        this.#turning = undefined;
        this.progress = undefined;
        this.#options.onChange();
      }
    }
  }

  /** These rows show now: asks for those that are not here, and for no others any more. */
  want(first: number, last: number): void {
    if (this.#turning || this.total === undefined || last < first) return;
    const wanted = new Set<number>();
    for (let page = Math.floor(first / PAGE); page <= Math.floor(last / PAGE); page++) wanted.add(page);
    for (const [page, asked] of this.#asked) {
      if (wanted.has(page)) continue;
      this.#asked.delete(page);
      asked.abort();
    }
    for (const page of wanted) {
      const held = this.#pages.get(page);
      if (held) {
        // the latest used are the last to go
        this.#pages.delete(page);
        this.#pages.set(page, held);
      } else void this.#ask(page);
    }
    for (const page of this.#pages.keys()) {
      if (this.#pages.size <= KEPT) break;
      if (!wanted.has(page)) this.#pages.delete(page);
    }
  }

  /** Asks again for rows that are here, without a gap in what shows: what is said of them changed. */
  refresh(first: number, last: number): void {
    if (this.#turning || this.total === undefined) return;
    for (const asked of this.#asked.values()) asked.abort();
    this.#asked.clear();
    const shown = new Set<number>();
    for (let page = Math.floor(first / PAGE); page <= Math.floor(Math.max(first, last) / PAGE); page++) shown.add(page);
    for (const page of [...this.#pages.keys()]) if (!shown.has(page)) this.#pages.delete(page);
    for (const page of shown) void this.#ask(page);
  }

  async #ask(page: number): Promise<void> {
    if (this.#asked.has(page)) return;
    const asked = new AbortController();
    this.#asked.set(page, asked);
    try {
      const window = await this.#options.fetch(
        { view: this.#view, from: page * PAGE, count: PAGE },
        { signal: asked.signal },
      );
      if (this.#asked.get(page) !== asked) return;
      this.#asked.delete(page);
      this.#take(window, page);
      this.#options.onChange();
    } catch (error) {
      if (this.#asked.get(page) !== asked) return;
      this.#asked.delete(page);
      this.#options.onError(error);
    }
  }

  #take({ total, from, rows, canUndo }: ManifestWindow, page: number): void {
    this.total = total;
    this.canUndo = canUndo;
    // A view that shrank answers with its last rows.
    if (from === page * PAGE) this.#pages.set(page, rows);
  }

  #stop(): void {
    this.#turning?.abort();
    this.#turning = undefined;
    for (const asked of this.#asked.values()) asked.abort();
    this.#asked.clear();
  }
}
