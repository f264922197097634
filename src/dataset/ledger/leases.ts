import { createHash, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { open, readdir, readFile, rm, stat, utimes, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { makeFolder } from '../atomic';
import { withFileLock } from '../file-lock';
import { hasCode } from './errors';

export interface LeaseOptions {
  by: string;
  /** how long a lease holds without being renewed, milliseconds */
  ttl?: number;
  /** milliseconds since 1970 */
  now?: () => number;
}

interface Held {
  session: string;
  by: string;
  /** where the holder runs: on its own machine a process that is gone holds nothing */
  host?: string;
  pid?: number;
}

const TTL = 5 * 60_000;
const SUFFIX = '.lease';

/**
 * Who has which question on their screen, so that two people on one shared folder are not asked the same at once. A lease
 * is one small file in `.margin/cache/leases`, made by whoever comes first (exclusive creation, which network drives keep
 * too); its time is the file's own, so that the machines' clocks need to agree only within the lease's length.
 *
 * Leases are a courtesy: where they cannot be written everything counts as free, and two answers to one question are kept.
 */
export class Leases {
  readonly folder: string;
  private readonly session = randomUUID();
  private readonly by: string;
  private readonly ttl: number;
  private readonly now: () => number;
  /** by id: the file, and when its lease was made or renewed */
  private readonly mine = new Map<string, { file: string; at: number }>();

  constructor(folder: string, { by, ttl = TTL, now = Date.now }: LeaseOptions) {
    this.folder = path.join(folder, '.margin', 'cache', 'leases');
    this.by = by;
    this.ttl = ttl;
    this.now = now;
  }

  /**
   * Takes or renews leases on questions, by their ids.
   * @returns those that may be shown; the others are on somebody else's screen
   */
  async take(ids: readonly string[]): Promise<Set<string>> {
    const free = new Set<string>();
    try {
      if (ids.length > 0) await makeFolder(this.folder, 3); // .margin/cache/leases, never the folder itself, which may have gone away
    } catch {
      return new Set(ids);
    }
    for (const id of ids) if (await this.takeOne(id)) free.add(id);
    return free;
  }

  /** Gives leases back: answered, or no longer shown. All of them without ids. */
  async release(ids: Iterable<string> = [...this.mine.keys()]): Promise<void> {
    for (const id of ids) {
      const file = this.mine.get(id)?.file;
      if (file === undefined) continue;
      this.mine.delete(id);
      const giveUp = async () => {
        if ((await this.holder(file))?.session === this.session) await rm(file, { force: true });
      };
      // Near its end somebody else may be taking it over: then one at a time.
      const old = (await this.age(file)) > this.ttl / 2;
      await (old ? withFileLock(this.lock, giveUp) : giveUp()).catch(() => undefined);
    }
  }

  /** Holds exactly these: takes what is new and gives back what is not among them. Returns what may be shown. */
  async keep(ids: readonly string[]): Promise<Set<string>> {
    await this.release([...this.mine.keys()].filter(id => !ids.includes(id)));
    return this.take(ids);
  }

  /** Who else has a question on their screen, or undefined. */
  async heldBy(id: string): Promise<string | undefined> {
    return (await this.otherHolder(id))?.by;
  }

  /** Whether the same person has it on their screen on this machine: another window, or one that is just closing. */
  async isOwnElsewhere(id: string): Promise<boolean> {
    const held = await this.otherHolder(id);
    return held !== undefined && held.by === this.by && held.host === hostname();
  }

  /** Removes leases that ran out long ago, as after a crash. */
  async sweep(): Promise<void> {
    for (const name of await readdir(this.folder).catch(() => [])) {
      const file = path.join(this.folder, name);
      if ((await this.age(file)) > 2 * this.ttl) await rm(file, { force: true }).catch(() => undefined);
    }
  }

  private async otherHolder(id: string): Promise<Held | undefined> {
    const file = this.fileOf(id);
    if ((await this.age(file)) > this.ttl) return undefined;
    const held = await this.holder(file);
    return held === undefined || held.session === this.session || isGone(held) ? undefined : held;
  }

  private async takeOne(id: string): Promise<boolean> {
    const file = this.fileOf(id);
    const held = this.mine.get(id);
    // Nobody takes over a lease that is far from its end: no need to look.
    if (held !== undefined && this.now() - held.at < this.ttl / 3) return true;
    const isFree = async () => {
      const holder = await this.holder(file);
      return (holder !== undefined && isGone(holder)) || (await this.age(file)) > this.ttl;
    };
    try {
      if (await this.create(id, file)) return true;
      if ((await this.holder(file))?.session === this.session) return await this.renew(id, file);
      if (!(await isFree())) return false;
      // Expired leases are removed by one at a time, or a slow one would remove the next one's fresh lease.
      return await withFileLock(this.lock, async () => {
        if (!(await isFree())) return false;
        await rm(file, { force: true });
        return this.create(id, file);
      });
    } catch {
      return true;
    }
  }

  /** False where there is a lease, whoever's and however old. */
  private async create(id: string, file: string): Promise<boolean> {
    let handle: FileHandle;
    try {
      handle = await open(file, 'wx');
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false;
      throw error;
    }
    try {
      await handle.writeFile(JSON.stringify(this.card));
      await handle.utimes(this.now() / 1000, this.now() / 1000);
    } finally {
      await handle.close();
    }
    this.mine.set(id, { file, at: this.now() });
    return true;
  }

  private async renew(id: string, file: string): Promise<boolean> {
    await utimes(file, this.now() / 1000, this.now() / 1000);
    this.mine.set(id, { file, at: this.now() });
    return true;
  }

  private get card(): Held {
    return { session: this.session, by: this.by, host: hostname(), pid: process.pid };
  }

  private get lock(): string {
    return path.join(this.folder, 'lock');
  }

  private fileOf(id: string): string {
    return path.join(this.folder, `${createHash('sha256').update(id).digest('hex').slice(0, 40)}${SUFFIX}`);
  }

  private async age(file: string): Promise<number> {
    try {
      return this.now() - (await stat(file)).mtimeMs;
    } catch {
      return Infinity;
    }
  }

  private async holder(file: string): Promise<Held | undefined> {
    try {
      const held = JSON.parse(await readFile(file, 'utf8')) as Held;
      return typeof held.session === 'string' && typeof held.by === 'string' ? held : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Whether the holder ran on this machine and runs no more: a crash need not be waited out. */
function isGone({ host, pid }: Held): boolean {
  if (host !== hostname() || !Number.isSafeInteger(pid) || pid! <= 0) return false;
  try {
    process.kill(pid!, 0);
    return false;
  } catch (error) {
    return hasCode(error, 'ESRCH');
  }
}
