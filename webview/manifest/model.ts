import type { ImageHash } from '../../src/core/types';
import type { ManifestState } from '../../src/rpc/manifest-protocol';
import type { ManifestAnswer, ManifestRow, ManifestView } from '../../src/rpc/manifest-rows';
import type { Verdict } from '../ui/verdicts';
import type { RowCache } from './rowCache';

export type ThumbnailSize = 'small' | 'medium' | 'large';

/** What outlives the page: kept by VS Code while the editor is hidden, and across restarts. */
export interface Looks {
  view: ManifestView;
  /** place of the chosen row in the view */
  chosen: number;
  /** place of the row at the upper edge */
  top: number;
  size: ThumbnailSize;
}

export const FIRST_LOOKS: Looks = { view: {}, chosen: 0, top: 0, size: 'medium' };

export interface ModelOptions {
  rows: RowCache;
  answer(answer: ManifestAnswer): Promise<null>;
  undo(token: string): Promise<null>;
  token(): string;
  now(): number;
  onChange(): void;
  announce(what: Announcement): void;
}

export type Announcement =
  { kind: 'answered'; verdict: Verdict } | { kind: 'undone' } | { kind: 'found'; rows: number };

/** What the page shows and what a person does on it; knows nothing of the DOM. */
export class ManifestModel {
  readonly #options: ModelOptions;
  readonly #answered: number[] = [];
  state: ManifestState = { kind: 'opening' };
  looks: Looks = FIRST_LOOKS;
  /** what went wrong with the latest act */
  failure: string | undefined;
  /** answers and undos on their way to the disk */
  underWay = 0;
  #chosenAt = 0;

  constructor(options: ModelOptions) {
    this.#options = options;
    this.#chosenAt = options.now();
  }

  get rows(): RowCache {
    return this.#options.rows;
  }

  get total(): number {
    return this.rows.total ?? 0;
  }

  /** The host's snapshot: where a manifest is there (or was written anew), its rows are asked for. */
  async receive(state: ManifestState): Promise<void> {
    this.state = state;
    this.#options.onChange();
    if (state.kind === 'ready') {
      if (await this.rows.turn(this.looks.view, this.looks.top)) this.choose(this.looks.chosen);
    }
  }

  /** Filters and sorts; the list begins at its top again. */
  async turn(change: Partial<ManifestView>): Promise<void> {
    const view = { ...this.looks.view, ...change };
    for (const key of Object.keys(view) as (keyof ManifestView)[]) {
      if (view[key] === undefined || view[key] === '') Reflect.deleteProperty(view, key);
    }
    this.looks = { ...this.looks, view };
    if (!(await this.rows.turn(view))) return;
    this.#answered.length = 0;
    this.looks = { ...this.looks, chosen: 0, top: 0 };
    this.#options.announce({ kind: 'found', rows: this.total });
    this.#options.onChange();
  }

  resize(size: ThumbnailSize): void {
    this.looks = { ...this.looks, size };
    this.#options.onChange();
  }

  choose(place: number): void {
    const chosen = Math.max(0, Math.min(place, this.total - 1));
    if (chosen !== this.looks.chosen) this.#chosenAt = this.#options.now();
    this.looks = { ...this.looks, chosen };
    this.#options.onChange();
  }

  dismiss(): void {
    this.failure = undefined;
    this.#options.onChange();
  }

  /** Why a row takes no verdict, or undefined where it does. */
  unjudgeable(row: ManifestRow): 'broken' | 'missing' | 'same-image' | undefined {
    if (row.kind === 'broken') return 'broken';
    const hashes = row.images.map(({ hash }) => hash);
    if (hashes.some(hash => hash === undefined)) return 'missing';
    return new Set(hashes).size < hashes.length ? 'same-image' : undefined;
  }

  /** Judges a row: shown at once, written behind it. */
  async answer(place: number, verdict: Verdict): Promise<void> {
    const { answer, now, token, onChange, announce } = this.#options;
    const row = this.rows.get(place);
    if (!row || this.unjudgeable(row)) return;
    const ms = place === this.looks.chosen ? now() - this.#chosenAt : 0;
    this.failure = undefined;
    this.rows.replace(place, { ...row, said: { verdict, from: 'you' } });
    this.#answered.push(place);
    announce({ kind: 'answered', verdict });
    await this.#act(async () => {
      try {
        const images = row.images.map(({ hash }) => hash as ImageHash);
        await answer({ line: row.line, images, verdict, ms, token: token() });
        this.rows.canUndo = true;
      } catch (error) {
        const at = this.#answered.lastIndexOf(place);
        if (at >= 0) this.#answered.splice(at, 1);
        if (this.rows.get(place)?.line === row.line) this.rows.replace(place, row);
        throw error;
      }
    });
    onChange();
  }

  /** Takes back the person's latest act in this folder, and leads back to its row where it was one of these. */
  async undo(): Promise<void> {
    if (!this.rows.canUndo && this.#answered.length === 0) return;
    const place = this.#answered.pop();
    if (place !== undefined) this.choose(place);
    await this.#act(() => this.#options.undo(this.#options.token()));
    this.#options.announce({ kind: 'undone' });
  }

  async #act(act: () => Promise<unknown>): Promise<void> {
    this.underWay++;
    this.#options.onChange();
    try {
      await act();
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    } finally {
      this.underWay--;
      this.#options.onChange();
    }
  }
}
