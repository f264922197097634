import { getRandomValues } from 'node:crypto';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { type RandomBytes, ulids } from '../../core/ulid';
import type { ImageHash, Relation } from '../../core/types';
import { finishCompaction } from './carry-over';
import { foldLine } from './decode';
import { isMissing, LedgerError, type LedgerErrorCode, readError, writeError } from './errors';
import { type AnswerDraft, type EventDraft, type LedgerEvent, lineOf } from './events';
import { READ } from './open-flags';
import { readEvents } from './read-events';
import { LedgerReader, type LineProblem, type ReadOptions } from './reader';
import type { LedgerState, StandingAnswer } from './state';
import { whoJudges } from './who';
import { appendLines, ensureMarginFolder, syncFile } from './writer';

export interface LedgerOptions extends ReadOptions {
  /** who judges; from git's user where absent or empty */
  by?: string;
  /** milliseconds since 1970 */
  now?: () => number;
  random?: RandomBytes;
  /** waits between attempts to write what could not be written, milliseconds; the last one repeats */
  retryAfter?: readonly number[];
}

/** What is in memory only, because the file cannot be written. */
export interface Unsaved {
  /** acts that wait: answers, undos, flags, changes of classes */
  count: number;
  code: LedgerErrorCode;
  /** for a person: what is wrong and what to do */
  reason: string;
}

export interface Appended {
  /** in the order of the drafts */
  ids: string[];
  /** written and synced; otherwise the events stand in memory and are tried again */
  saved: boolean;
  /** false where the token was known: nothing was written twice */
  fresh: boolean;
}

/** What became different: pairs whose standing answers changed, or all (the file was replaced). */
export interface LedgerChange {
  pairs: readonly [ImageHash, ImageHash][] | 'all';
  unsaved?: Unsaved;
}

export interface AppendOptions {
  /** made by the asker: asking twice with one token writes once, also after a crash. It becomes the first event's id. */
  token?: string;
  /** in place of the ledger's own `by` */
  by?: string;
}

interface Waiting {
  events: LedgerEvent[];
  lines: Buffer[];
  ids: string[];
  settle: (result: Appended) => void;
  settled: Promise<Appended>;
  /** a sync failed after the write: what the file seems to hold may not be on the disk */
  doubtful: boolean;
}

const RETRY_AFTER = [500, 1000, 2000, 5000, 15_000];
const TOKEN = /^[\w.:-]{1,100}$/;

/**
 * The answers of one folder, `.margin/answers.jsonl`: append-only, one event a line, each synced before it counts as
 * saved. Other windows, processes and git write the same file: `refresh` takes in what they wrote. Nothing here ever
 * rewrites a line; see `compact` for the one exception.
 */
export class Ledger {
  readonly file: string;
  private readonly reader: LedgerReader;
  private readonly newId: () => string;
  private readonly now: () => number;
  private readonly retryAfter: readonly number[];
  private readonly listeners = new Set<(change: LedgerChange) => void>();
  private waiting: Waiting[] = [];
  private turn: Promise<unknown> = Promise.resolve();
  private failure: LedgerError | undefined;
  private attempts = 0;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private replaced = false;
  private toldUnsaved = false;

  private constructor(
    readonly folder: string,
    readonly by: string,
    options: LedgerOptions,
  ) {
    this.file = path.join(folder, '.margin', 'answers.jsonl');
    this.reader = new LedgerReader(this.file);
    this.now = options.now ?? Date.now;
    this.newId = ulids(this.now, options.random ?? getRandomValues);
    this.retryAfter = options.retryAfter ?? RETRY_AFTER;
  }

  /**
   * Reads the ledger of a folder; one that has none yet is empty, and nothing is made until the first answer.
   * @throws LedgerError `unreadable`, `locked`; the signal's reason when aborted
   */
  static async open(folder: string, options: LedgerOptions = {}): Promise<Ledger> {
    const ledger = new Ledger(folder, options.by || (await whoJudges(folder)), options);
    await finishCompaction(ledger.file);
    await ledger.reader.read(options);
    ledger.state.takeTouched();
    return ledger;
  }

  /** Everything the ledger says now; another object after the file was replaced. */
  get state(): LedgerState {
    return this.reader.state;
  }

  /** Lines that were passed over, with their numbers. */
  get problems(): LineProblem[] {
    return this.reader.problems;
  }

  /** Set while answers wait in memory for a file that cannot be written. */
  get unsaved(): Unsaved | undefined {
    if (this.failure === undefined) return undefined;
    return { count: this.waiting.length, code: this.failure.code, reason: this.failure.message };
  }

