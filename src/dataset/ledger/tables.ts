import { grown } from '../../core/flat';

/** Tables of flat memory: a million events as objects would cost seconds and a gigabyte. */

const decoder = new TextDecoder('utf-8');
const encoder = new TextEncoder();

/** Byte strings, each kept once and known by a number from 0 in order of arrival. */
export class ByteTable {
  private arena = new Uint8Array(1 << 12);
  private ends = new Float64Array(64);
  /** two words a slot: the hash, and the string's number plus 1 (0: free) */
  private slots = new Int32Array(128 * 2);
  private mask = 127;
  size = 0;

  /** What `internHashed` and `touch` go by. */
  static hash(bytes: Uint8Array, start: number, end: number): number {
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

  /** The place in `slots` of the bytes, or of the free slot where they belong. */
  private locate(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const { slots, mask } = this;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const at = slot * 2;
      const number = slots[at + 1];
      if (number === 0 || (slots[at] === hash && this.equals(number - 1, bytes, start, end))) return at;
    }
  }

  /** The number of the bytes, or -1. */
  find(bytes: Uint8Array, start = 0, end = bytes.length): number {
    return this.slots[this.locate(ByteTable.hash(bytes, start, end), bytes, start, end) + 1] - 1;
  }

  /** The number of the bytes, given one where they are new: then it is the old `size`. */
  intern(bytes: Uint8Array, start = 0, end = bytes.length): number {
    return this.internHashed(ByteTable.hash(bytes, start, end), bytes, start, end);
  }

  /** As `intern`, for bytes whose hash is known. */
  internHashed(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const at = this.locate(hash, bytes, start, end);
    if (this.slots[at + 1] > 0) return this.slots[at + 1] - 1;
    const index = this.size++;
    const from = this.start(index);
    const length = end - start;
    if (from + length > this.arena.length) this.arena = grown(this.arena, from + length);
    if (index === this.ends.length) this.ends = grown(this.ends, index + 1);
    const { arena } = this;
    for (let i = 0; i < length; i++) arena[from + i] = bytes[start + i];
    this.ends[index] = from + length;
    this.slots[at] = hash;
    this.slots[at + 1] = index + 1;
    if (this.size * 2 > this.mask) this.rehash((this.mask + 1) * 4);
    return index;
  }

  /** Reads where bytes of that hash would lie, and nothing else; what for, see `PairTable.touch`. */
  touch(hash: number): number {
    return this.slots[(hash & this.mask) * 2];
  }

  /** Makes room for that many entries at once, of so many bytes each. */
  reserve(count: number, bytesEach = 0): void {
    if (count * 2 > this.mask) this.rehash(2 ** Math.ceil(Math.log2(count * 2 + 1)));
    if (count > this.ends.length) this.ends = grown(this.ends, count);
    if (count * bytesEach > this.arena.length) this.arena = grown(this.arena, count * bytesEach);
  }

  private rehash(length: number): void {
    const old = this.slots;
    this.slots = new Int32Array(length * 2);
    this.mask = length - 1;
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue;
      let slot = old[from] & this.mask;
      while (this.slots[slot * 2 + 1] > 0) slot = (slot + 1) & this.mask;
      this.slots[slot * 2] = old[from];
      this.slots[slot * 2 + 1] = old[from + 1];
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
    for (let i = start; i < end; i++) {
      if (this.arena[i] >= 128) return decoder.decode(this.arena.subarray(start, end));
    }
    // Ids are short and plain: cheaper than through a decoder, and than letter by letter, which leaves each beginning behind.
    return Buffer.prototype.latin1Slice.call(this.arena, start, end);
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

const HASH_PREFIX = encoder.encode('sha256:');
const HASH_TEXT = HASH_PREFIX.length + 64;
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

  /** Reads `sha256:` and 64 lower-case hex digits into eight words; false where the bytes are anything else. */
  static parse(bytes: Uint8Array, start: number, end: number, words: Int32Array, to: number): boolean {
    if (end - start !== HASH_TEXT) return false;
    for (let i = 0; i < 7; i++) if (bytes[start + i] !== HASH_PREFIX[i]) return false;
    let bad = 0;
    for (let word = 0, at = start + 7; word < 8; word++, at += 8) {
      const b0 = HEX_BYTE[bytes[at] | (bytes[at + 1] << 8)];
      const b1 = HEX_BYTE[bytes[at + 2] | (bytes[at + 3] << 8)];
      const b2 = HEX_BYTE[bytes[at + 4] | (bytes[at + 5] << 8)];
      const b3 = HEX_BYTE[bytes[at + 6] | (bytes[at + 7] << 8)];
      bad |= b0 | b1 | b2 | b3;
      words[to + word] = (b0 << 24) | (b1 << 16) | (b2 << 8) | b3;
    }
    return bad >= 0;
  }

  /** The place in `slots` of the identity in eight words, or of the free slot where it belongs. A hash is its own hash. */
  private locate(words: Int32Array, from: number): number {
    const { slots, mask } = this;
    next: for (let slot = words[from] & mask; ; slot = (slot + 1) & mask) {
      const at = slot * SLOT;
      if (slots[at + 8] === 0) return at;
      for (let word = 0; word < 8; word++) if (slots[at + word] !== words[from + word]) continue next;
      return at;
    }
  }

  /** The number of the identity that `parse` read, given one where it is new. */
  internWords(words: Int32Array, from: number): number {
    const at = this.locate(words, from);
    const found = this.slots[at + 8];
    if (found > 0) return found - 1;
    const index = this.size++;
    if (index === this.places.length) this.places = grown(this.places, index + 1);
    for (let word = 0; word < 8; word++) this.slots[at + word] = words[from + word];
    this.slots[at + 8] = index + 1;
    this.places[index] = at;
    if (this.size * 2 > this.mask) this.enlarge();
    return index;
  }

  /** Reads where the identity would lie, and nothing else; what for, see `PairTable.touch`. */
  touch(words: Int32Array, from: number): number {
    return this.slots[(words[from] & this.mask) * SLOT + 8];
  }

  private enlarge(): void {
    const old = this.slots;
    this.mask = (this.mask + 1) * 4 - 1;
    this.slots = new Int32Array((this.mask + 1) * SLOT);
    for (let index = 0; index < this.size; index++) {
      const from = this.places[index];
      const at = this.locate(old, from);
      for (let word = 0; word < 8; word++) this.slots[at + word] = old[from + word];
      this.slots[at + 8] = index + 1;
      this.places[index] = at;
    }
  }

  internText(text: string): number {
    return this.parseText(text) ? this.internWords(this.now, 0) : -1;
  }

  findText(text: string): number {
    return this.parseText(text) ? this.slots[this.locate(this.now, 0) + 8] - 1 : -1;
  }

  private parseText(text: string): boolean {
    const bytes = encoder.encode(text);
    return HashTable.parse(bytes, 0, bytes.length, this.now, 0);
  }

  text(index: number): `sha256:${string}` {
    let hex = '';
    for (let word = 0; word < 8; word++) {
      hex += (this.slots[this.places[index] + word] >>> 0).toString(16).padStart(8, '0');
    }
    return `sha256:${hex}`;
  }
}
