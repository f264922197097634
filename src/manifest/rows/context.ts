import { pairKey } from '../../core/pairs';
import { sortInSteps, type Steps } from '../../core/steps';
import type { ImageHash, PairKey, Relation } from '../../core/types';
import type { SplitPlan } from '../../core/splits';
import type { ImageRef, PairRow, Part, Provenance, Row, RowSource, TripletRow } from '../types';
import { imagesOf } from '../types';
import { DEFAULT_LIMIT, type LeftOut, type RowChoice, type RowData, type RowOrigin } from './types';

/** What is known of a pair, however it was ticked. */
export interface Judged {
  relation: Relation;
  source: 'answer' | 'implied';
  provenance: Provenance;
}

/** The data made ready to look things up in, and the place where rows gather. */
export class RowContext {
  readonly images = new Map<ImageHash, ImageRef>();
  readonly judged = new Map<PairKey, Judged>();
  readonly limit: number;
  readonly leftOut: Partial<Record<LeftOut, number>> = {};
  private readonly rows: Map<string, Row>[];

  constructor(
    readonly data: RowData,
    readonly choice: RowChoice,
    readonly plan: SplitPlan,
  ) {
    // two files with one content are one image: the smaller path stands for it, whatever order they came in
    for (const image of data.images) {
      const other = this.images.get(image.hash);
      if (!other || image.path < other.path) this.images.set(image.hash, image);
    }
    this.limit = choice.limit ?? DEFAULT_LIMIT;
    this.rows = plan.names.map(() => new Map<string, Row>());
  }

  /** Takes in what is known of pairs: before any row is made. */
  *learn(): Steps<void> {
    for (const { a, b, relation, provenance } of this.data.answers) {
      this.judged.set(pairKey(a, b), { relation, source: 'answer', provenance: provenance ?? {} });
      yield;
    }
    for (const { a, b, relation, provenance } of this.data.implied) {
      const key = pairKey(a, b);
      if (!this.judged.has(key)) this.judged.set(key, { relation, source: 'implied', provenance: provenance ?? {} });
      yield;
    }
  }

  from(origin: RowOrigin): boolean {
    return this.choice.from.includes(origin);
  }

  leaveOut(why: LeftOut, count = 1): void {
    if (count > 0) this.leftOut[why] = (this.leftOut[why] ?? 0) + count;
  }

  /** The images behind the hashes, or nothing (and a count) when one is gone or flagged. */
  usable(...hashes: ImageHash[]): ImageRef[] | undefined {
    if (hashes.some(hash => this.data.flagged?.has(hash))) {
      this.leaveOut('flagged');
      return undefined;
    }
    const found = hashes.map(hash => this.images.get(hash)).filter(image => image !== undefined);
    if (found.length === hashes.length) return found;
    this.leaveOut('image-missing');
    return undefined;
  }

  /** The part that holds all these images; undefined (and not counted) when there is none. */
  partOf(...images: ImageRef[]): number | undefined {
    const part = this.plan.partOf.get(images[0]!.hash);
    return images.every(image => this.plan.partOf.get(image.hash) === part) ? part : undefined;
  }

  /** What a person's answers say of two images; undefined when nothing does. */
  known(a: ImageHash, b: ImageHash): Judged | undefined {
    return this.judged.get(pairKey(a, b));
  }

  /** What the classes say of two images. */
  byClass(a: ImageRef, b: ImageRef): Relation | null {
    if (a.class === undefined || b.class === undefined) return null;
    return a.class === b.class ? 'same' : 'different';
  }

  /** Adds a row to its part, unless the part has it; the first source to bring a row keeps it. */
  add(row: Row): boolean {
    const part = this.partOf(...imagesOf(row));
    if (part === undefined) {
      this.leaveOut('crosses-parts');
      return false;
    }
    const key = keyOf(row);
    if (this.rows[part]!.has(key)) return false;
    this.rows[part]!.set(key, row);
    return true;
  }

  has(part: number, key: string): boolean {
    return this.rows[part]!.has(key);
  }

  pair(x: ImageRef, y: ImageRef, relation: Relation | null, source: RowSource, provenance: Provenance = {}): PairRow {
    const [a, b] = x.hash < y.hash ? [x, y] : [y, x];
    return { kind: 'pair', a, b, relation, source, weight: this.weight(source), provenance };
  }

  triplet(
    anchor: ImageRef,
    positive: ImageRef,
    negative: ImageRef,
    source: RowSource,
    provenance: Provenance = {},
  ): TripletRow {
    return { kind: 'triplet', anchor, positive, negative, source, weight: this.weight(source), provenance };
  }

  private weight(source: RowSource): number {
    return this.choice.weights?.[source] ?? 1;
  }

  /** Every part's rows, sorted by their images' hashes: an order that no rename and no clock changes. */
  *parts(): Steps<Part[]> {
    const parts: Part[] = [];
    for (const [i, name] of this.plan.names.entries()) {
      const keyed: [string, Row][] = [];
      for (const entry of this.rows[i]!) {
        keyed.push(entry);
        yield;
      }
      const sorted = yield* sortInSteps(keyed, ([x], [y]) => (x < y ? -1 : x > y ? 1 : 0));
      const rows: Row[] = [];
      for (const [, row] of sorted) {
        rows.push(row);
        yield;
      }
      parts.push({ name, rows });
    }
    return parts;
  }
}

/** A row's identity: its images' hashes in the order of its columns. */
export function keyOf(row: Row): string {
  return imagesOf(row)
    .map(image => image.hash)
    .join(' ');
}