  /** Calls back after every change, by this ledger or found in the file. Returns how to stop. */
  onChange(listener: (change: LedgerChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * Appends events of one act in one write; several share a `with`, so that undo takes them together. They count in
   * `state` at once, and are saved when the promise says so. It does not reject for a file that cannot be written.
   * @throws LedgerError `invalid` for an event that could not be read back, `closed`
   */
  async append(drafts: readonly EventDraft[], { token, by = this.by }: AppendOptions = {}): Promise<Appended> {
    if (this.closed) throw new LedgerError('closed', 'this ledger is closed; open it again');
    if (token !== undefined && !TOKEN.test(token)) {
      throw new LedgerError('invalid', 'a token is 1 to 100 letters, digits or one of _ . : -');
    }
    if (drafts.length === 0) return { ids: [], saved: true, fresh: false };
    const first = token ?? this.newId();
    const ids = drafts.map((_, i) => (i === 0 ? first : token === undefined ? this.newId() : `${token}~${i + 1}`));
    if (token !== undefined && this.state.has(first)) {
      const missing = ids.findIndex(id => !this.state.has(id));
      if (missing < 0) return this.known(ids);
    }

    // What is settled must be older than what settles it, whatever the other person's clock said.
    const older = drafts.flatMap(draft => (draft.kind === 'answer' ? ((draft as AnswerDraft).settles ?? []) : []));
    const latest = Math.max(this.state.latestTime(by), ...older.map(id => this.state.timeOf(id) ?? -Infinity));
    const at = new Date(Math.max(this.now(), latest + 1)).toISOString();
    const together = drafts.length > 1 ? { with: first } : {};
    const events = drafts.map((draft, i) => ({ v: 1, id: ids[i], at, by, ...together, ...draft }) as LedgerEvent);
    const lines = events.map(event => Buffer.from(lineOf(event), 'utf8'));
    let settle: (result: Appended) => void = () => undefined;
    const settled = new Promise<Appended>(resolve => (settle = resolve));
    const group: Waiting = { events, lines, ids, settle, settled, doubtful: false };
    this.waiting.push(group);
    this.foldWaiting(group);
    void this.exclusively(() => this.flush());
    return settled;
  }

  /** One person's judgement of one pair. */
  answer(draft: Omit<AnswerDraft, 'kind'>, options?: AppendOptions): Promise<Appended> {
    return this.append([{ ...draft, kind: 'answer' } as AnswerDraft], options);
  }

  /** Marks an image, `unusable` unless said otherwise. */
  flag(image: ImageHash, { flag = 'unusable', ...options }: AppendOptions & { flag?: string } = {}): Promise<Appended> {
    return this.append([{ kind: 'flag', image, flag }], options);
  }

  /** Gives images another class (null: none) in one act, which one undo takes back. */
  reclass(images: readonly ImageHash[], to: string | null, options?: AppendOptions): Promise<Appended> {
    return this.append(
      images.map(image => ({ kind: 'class', image, class: to })),
      options,
    );
  }

  /**
   * Takes back an event with all that share its `with`: `of`, or the person's latest that still stands. Without limit,
   * also of what was answered before a restart.
   * @returns what was taken back, or undefined where there is nothing to undo
   */
  async undo(
    of?: string,
    options: AppendOptions = {},
  ): Promise<(Appended & { of: string; answers: StandingAnswer[] }) | undefined> {
    let target = of ?? this.state.lastOf(options.by ?? this.by);
    if (options.token !== undefined && this.state.has(options.token)) {
      const before = await this.event(options.token);
      target = typeof before?.['of'] === 'string' ? before['of'] : target;
    }
    if (target === undefined || !this.state.has(target)) return undefined;
    const appended = await this.append([{ kind: 'undo', of: target }], options);
    return { ...appended, of: target, answers: this.state.answersWith(target) };
  }

  /** The whole event as it was written, unknown fields included, or undefined for an unknown id. */
  async event(id: string): Promise<Record<string, unknown> | undefined> {
    for (const group of this.waiting) {
      const found = group.events.find(event => event.id === id);
      if (found !== undefined) return { ...found };
    }
    const place = this.state.lineOf(id);
    if (place === undefined) return undefined;
    try {
      const handle = await open(this.file, READ);
      try {
        const bytes = Buffer.alloc(place.length);
        await handle.read(bytes, 0, place.length, place.offset);
        const event = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
        return event['id'] === id ? event : undefined;
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (isMissing(error) || error instanceof SyntaxError) return undefined;
      throw readError(this.file, error);
    }
  }

  /**
   * Many whole events, as `event` gives one, in one pass over the file; in the order of the file, then those that wait.
   * Ids that are unknown are passed over.
   * @throws LedgerError `unreadable`; the signal's reason when aborted
   */
  async *eventsOf(
    ids: Iterable<string>,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<Record<string, unknown>> {
    const waiting = new Map(this.waiting.flatMap(({ events }) => events.map(event => [event.id, event] as const)));
    const places: { id: string; offset: number; length: number }[] = [];
    const late: LedgerEvent[] = [];
    for (const id of ids) {
      const place = this.state.lineOf(id);
      const event = waiting.get(id);
      if (event !== undefined) late.push(event);
      else if (place !== undefined) places.push({ id, ...place });
    }
    places.sort((x, y) => x.offset - y.offset);
    yield* readEvents(this.file, places, signal);
    for (const event of late) yield { ...event };
  }

  /**
   * Takes in what other windows, processes or git wrote. Cheap where nothing is new: call it on every file event. While
   * another program holds the file, what was read before is all there is to know.
   */
  refresh(options: ReadOptions = {}): Promise<void> {
    return this.exclusively(() => this.readOn(options)).catch((error: unknown) => {
      if (!(error instanceof LedgerError && error.code === 'locked')) throw error;
    });
  }

  /** What `refresh` does, for work that has the file to itself already. */
  async readOn(options: ReadOptions = {}): Promise<void> {
    await this.read(options);
    this.tell();
  }

  /** Tries again at once to write what waits. */
  async retry(): Promise<Unsaved | undefined> {
    await this.exclusively(() => this.flush());
    return this.unsaved;
  }

  /** Makes a last attempt to write what waits, then lets go. Returns what could not be saved. */
  async close(): Promise<Unsaved | undefined> {
    if (!this.closed) {
      this.closed = true;
      await this.retry();
      clearTimeout(this.timer);
      this.listeners.clear();
    }
    return this.unsaved;
  }

  /** Runs work on the file alone among this ledger's own; see `compact`. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work);
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  /** An act whose token is known: it is saved once its lines are surely on disk. */
  private async known(ids: string[]): Promise<Appended> {
    const group = this.waiting.find(({ ids: [first] }) => first === ids[0]);
    if (group !== undefined) return { ...(await group.settled), fresh: false };
    // Written, perhaps by a process that died before its sync.
    const saved = await this.exclusively(() => syncFile(this.file)).then(
      () => true,
      () => false,
    );
    return { ids, saved, fresh: false };
  }

  private async flush(): Promise<void> {
    clearTimeout(this.timer);
    while (this.waiting.length > 0) {
      const groups = [...this.waiting];
      try {
        await this.write(groups);
      } catch (error) {
        for (const group of groups) group.settle({ ids: group.ids, saved: false, fresh: true });
        this.failure = writeError(this.file, error);
        this.tryLater();
        this.tell();
        return;
      }
      this.waiting = this.waiting.filter(group => !groups.includes(group));
      for (const group of groups) group.settle({ ids: group.ids, saved: true, fresh: true });
    }
    this.failure = undefined;
    this.attempts = 0;
    this.tell();
  }

  /** Writes groups and makes sure, by reading them back under the file's name, that they are there. */
  private async write(groups: readonly Waiting[]): Promise<void> {
    // Another program may replace the file, or tear a line into ours, between any two steps: then once more.
    for (let attempt = 0; attempt < 3; attempt++) {
      const lines = groups.flatMap(({ events, lines, doubtful }) =>
        lines.filter((_, i) => doubtful || this.state.lineOf(events[i].id) === undefined).map(line => line.toString()),
      );
      if (lines.length === 0) return;
      let alone: Buffer | undefined;
      try {
        alone = await appendLines(this.file, lines, this.reader.upTo).catch(async (error: unknown) => {
          if (!isMissing(error)) throw error;
          await ensureMarginFolder(this.folder);
          return appendLines(this.file, lines);
        });
      } catch (error) {
        for (const group of groups) group.doubtful = true;
        throw error;
      }
      for (const group of groups) group.doubtful = false;
      if (alone !== undefined) this.reader.take(alone);
      else await this.read();
    }
    const missing = groups.some(({ ids }) => ids.some(id => this.state.lineOf(id) === undefined));
    if (missing) throw new LedgerError('io', `${this.file} is being rewritten by another program`);
  }

  private async read(options: ReadOptions = {}): Promise<void> {
    const { replaced } = await this.reader.read(options);
    if (!replaced) return;
    this.replaced = true;
    for (const group of this.waiting) this.foldWaiting(group);
  }

  private foldWaiting({ lines }: Waiting): void {
    for (const line of lines) foldLine(this.state, line, 0, line.length, -1);
  }

  private tell(): void {
    const touched = this.state.takeTouched();
    const { replaced, unsaved } = this;
    this.replaced = false;
    const wasUnsaved = this.toldUnsaved;
    this.toldUnsaved = unsaved !== undefined;
    if (!replaced && touched.length === 0 && !wasUnsaved && !this.toldUnsaved) return;
    const change: LedgerChange = { pairs: replaced ? 'all' : touched, ...(unsaved && { unsaved }) };
    for (const listener of this.listeners) listener(change);
  }

  private tryLater(): void {
    if (this.closed) return;
    const delay = this.retryAfter[Math.min(this.attempts++, this.retryAfter.length - 1)] ?? 1000;
    this.timer = setTimeout(() => void this.retry(), delay);
    this.timer.unref();
  }
}

/** The two answers of one judged triplet, as drafts for one `append`. */
export function tripletAnswers(
  images: { anchor: ImageHash; positive: ImageHash; negative: ImageHash },
  relations: { positive: Relation; negative: Relation },
  details: Partial<Omit<AnswerDraft, 'kind' | 'a' | 'b' | 'relation' | 'paths'>> = {},
  paths?: { anchor: string; positive: string; negative: string },
): AnswerDraft[] {
  return (['positive', 'negative'] as const).map(side => ({
    ...details,
    kind: 'answer',
    a: images.anchor,
    b: images[side],
    relation: relations[side],
    ...(paths && { paths: [paths.anchor, paths[side]] as [string, string] }),
  }));
}
