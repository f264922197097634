/** A candidate in a pool: its score and its rows (of a pair the third is -1). */
export interface Entry {
  score: number;
  a: number;
  b: number;
  c: number;
}

/** The total order of candidates: larger score first, ties by the hashes of the images. Negative where x comes before y. */
export function compareEntries(ranks: Int32Array, x: Entry, y: Entry): number {
  const rank = (row: number) => (row < 0 ? -1 : ranks[row]!);
  return y.score - x.score || rank(x.a) - rank(y.a) || rank(x.b) - rank(y.b) || rank(x.c) - rank(y.c);
}

/**
 * Candidates in total order: larger score first, ties by the hashes of the first, second and third image. Holds about
 * `limit` of the best; worse ones are dropped, and `dropped` says so, when more come.
 */
export class CandidatePool {
  scores: Float64Array;
  a: Int32Array;
  b: Int32Array;
  c: Int32Array;
  count = 0;
  /** how many were offered */
  offered = 0;
  dropped = 0;
  /** nothing that comes before this, nor this itself, was dropped */
  floor: Entry | undefined;
  readonly limit: number;
  readonly #ranks: Int32Array;
  #cutoff = -Infinity;

  constructor(ranks: Int32Array, limit: number) {
    this.#ranks = ranks;
    this.limit = limit;
    const capacity = Math.min(1024, 2 * limit);
    this.scores = new Float64Array(capacity);
    this.a = new Int32Array(capacity);
    this.b = new Int32Array(capacity);
    this.c = new Int32Array(capacity);
  }

  /** Candidates of a lower score are dropped at once. */
  get cutoff(): number {
    return this.#cutoff;
  }

  offer(score: number, a: number, b: number, c: number): void {
    this.offered++;
    if (score < this.#cutoff) {
      this.dropped++;
      return;
    }
    if (this.count === this.scores.length) {
      if (this.count >= 2 * this.limit) this.#prune(this.limit);
      else this.#grow();
      if (score < this.#cutoff) {
        this.dropped++;
        return;
      }
    }
    const at = this.count++;
    this.scores[at] = score;
    this.a[at] = a;
    this.b[at] = b;
    this.c[at] = c;
  }

  /** Keeps the best `limit` at most, for whoever has no time for more. */
  trim(limit: number): void {
    if (this.count > limit) this.#prune(limit);
  }

  /** Takes over what another pool of the same order and limit holds; this one must be empty. */
  takeOver(other: CandidatePool): void {
    this.scores = other.scores;
    this.a = other.a;
    this.b = other.b;
    this.c = other.c;
    this.count = other.count;
    this.offered = other.offered;
    this.dropped = other.dropped;
    this.floor = other.floor;
    this.#cutoff = other.#cutoff;
  }

  entry(at: number): Entry {
    return { score: this.scores[at]!, a: this.a[at]!, b: this.b[at]!, c: this.c[at]! };
  }

  /** Negative where x comes before y. */
  compare(x: number, y: number): number {
    const ranks = this.#ranks;
    const rank = (row: number) => (row < 0 ? -1 : ranks[row]!);
    return (
      this.scores[y]! - this.scores[x]! ||
      rank(this.a[x]!) - rank(this.a[y]!) ||
      rank(this.b[x]!) - rank(this.b[y]!) ||
      rank(this.c[x]!) - rank(this.c[y]!)
    );
  }

  /** Places in total order, sorted no further than they are read: blocks of the best are split off, then sorted. */
  *inOrder(block = 4096): Generator<number> {
    const order = new Uint32Array(this.count);
    for (let at = 0; at < order.length; at++) order[at] = at;
    const compare = (x: number, y: number) => this.compare(x, y);
    for (let from = 0; from < order.length; block *= 2) {
      const to = Math.min(order.length, from + block);
      select(order, from, order.length, to, compare);
      yield* order.subarray(from, to).sort(compare);
      from = to;
    }
  }

  #grow(): void {
    const capacity = Math.min(this.scores.length * 2, 2 * this.limit);
    const grown = <T extends Float64Array | Int32Array>(make: new (n: number) => T, old: T): T => {
      const next = new make(capacity);
      next.set(old);
      return next;
    };
    this.scores = grown(Float64Array, this.scores);
    this.a = grown(Int32Array, this.a);
    this.b = grown(Int32Array, this.b);
    this.c = grown(Int32Array, this.c);
  }

  /** Keeps the best `limit` and drops the others; there are more. */
  #prune(limit: number): void {
    const sorted = this.scores.slice(0, this.count).sort();
    const cutoff = sorted[this.count - limit]!;
    // of those that tie at the cutoff the first in order stay
    const ties: number[] = [];
    let above = 0;
    for (let at = 0; at < this.count; at++) {
      if (this.scores[at]! > cutoff) above++;
      else if (this.scores[at] === cutoff) ties.push(at);
    }
    ties.sort((x, y) => this.compare(x, y));
    const kept = new Set(ties.slice(0, limit - above));
    const last = this.entry(ties[limit - above - 1]!);
    let to = 0;
    for (let from = 0; from < this.count; from++) {
      if (this.scores[from]! < cutoff || (this.scores[from] === cutoff && !kept.has(from))) continue;
      this.scores[to] = this.scores[from]!;
      this.a[to] = this.a[from]!;
      this.b[to] = this.b[from]!;
      this.c[to] = this.c[from]!;
      to++;
    }
    this.dropped += this.count - to;
    this.count = to;
    this.#cutoff = cutoff;
    this.floor = last;
  }
}

/** Partly orders items[from .. to) so that those before `middle` come before those after it (Hoare's quickselect). */
function select(
  items: Uint32Array,
  from: number,
  to: number,
  middle: number,
  compare: (x: number, y: number) => number,
): void {
  let low = from;
  let high = to - 1;
  while (low < high && middle > low && middle <= high) {
    const pivot = items[(low + high) >>> 1]!;
    let i = low;
    let j = high;
    while (i <= j) {
      while (compare(items[i]!, pivot) < 0) i++;
      while (compare(pivot, items[j]!) < 0) j--;
      if (i <= j) {
        const held = items[i]!;
        items[i++] = items[j]!;
        items[j--] = held;
      }
    }
    if (middle <= j) high = j;
    else if (middle >= i) low = i;
    else return;
  }
}
