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
    const { count, rows, distances } = this;
    const order = new Float64Array(distances.subarray(0, count));
    const keys = new Uint32Array(count);
    for (let i = 0; i < count; i++) keys[i] = i;
    keys.sort((x, y) => order[x]! - order[y]! || ranks[rows[x]!]! - ranks[rows[y]!]!);
    const held = rows.slice(0, count);
    for (let i = 0; i < count; i++) {
      rows[i] = held[keys[i]!]!;
      distances[i] = order[keys[i]!]!;
    }
  }

  /** The first place whose distance is at least x; the list must be sorted. */
  lowerBound(x: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.distances[middle]! < x) low = middle + 1;
      else high = middle;
    }
    return low;
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
