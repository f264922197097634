type Flat = Uint8Array | Int32Array | Float64Array;

/** A copy with room for at least `length`, twice as large where that is more; new places hold `fill`. */
export function grown<T extends Flat>(array: T, length: number, fill = 0): T {
  const size = Math.max(length, array.length * 2);
  const copy = new (array.constructor as new (size: number) => T)(size);
  copy.set(array);
  if (fill !== 0) copy.fill(fill, array.length);
  return copy;
}

/** Pairs of numbers, each kept once and known by a number from 0 in order of arrival. */
export class PairTable {
  first = new Int32Array(64);
  second = new Int32Array(64);
  private slots = new Int32Array(128).fill(-1);
  size = 0;

  private static hash(x: number, y: number): number {
    let h = Math.imul(x, 0x9e3779b1) ^ Math.imul(y + 0x7f4a7c15, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
    return h ^ (h >>> 13);
  }

  find(x: number, y: number): number {
    const mask = this.slots.length - 1;
    for (let slot = PairTable.hash(x, y) & mask; ; slot = (slot + 1) & mask) {
      const index = this.slots[slot];
      if (index < 0 || (this.first[index] === x && this.second[index] === y)) return index;
    }
  }

  intern(x: number, y: number): number {
    const found = this.find(x, y);
    if (found >= 0) return found;
    const index = this.size++;
    if (index === this.first.length) {
      this.first = grown(this.first, index + 1);
      this.second = grown(this.second, index + 1);
    }
    this.first[index] = x;
    this.second[index] = y;
    if (this.size * 2 > this.slots.length) this.rehash(this.slots.length * 4);
    else this.place(index);
    return index;
  }

  /** Makes room for that many entries at once. */
  reserve(count: number): void {
    if (count * 2 > this.slots.length) this.rehash(2 ** Math.ceil(Math.log2(count * 2)));
  }

  private rehash(length: number): void {
    this.slots = new Int32Array(length).fill(-1);
    for (let i = 0; i < this.size; i++) this.place(i);
  }

  private place(index: number): void {
    const mask = this.slots.length - 1;
    let slot = PairTable.hash(this.first[index], this.second[index]) & mask;
    while (this.slots[slot] >= 0) slot = (slot + 1) & mask;
    this.slots[slot] = index;
  }
}
