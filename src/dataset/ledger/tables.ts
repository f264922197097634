/** Growable tables of flat memory: a million events as objects would cost seconds and a gigabyte. */

const ascii = new TextDecoder('utf-8');
const encoder = new TextEncoder();

/** Byte strings, each kept once and known by a number from 0 in order of arrival. */
export class ByteTable {
  private arena = new Uint8Array(1 << 12);
  private ends = new Float64Array(64);
  private slots = new Int32Array(128).fill(-1);
  private hashes = new Int32Array(64);
  size = 0;

  private static hash(bytes: Uint8Array, start: number, end: number): number {
    let h = 0x811c9dc5;
    for (let i = start; i < end; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193);
    return h ^ (h >>> 15);
  }

  private start(index: number): number {
    return index === 0 ? 0 : this.ends[index - 1]!;
  }

  private equals(index: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.start(index);
    if (this.ends[index]! - from !== end - start) return false;
    for (let i = start, j = from; i < end; i++, j++) if (bytes[i] !== this.arena[j]) return false;
    return true;
  }

  /** The number of the bytes, or -1. */
  find(bytes: Uint8Array, start = 0, end = bytes.length): number {
    const hash = ByteTable.hash(bytes, start, end);
    const mask = this.slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const index = this.slots[slot]!;
      if (index < 0) return -1;
      if (this.hashes[index] === hash && this.equals(index, bytes, start, end)) return index;
    }
  }

  /** The number of the bytes, given one where they are new: then it is the old `size`. */
  intern(bytes: Uint8Array, start = 0, end = bytes.length): number {
    const hash = ByteTable.hash(bytes, start, end);
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (; ; slot = (slot + 1) & mask) {
      const index = this.slots[slot]!;
      if (index < 0) break;
      if (this.hashes[index] === hash && this.equals(index, bytes, start, end)) return index;
    }
    const index = this.size++;
    const from = this.start(index);
    const length = end - start;
    if (from + length > this.arena.length) this.arena = grown(this.arena, from + length);
    if (index === this.ends.length) {
      this.ends = grown(this.ends, index + 1);
      this.hashes = grown(this.hashes, index + 1);
    }
    for (let i = 0; i < length; i++) this.arena[from + i] = bytes[start + i]!;
    this.ends[index] = from + length;
    this.hashes[index] = hash;
    this.slots[slot] = index;
    if (this.size * 2 > this.slots.length) this.rehash();
    return index;
  }

  private rehash(): void {
    this.slots = new Int32Array(this.slots.length * 4).fill(-1);
    const mask = this.slots.length - 1;
    for (let index = 0; index < this.size; index++) {
      let slot = this.hashes[index]! & mask;
      while (this.slots[slot]! >= 0) slot = (slot + 1) & mask;
      this.slots[slot] = index;
    }
  }

  findText(text: string): number {
    return this.find(encoder.encode(text));
  }

  internText(text: string): number {
    return this.intern(encoder.encode(text));
  }

  text(index: number): string {
    return ascii.decode(this.arena.subarray(this.start(index), this.ends[index]!));
  }

  /** Order of two entries by their bytes: negative, 0 or positive. */
  compare(x: number, y: number): number {
    let i = this.start(x);
    let j = this.start(y);
    const endX = this.ends[x]!;
    const endY = this.ends[y]!;
    for (; i < endX && j < endY; i++, j++) if (this.arena[i] !== this.arena[j]) return this.arena[i]! - this.arena[j]!;
    return endX - i - (endY - j);
  }
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
      const index = this.slots[slot]!;
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
    if (this.size * 2 > this.slots.length) {
      this.slots = new Int32Array(this.slots.length * 4).fill(-1);
      for (let i = 0; i < this.size; i++) this.place(i);
    } else this.place(index);
    return index;
  }

  private place(index: number): void {
    const mask = this.slots.length - 1;
    let slot = PairTable.hash(this.first[index]!, this.second[index]!) & mask;
    while (this.slots[slot]! >= 0) slot = (slot + 1) & mask;
    this.slots[slot] = index;
  }
}

type Flat = Uint8Array | Int32Array | Float64Array;

/** A copy with room for at least `length`, twice as large where that is more; new places hold `fill`. */
export function grown<T extends Flat>(array: T, length: number, fill = 0): T {
  const size = Math.max(length, array.length * 2);
  const copy = new (array.constructor as new (size: number) => T)(size);
  copy.set(array);
  if (fill !== 0) copy.fill(fill, array.length);
  return copy;
}
