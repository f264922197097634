import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { MINED_LANES } from '../core/types';
import type { ImageHash, Lane, Metric, MinedLane } from '../core/types';
import type { GroupOfCandidate, MinedCandidate, MiningReport } from '../core/mining/types';
import { makeFolder } from '../dataset';

/** Two images to ask about, by content, so that the question outlives row numbers, renames and restarts. */
export interface PairQuestion {
  kind: 'pair';
  id: string;
  a: ImageHash;
  b: ImageHash;
  /** absent where no model was asked */
  distance?: number;
  score: number;
  reason?: string;
  /** of near duplicates */
  group?: GroupOfCandidate;
  /** of label errors: the image whose class is in doubt; the reason goes on from its name */
  suspect?: 'a' | 'b';
}

/** A mined pair. */
export interface StoredPair extends PairQuestion {
  distance: number;
}

export interface StoredTriplet {
  kind: 'triplet';
  id: string;
  anchor: ImageHash;
  positive: ImageHash;
  negative: ImageHash;
  positiveDistance: number;
  negativeDistance: number;
  score: number;
  reason?: string;
}

export type StoredCandidate = StoredPair | StoredTriplet;
export type CandidateQuestion = PairQuestion | StoredTriplet;

/** Ranked questions, mined or not. */
export interface QuestionLane {
  lane: Lane;
  margin: number;
  seed: number;
  candidates: CandidateQuestion[];
}

/** A mined lane on disk: ranked candidates, and what they were mined with. */
export interface StoredLane extends QuestionLane {
  version: 1;
  lane: MinedLane;
  model: string;
  metric: Metric;
  minedAt: string;
  report: MiningReport;
  /** which cached vectors it was mined with, so that distances can be told without loading the network */
  vectors: { key: string; dimension: number; weights?: number[] };
  candidates: StoredCandidate[];
  /** of near duplicates: images that belong together, largest group first */
  groups?: ImageHash[][];
}

/** Whether a search found the lane's candidates. */
export function isMined(lane: QuestionLane): lane is StoredLane {
  return lane.lane !== 'disagreements';
}

/** Short and stable: made of the images alone, so that mining again gives a candidate the same id. */
export function candidateId(kind: 'pair' | 'triplet', hashes: readonly ImageHash[]): string {
  const ordered = kind === 'pair' ? [...hashes].sort() : hashes;
  return `${kind}:${createHash('sha256').update(ordered.join(' ')).digest('hex').slice(0, 24)}`;
}

/** A mined candidate with its rows turned into contents. */
export function toStored(candidate: MinedCandidate, ids: readonly ImageHash[]): StoredCandidate {
  if (candidate.kind === 'pair') {
    const { a, b, ...rest } = candidate;
    return { ...rest, id: candidateId('pair', [ids[a], ids[b]]), a: ids[a], b: ids[b] };
  }
  const { anchor, positive, negative, ...rest } = candidate;
  const hashes = [ids[anchor], ids[positive], ids[negative]] as const;
  return { ...rest, id: candidateId('triplet', hashes), anchor: hashes[0], positive: hashes[1], negative: hashes[2] };
}

/** The images of a candidate. */
export function imagesOf(candidate: CandidateQuestion): ImageHash[] {
  return candidate.kind === 'pair'
    ? [candidate.a, candidate.b]
    : [candidate.anchor, candidate.positive, candidate.negative];
}

/**
 * The lanes mined last, one file each in the cache folder, so that a reload or a crash loses no place.
 * A file that cannot be read counts as not mined: the cache may be deleted at any time.
 */
export class LaneStore {
  readonly #lanes = new Map<MinedLane, StoredLane>();

  private constructor(readonly dir: string | undefined) {}

  /** @param cache the cache folder; undefined: kept in memory only */
  static async open(cache: string | undefined): Promise<LaneStore> {
    const store = new LaneStore(cache && path.join(cache, 'lanes'));
    if (store.dir === undefined) return store;
    const names: string[] = await readdir(store.dir).catch(() => []);
    for (const lane of MINED_LANES) {
      if (!names.includes(`${lane}.json`)) continue;
      const text = await readFile(path.join(store.dir, `${lane}.json`), 'utf8').catch(() => '');
      const stored = parseLane(text);
      if (stored?.lane === lane) store.#lanes.set(lane, stored);
    }
    return store;
  }

  get(lane: MinedLane): StoredLane | undefined {
    return this.#lanes.get(lane);
  }

  all(): StoredLane[] {
    return [...this.#lanes.values()];
  }

  /** Groups of near duplicates, as far as they were looked for. */
  duplicates(): ImageHash[][] {
    return this.#lanes.get('near-duplicates')?.groups ?? [];
  }

  /** The lane mined most recently. */
  latest(): StoredLane | undefined {
    return this.all().sort((x, y) => (x.minedAt < y.minedAt ? 1 : -1))[0];
  }

  /**
   * Stores a lane in place of the one mined before. What a cancelled search found is a part of a lane: it takes the place of
   * nothing, or of another part that holds no more, and of no whole lane.
   * @returns the lane that was kept instead, if it was
   */
  async put(stored: StoredLane): Promise<StoredLane | undefined> {
    const former = this.#lanes.get(stored.lane);
    if (stored.report.partial && former) {
      const isMore = former.candidates.length > stored.candidates.length;
      if (!former.report.partial || isMore) return former;
    }
    this.#lanes.set(stored.lane, stored);
    if (this.dir === undefined) return undefined;
    await makeFolder(this.dir, 3); // .margin/cache/lanes, never the folder itself, which may have gone away
    const file = path.join(this.dir, `${stored.lane}.json`);
    const temporary = `${file}.${process.pid}.tmp`;
    await writeFile(temporary, JSON.stringify(stored));
    await rename(temporary, file);
    return undefined;
  }

  async clear(): Promise<void> {
    this.#lanes.clear();
    if (this.dir !== undefined) await rm(this.dir, { recursive: true, force: true });
  }
}

function parseLane(text: string): StoredLane | undefined {
  try {
    const value = JSON.parse(text) as StoredLane;
    return value.version === 1 && typeof value.vectors === 'object' && Array.isArray(value.candidates)
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}
