import path from 'node:path';
import { watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { FSWatcher } from 'node:fs';
import { createDecoder, ImageIndex, MarginFolder, PixelSource, RejectedImages, ThumbnailCache } from '../dataset';
import type { Decoder, PixelSpec, PixelStore } from '../dataset';
import { Leases, Ledger } from '../dataset/ledger';
import type { ImageHash } from '../core/types';
import type { EditedImage, EngineSettings, ImageRef, Thumbnail } from '../rpc/engine-protocol';
import { ClassOffers } from './class-offers';
import { Contradictions } from './contradictions';
import { Disagreements } from './disagreements';
import { EngineError } from './errors';
import { lastSeen, takeInventory } from './inventory';
import type { Inventory } from './inventory';
import { Knowledge } from './knowledge';
import { Labelling } from './labelling';
import { LaneStore } from './lanes';
import { MiningState } from './mining-state';
import type { Report } from './progress';
import { Turns } from './turns';

export interface WorkspaceEvents {
  log(level: 'info' | 'warn', message: string): void;
  changed(what: 'answers' | 'lanes' | 'models'): void;
  /** judged images were found edited: a person must know that their answers no longer count */
  edited(images: EditedImage[]): void;
}

/** Lines and files named in the log one by one; more are counted. */
const NAMED = 20;

/** One opened folder: what is known of its images, its ledger, its mined lanes. Everything in it can be read again from disk. */
export class Workspace {
  #inventory: Inventory | undefined;
  #seen: Map<ImageHash, ImageRef> | undefined;
  #decoding: { key: string; decoder: Decoder; thumbnails: ThumbnailCache } | undefined;
  /** what one search leaves for the next */
  readonly mining: MiningState;
  #rejected: RejectedImages | undefined;
  #watcher: FSWatcher | undefined;
  readonly labelling: Labelling;
  readonly contradictions: Contradictions;
  readonly #turns: Turns;
  /** milliseconds since 1970 */
  readonly openedAt = Date.now();

  private constructor(
    readonly folder: string,
    readonly margin: MarginFolder,
    /** undefined where no place on disk can be written: caches are then in memory only */
    readonly cache: string | undefined,
    readonly index: ImageIndex,
    readonly ledger: Ledger,
    readonly knowledge: Knowledge,
    readonly lanes: LaneStore,
    public settings: EngineSettings,
    readonly events: WorkspaceEvents,
  ) {
    this.mining = new MiningState(cache);
    this.contradictions = new Contradictions(this);
    const leases = new Leases(folder, { by: ledger.by });
    void leases.sweep();
    this.#turns = new Turns(leases, () => events.changed('answers'));
    this.labelling = new Labelling({
      ledger,
      lanes,
      knowledge,
      find: hash => this.seen().get(hash),
      openedAt: this.openedAt,
      contradictions: this.contradictions,
      disagreements: new Disagreements(ledger),
      offers: new ClassOffers(this),
      turns: this.#turns,
      shares: () => ({ repeats: this.settings.repeatShare ?? 0, overlap: this.settings.overlap ?? 0 }),
      forget: () => this.forget(),
    });
    ledger.onChange(change => {
      const done = knowledge.update(change);
      const contradictions = done?.contradictions ?? [];
      this.contradictions.arisen(contradictions);
      if (done) this.labelling.update(done);
      else this.labelling.refresh('all');
      for (const [a, b] of contradictions) {
        const names = [a, b].map(hash => this.seen().get(hash)?.path ?? hash);
        events.log('warn', `Answers contradict each other about ${names.join(' and ')}.`);
      }
      events.changed('answers');
    });
    this.#watch();
  }

  /** @throws EngineError `folder-missing`, DatasetError when the folder cannot be read, LedgerError when its ledger cannot be read. */
  static async open(
    folder: string,
    settings: EngineSettings,
    fallbackCache: string | undefined,
    events: WorkspaceEvents,
  ): Promise<Workspace> {
    const isFolder = await stat(folder).then(
      found => found.isDirectory(),
      () => false,
    );
    if (!isFolder) {
      throw new EngineError(
        'folder-missing',
        `There is no folder ${folder}.`,
        'Was it moved, deleted or unplugged? Open it again from where it is now.',
      );
    }
    const margin = new MarginFolder(folder, { fallbackCache });
    const cache = await margin.cache();
    const [index, ledger, lanes] = await Promise.all([
      ImageIndex.open(cache),
      Ledger.open(folder, { by: settings.by }),
      LaneStore.open(cache),
    ]);
    for (const { line, reason } of ledger.problems.slice(0, NAMED)) {
      events.log('warn', `answers.jsonl, line ${line}: ${reason}; passed over.`);
    }
    if (ledger.problems.length > NAMED)
      events.log('warn', `… and ${ledger.problems.length - NAMED} more lines passed over.`);
    const knowledge = await Knowledge.of(ledger);
    return new Workspace(folder, margin, cache, index, ledger, knowledge, lanes, settings, events);
  }

  /** Where images were when last looked at, without a scan. */
  seen(): Map<ImageHash, ImageRef> {
    return (this.#seen ??= lastSeen(this.index, this.settings.classes, this.ledger.state));
  }

  /** Lets go of what hangs on classes and flags; it is worked out anew when next asked for. */
  forget(): void {
    this.#inventory = undefined;
    this.#seen = undefined;
    this.labelling.refresh('all');
    this.events.changed('answers');
  }

  /** Takes in the settings of a call: some hold at once, those of scanning with the next scan. */
  follow({ repeatShare, overlap }: EngineSettings): void {
    const isOther = (this.settings.overlap ?? 0) !== (overlap ?? 0);
    this.settings = { ...this.settings, repeatShare, overlap };
    if (isOther) this.labelling.refresh('all');
  }

  /** Looks at the folder as it is now. */
  async takeInventory(
    settings: EngineSettings,
    options: { signal?: AbortSignal; report?: Report } = {},
  ): Promise<Inventory> {
    this.settings = settings;
    this.#inventory = await takeInventory(this.folder, this.index, settings, this.ledger.state, options);
    this.#seen = undefined;
    this.labelling.refresh('all');
    this.#tellChanges(this.#inventory);
    this.#tellConflicts(this.#inventory);
    return this.#inventory;
  }

  /** The last inventory, or a new one. */
  async inventory(settings: EngineSettings): Promise<Inventory> {
    return this.#inventory ?? (await this.takeInventory(settings));
  }

  decoder(settings: EngineSettings): Decoder {
    return this.#decoders(settings).decoder;
  }

  /** The pixels of images as a network wants them; contents known to give none are not tried again. */
  async pixelSource(spec: PixelSpec, settings: EngineSettings, store?: PixelStore): Promise<PixelSource> {
    const decoder = this.decoder(settings);
    this.#rejected ??= await RejectedImages.open(this.cache, decoder.version);
    if (this.#rejected.decoder !== decoder.version)
      this.#rejected = await RejectedImages.open(this.cache, decoder.version);
    const rejected = this.#rejected;
    return new PixelSource({ root: this.folder, decoder, spec, rejected, ...(store && { store }) });
  }

  /** Keeps on disk which contents give no picture. It is a cache: a full disk must not stop the work. */
  async saveRejected(): Promise<void> {
    await this.#rejected?.save().catch(() => undefined);
  }

  /** A picture for the screen. @throws EngineError `image-gone`, PictureError */
  async thumbnail(hash: ImageHash, size: number, settings: EngineSettings): Promise<Thumbnail> {
    const ref = this.seen().get(hash);
    if (!ref) throw new EngineError('image-gone', 'This image is no longer in the folder.');
    const file = path.join(this.folder, ref.path);
    return { hash, ...(await this.#decoders(settings).thumbnails.get(hash, file, size)) };
  }

  #decoders(settings: EngineSettings): { decoder: Decoder; thumbnails: ThumbnailCache } {
    const key = `${settings.decoder} ${settings.svg}`;
    if (this.#decoding?.key !== key) {
      const decoder = createDecoder({ choice: settings.decoder, svg: settings.svg });
      this.#decoding = { key, decoder, thumbnails: new ThumbnailCache(this.cache, decoder) };
    }
    return this.#decoding;
  }

  async close(): Promise<void> {
    this.#watcher?.close();
    await this.#turns.close();
    await this.mining.settled();
    const unsaved = await this.ledger.close();
    if (unsaved)
      this.events.log(
        'warn',
        `${unsaved.count === 1 ? '1 change' : `${unsaved.count} changes`} to the answers could not be saved: ${unsaved.reason}`,
      );
  }

  /** Exact copies in folders of two classes: one of the folders is wrong, and only a person can say which. */
  #tellConflicts({ conflicts }: Inventory): void {
    for (const { places } of conflicts.slice(0, NAMED)) {
      const where = places.map(({ path: at, class: name }) => `${at} (${name})`).join(', ');
      this.events.log('warn', `One image lies in folders of different classes: ${where}. The first one counts.`);
    }
    if (conflicts.length > NAMED)
      this.events.log('warn', `… and ${conflicts.length - NAMED} more images in folders of different classes.`);
  }

  /** An edited image is another image: whoever judged the old one is told that those answers no longer meet it. */
  #tellChanges({ changes }: Inventory): void {
    const mentioned = changes.edited.length > 0 ? this.ledger.state.mentioned() : undefined;
    const lost = changes.edited.flatMap(({ path, before }): EditedImage[] => {
      const answers = mentioned?.get(before)?.answers ?? 0;
      return answers > 0 ? [{ path, answers }] : [];
    });
    for (const { path, answers } of lost.slice(0, NAMED)) {
      this.events.log(
        'warn',
        `${path} was edited: it is a new image now, ${answers} answers about the old one no longer count for it.`,
      );
    }
    if (lost.length > NAMED) this.events.log('warn', `… and ${lost.length - NAMED} more edited images.`);
    if (lost.length > 0) this.events.edited(lost);
  }

  /** Another window's answers, or git's, show up without being asked for. */
  #watch(): void {
    try {
      this.#watcher = watch(this.margin.path, { persistent: false }, (_, name) => {
        if (name === 'answers.jsonl') void this.ledger.refresh().catch(() => undefined);
      });
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // No .margin yet, or a disk without watching: every snapshot refreshes anyway.
    }
  }
}
