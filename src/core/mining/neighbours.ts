/** The first place of `sorted` whose value is at least x, of its first `count`. */
export function lowerBound(sorted: Float64Array, x: number, count = sorted.length): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows at their distances from one row, nearest first, ties by hash; a buffer that is filled, sorted and used again. */
export class Neighbours {
  rows = new Int32Array(64);
  distances = new Float64Array(64);
  count = 0;

  clear(): void {
    this.count = 0;
  }

  push(row: number, distance: number): void {
    if (this.count === this.rows.length) this.#grow();
    this.rows[this.count] = row;
    this.distances[this.count++] = distance;
  }

  /** Orders by distance, then by rank. */
  sort(ranks: Int32Array): void {
    this.#sort(ranks, 0, this.count - 1);
  }

  /** Leaves out all but the first of equal rows; the list must be sorted. */
  dropRepeats(): void {
    let kept = 0;
    for (let at = 0; at < this.count; at++) {
      if (at > 0 && this.rows[at] === this.rows[at - 1]) continue;
      this.rows[kept] = this.rows[at]!;
      this.distances[kept++] = this.distances[at]!;
    }
    this.count = kept;
  }

  /** The first place whose distance is at least x; the list must be sorted. */
  lowerBound(x: number): number {
    return lowerBound(this.distances, x, this.count);
  }

  /** Quicksort down to short runs, which insertion finishes: the comparator of a typed array's own sort costs ten times as much. */
  #sort(ranks: Int32Array, low: number, high: number): void {
    const { rows, distances } = this;
    while (high - low > 16) {
      const middle = (low + high) >>> 1;
      const pivot = distances[middle]!;
      const pivotRank = ranks[rows[middle]!]!;
      let i = low;
      let j = high;
      while (i <= j) {
        while (distances[i]! < pivot || (distances[i] === pivot && ranks[rows[i]!]! < pivotRank)) i++;
        while (distances[j]! > pivot || (distances[j] === pivot && ranks[rows[j]!]! > pivotRank)) j--;
        if (i <= j) {
          const row = rows[i]!;
          const distance = distances[i]!;
          rows[i] = rows[j]!;
          distances[i++] = distances[j]!;
          rows[j] = row;
          distances[j--] = distance;
        }
      }
      // the shorter side by recursion: the stack stays shallow
      if (j - low < high - i) {
        this.#sort(ranks, low, j);
        low = i;
      } else {
        this.#sort(ranks, i, high);
        high = j;
      }
    }
    for (let at = low + 1; at <= high; at++) {
      const row = rows[at]!;
      const distance = distances[at]!;
      const rank = ranks[row]!;
      let to = at;
      while (
        to > low &&
        (distances[to - 1]! > distance || (distances[to - 1] === distance && ranks[rows[to - 1]!]! > rank))
      ) {
        rows[to] = rows[to - 1]!;
        distances[to] = distances[to - 1]!;
        to--;
      }
      rows[to] = row;
      distances[to] = distance;
    }
  }

  #grow(): void {
    const rows = new Int32Array(this.rows.length * 2);
    const distances = new Float64Array(rows.length);
    rows.set(this.rows);
    distances.set(this.distances);
    this.rows = rows;
    this.distances = distances;
  }
}
