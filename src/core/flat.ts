type Flat = Uint8Array | Int32Array | Float64Array;

/** A copy with room for at least `length`, twice as large where that is more; new places hold `fill`. */
export function grown<T extends Flat>(array: T, length: number, fill = 0): T {
  const size = Math.max(length, array.length * 2);
  const copy = new (array.constructor as new (size: number) => T)(size);
  copy.set(array);
  if (fill !== 0) copy.fill(fill, array.length);
  return copy;
}

/** Words of a slot: the two numbers, and the pair's own plus 1 (0: free). One place, one cache miss. */
const SLOT = 3;

/** Pairs of numbers, each kept once and known by a number from 0 in order of arrival. */
export class PairTable {
  first = new Int32Array(64);
  second = new Int32Array(64);
  private slots = new Int32Array(128 * SLOT);
  private mask = 127;
  size = 0;

  private static hash(x: number, y: number): number {
    let h = Math.imul(x, 0x9e3779b1) ^ Math.imul(y + 0x7f4a7c15, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
    return h ^ (h >>> 13);
  }

  /** The place in `slots` of the pair, or of the free slot where it belongs. */
  private locate(x: number, y: number): number {
    const { slots, mask } = this;
    for (let slot = PairTable.hash(x, y) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * SLOT;
      if (slots[at + 2] === 0 || (slots[at] === x && slots[at + 1] === y)) return at;
    }
  }

  /** The number of the pair, or -1. */
  find(x: number, y: number): number {
    return this.slots[this.locate(x, y) + 2] - 1;
  }

  /** The number of the pair, given one where it is new: then it is the old `size`. */
  intern(x: number, y: number): number {
    const at = this.locate(x, y);
    if (this.slots[at + 2] > 0) return this.slots[at + 2] - 1;
    const index = this.size++;
    if (index === this.first.length) {
      this.first = grown(this.first, index + 1);
      this.second = grown(this.second, index + 1);
    }
    this.first[index] = x;
    this.second[index] = y;
    this.slots[at] = x;
    this.slots[at + 1] = y;
    this.slots[at + 2] = index + 1;
    if (this.size * 2 > this.mask) this.rehash((this.mask + 1) * 4);
    return index;
  }

  /**
   * Reads where the pair would lie, and nothing else. Done for many pairs in a row before they are looked up, the
   * processor waits for all those places at once and not for one after the other.
   */
  touch(x: number, y: number): number {
    return this.slots[(PairTable.hash(x, y) & this.mask) * SLOT];
  }

  /** Makes room for that many entries at once. */
  reserve(count: number): void {
    if (count * 2 > this.mask) this.rehash(2 ** Math.ceil(Math.log2(count * 2 + 1)));
    if (count > this.first.length) {
      this.first = grown(this.first, count);
      this.second = grown(this.second, count);
    }
  }

  private rehash(length: number): void {
    this.slots = new Int32Array(length * SLOT);
    this.mask = length - 1;
    for (let i = 0; i < this.size; i++) {
      const at = this.locate(this.first[i], this.second[i]);
      this.slots[at] = this.first[i];
      this.slots[at + 1] = this.second[i];
      this.slots[at + 2] = i + 1;
    }
  }
}
