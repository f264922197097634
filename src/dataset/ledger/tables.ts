import { grown } from '../../core/flat';

/** Tables of flat memory: a million events as objects would cost seconds and a gigabyte. */

const decoder = new TextDecoder('utf-8');
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
    let i = start;
    for (; i + 4 <= end; i += 4) {
      const word = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
      h = Math.imul(h ^ word, 0x9e3779b1);
      h ^= h >>> 15;
    }
    for (; i < end; i++) h = Math.imul(h ^ bytes[i], 0x01000193);
    return h ^ (h >>> 13);
  }

  private start(index: number): number {
    return index === 0 ? 0 : this.ends[index - 1];
  }

  private equals(index: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.start(index);
    if (this.ends[index] - from !== end - start) return false;
    for (let i = start, j = from; i < end; i++, j++) if (bytes[i] !== this.arena[j]) return false;
    return true;
  }

  /** The number of the bytes, or -1. */
  find(bytes: Uint8Array, start = 0, end = bytes.length): number {
    const hash = ByteTable.hash(bytes, start, end);
    const mask = this.slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const index = this.slots[slot];
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
      const index = this.slots[slot];
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
    for (let i = 0; i < length; i++) this.arena[from + i] = bytes[start + i];
    this.ends[index] = from + length;
    this.hashes[index] = hash;
    this.slots[slot] = index;
    if (this.size * 2 > this.slots.length) this.rehash();
    return index;
  }

  /** Makes room for that many entries at once. */
  reserve(count: number): void {
    if (count * 2 > this.slots.length) this.rehash(2 ** Math.ceil(Math.log2(count * 2)));
  }

  private rehash(length = this.slots.length * 4): void {
    this.slots = new Int32Array(length).fill(-1);
    const mask = this.slots.length - 1;
    for (let index = 0; index < this.size; index++) {
      let slot = this.hashes[index] & mask;
      while (this.slots[slot] >= 0) slot = (slot + 1) & mask;
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
    const start = this.start(index);
    const end = this.ends[index];
    // Ids are short and plain: cheaper letter by letter than through a decoder.
    let text = '';
    for (let i = start; i < end; i++) {
      if (this.arena[i] >= 128) return decoder.decode(this.arena.subarray(start, end));
      text += String.fromCharCode(this.arena[i]);
    }
    return text;
  }

  /** Order of two entries by their bytes: negative, 0 or positive. */
  compare(x: number, y: number): number {
    let i = this.start(x);
    let j = this.start(y);
    const endX = this.ends[x];
    const endY = this.ends[y];
    for (; i < endX && j < endY; i++, j++) if (this.arena[i] !== this.arena[j]) return this.arena[i] - this.arena[j];
    return endX - i - (endY - j);
  }
}

const HASH_TEXT = 'sha256:'.length + 64;
/** Two hex digits as they lie in memory, to their byte; -1 for any other two. */
const HEX_BYTE = new Int16Array(1 << 16).fill(-1);
for (let i = 0; i < 256; i++) {
  const digits = i.toString(16).padStart(2, '0');
  HEX_BYTE[digits.charCodeAt(0) | (digits.charCodeAt(1) << 8)] = i;
}

/** Words of a slot: the eight of the identity, and its number plus 1 (0: free). One place, one cache miss. */
const SLOT = 9;

/** Identities of images, each kept once and known by a number from 0 in order of arrival. */
export class HashTable {
  private slots = new Int32Array(128 * SLOT);
  /** where each number lies in `slots` */
  private places = new Int32Array(64);
  private mask = 127;
  private readonly now = new Int32Array(8);
  size = 0;

  /** Reads `sha256:` and 64 lower-case hex digits into `now`; false where the bytes are anything else. */
  private parse(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start !== HASH_TEXT) return false;
    for (let i = 0; i < 7; i++) if (bytes[start + i] !== 'sha256:'.charCodeAt(i)) return false;
    let bad = 0;
    for (let word = 0, at = start + 7; word < 8; word++, at += 8) {
      const b0 = HEX_BYTE[bytes[at] | (bytes[at + 1] << 8)];
      const b1 = HEX_BYTE[bytes[at + 2] | (bytes[at + 3] << 8)];
      const b2 = HEX_BYTE[bytes[at + 4] | (bytes[at + 5] << 8)];
      const b3 = HEX_BYTE[bytes[at + 6] | (bytes[at + 7] << 8)];
      bad |= b0 | b1 | b2 | b3;
      this.now[word] = (b0 << 24) | (b1 << 16) | (b2 << 8) | b3;
    }
    return bad >= 0;
  }

  /** The place in `slots` of `now`, or of the free slot where it belongs. A hash is its own hash. */
  private locate(): number {
    const { now, slots, mask } = this;
    next: for (let slot = now[0] & mask; ; slot = (slot + 1) & mask) {
      const at = slot * SLOT;
      if (slots[at + 8] === 0) return at;
      for (let word = 0; word < 8; word++) if (slots[at + word] !== now[word]) continue next;
      return at;
    }
  }

  /** The number of the identity that the bytes spell, given one where it is new; -1 where they spell none. */
  intern(bytes: Uint8Array, start: number, end: number): number {
    if (!this.parse(bytes, start, end)) return -1;
    const at = this.locate();
    const found = this.slots[at + 8];
    if (found > 0) return found - 1;
    const index = this.size++;
    if (index === this.places.length) this.places = grown(this.places, index + 1);
    this.slots.set(this.now, at);
    this.slots[at + 8] = index + 1;
    this.places[index] = at;
    if (this.size * 2 > this.mask) this.enlarge();
    return index;
  }

  private enlarge(): void {
    const old = this.slots;
    this.mask = (this.mask + 1) * 4 - 1;
    this.slots = new Int32Array((this.mask + 1) * SLOT);
    for (let index = 0; index < this.size; index++) {
      const from = this.places[index];
      for (let word = 0; word < 8; word++) this.now[word] = old[from + word];
      const at = this.locate();
      this.slots.set(this.now, at);
      this.slots[at + 8] = index + 1;
      this.places[index] = at;
    }
  }

  internText(text: string): number {
    const bytes = encoder.encode(text);
    return this.intern(bytes, 0, bytes.length);
  }

  findText(text: string): number {
    const bytes = encoder.encode(text);
    return this.parse(bytes, 0, bytes.length) ? this.slots[this.locate() + 8] - 1 : -1;
  }

  text(index: number): `sha256:${string}` {
    let hex = '';
    for (let word = 0; word < 8; word++) {
      hex += (this.slots[this.places[index] + word] >>> 0).toString(16).padStart(8, '0');
    }
    return `sha256:${hex}`;
  }
}
