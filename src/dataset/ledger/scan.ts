/**
 * Reads one line of the ledger without making objects: a strict JSON walk over bytes that only notes where the known
 * fields lie. Some three times as fast as JSON.parse here, and nothing is left for the garbage collector.
 */

/** Known top-level fields; the number is the place of [start, end) in `LineScanner.spans`. */
export const Field = {
  v: 0,
  id: 1,
  at: 2,
  by: 3,
  kind: 4,
  a: 5,
  b: 6,
  relation: 7,
  of: 8,
  image: 9,
  flag: 10,
  class: 11,
  with: 12,
  ms: 13,
  repeat: 14,
  settles: 15,
} as const;
export type FieldName = keyof typeof Field;

const NAMES = Object.keys(Field) as FieldName[];
const NAME_BYTES = NAMES.map(name => Buffer.from(name, 'latin1'));
/** The known names differ in first letter or length, so these two find the only one it can be. */
const FIELD_BY_START = new Int8Array(256 << 4).fill(-1);
for (const [field, name] of NAME_BYTES.entries()) FIELD_BY_START[(name[0] << 4) | name.length] = field;

const enum Byte {
  Tab = 9,
  Newline = 10,
  Return = 13,
  Space = 32,
  Quote = 34,
  Plus = 43,
  Comma = 44,
  Minus = 45,
  Dot = 46,
  Zero = 48,
  Nine = 57,
  Colon = 58,
  Open = 91,
  Backslash = 92,
  Close = 93,
  OpenBrace = 123,
  CloseBrace = 125,
}

/** What a span holds; strings lie without their quotes. */
export const Value = { absent: 0, text: 1, number: 2, other: 3 } as const;

const MAX_DEPTH = 200;

const HASH_LENGTH = 'sha256:'.length + 64;
const latin = (text: string) => Buffer.from(text, 'latin1');
const START = latin('{"v":1,"id":"');
const AT = latin('","at":"');
const BY = latin('","by":"');
const ANSWER_START = latin('","kind":"answer","');
const WITH = latin('with":"');
const A = latin('","a":"');
const A_KEY = latin('a":"');
const B = latin('","b":"');
const RELATION = latin('","relation":"');
const QUOTE = latin('"');

export class LineScanner {
  /** start and end of each known field's value in the bytes last scanned */
  readonly spans = new Int32Array(NAMES.length * 2);
  readonly kinds = new Uint8Array(NAMES.length);
  private bytes: Uint8Array = new Uint8Array(0);
  /** opening brackets of the containers around the current place */
  private readonly open = new Uint8Array(MAX_DEPTH);
  private at = 0;
  private end = 0;
  private escaped = false;

  /**
   * @returns `ok`: an object, its known fields noted; but of `a` and `b` only the length may be sure, so that a line is
   * valid once both are found to be hashes, and up to JSON.parse otherwise. `slow`: valid so far but not for this scanner (escapes in a key or
   * in a known field, deep nesting), use JSON.parse. `bad`: no JSON object.
   */
  scan(bytes: Uint8Array, start: number, end: number): 'ok' | 'slow' | 'bad' {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.kinds.fill(0);
    if (this.knownStart() && this.members(this.afterValue()) === 'ok') return 'ok';

    this.at = start;
    this.kinds.fill(0);
    this.skipSpace();
    if (this.peek() !== Byte.OpenBrace) return 'bad';
    this.at++;
    this.skipSpace();
    if (this.peek() !== Byte.CloseBrace) return this.members('more');
    this.at++;
    return this.members('end');
  }

  /** The rest of the object, and that nothing follows it. */
  private members(outcome: 'more' | 'end' | 'ok' | 'slow' | 'bad'): 'ok' | 'slow' | 'bad' {
    while (outcome === 'more') {
      outcome = this.member();
      if (outcome === 'ok') outcome = this.afterValue();
    }
    if (outcome !== 'end') return outcome;
    this.skipSpace();
    return this.at === this.end ? 'ok' : 'bad';
  }

  /** Goes past `,` or the closing brace. */
  private afterValue(): 'more' | 'end' | 'bad' {
    this.skipSpace();
    const next = this.peek();
    this.at++;
    if (next === Byte.CloseBrace) return 'end';
    if (next !== Byte.Comma) return 'bad';
    this.skipSpace();
    return 'more';
  }

  private member(): 'ok' | 'slow' | 'bad' {
    if (this.peek() !== Byte.Quote) return 'bad';
    const keyStart = this.at + 1;
    this.escaped = false;
    if (!this.string()) return 'bad';
    if (this.escaped) return 'slow';
    const field = this.fieldAt(keyStart, this.at - 1);
    this.skipSpace();
    if (this.peek() !== Byte.Colon) return 'bad';
    this.at++;
    this.skipSpace();
    const first = this.peek();
    const from = this.at;
    const outcome = this.value();
    if (outcome !== 'ok' || field < 0) return outcome;
    const text = first === Byte.Quote;
    if (text && this.escaped) return 'slow';
    this.spans[field * 2] = text ? from + 1 : from;
    this.spans[field * 2 + 1] = text ? this.at - 1 : this.at;
    const numeric = first === Byte.Minus || (first >= Byte.Zero && first <= Byte.Nine);
    this.kinds[field] = text ? Value.text : numeric ? Value.number : Value.other;
    return 'ok';
  }

  /**
   * The beginning that this program gives every answer, compared instead of parsed: up to and with the relation's closing
   * quote. The two hashes are only measured; whoever reads them checks their characters.
   */
  private knownStart(): boolean {
    if (!this.expect(START)) return false;
    this.note(Field.v, this.at - 8, this.at - 7, Value.number);
    if (!this.plainText(Field.id) || !this.expect(AT) || !this.plainText(Field.at)) return false;
    if (!this.expect(BY) || !this.plainText(Field.by) || !this.expect(ANSWER_START)) return false;
    this.note(Field.kind, this.at - 9, this.at - 3, Value.text);
    if (this.bytes[this.at] === 119) {
      if (!this.expect(WITH) || !this.plainText(Field.with) || !this.expect(A)) return false;
    } else if (!this.expect(A_KEY)) return false;
    this.note(Field.a, this.at, this.at + HASH_LENGTH, Value.text);
    this.at += HASH_LENGTH;
    if (!this.expect(B)) return false;
    this.note(Field.b, this.at, this.at + HASH_LENGTH, Value.text);
    this.at += HASH_LENGTH;
    return this.expect(RELATION) && this.plainText(Field.relation) && this.expect(QUOTE);
  }

  private note(field: number, from: number, to: number, kind: number): void {
    this.spans[field * 2] = from;
    this.spans[field * 2 + 1] = to;
    this.kinds[field] = kind;
  }

  private expect(word: Uint8Array): boolean {
    const { bytes, at } = this;
    if (at + word.length > this.end) return false;
    for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return false;
    this.at = at + word.length;
    return true;
  }

  /** Up to, not past, the closing quote; false where there is an escape. */
  private plainText(field: number): boolean {
    const { bytes, end, at: from } = this;
    let at = from;
    for (; at < end; at++) {
      const byte = bytes[at];
      if (byte === Byte.Quote) break;
      if (byte < Byte.Space || byte === Byte.Backslash) return false;
    }
    this.note(field, from, at, Value.text);
    this.at = at;
    return at < end;
  }

  private peek(): number {
    return this.at < this.end ? this.bytes[this.at] : -1;
  }

  private skipSpace(): void {
    for (; this.at < this.end; this.at++) {
      const byte = this.bytes[this.at];
      if (byte !== Byte.Space && byte !== Byte.Tab && byte !== Byte.Return && byte !== Byte.Newline) return;
    }
  }

  private fieldAt(start: number, end: number): number {
    const length = end - start;
    const field = length < 16 ? FIELD_BY_START[(this.bytes[start] << 4) | length] : -1;
    if (field < 0) return -1;
    const name = NAME_BYTES[field];
    for (let i = 1; i < length; i++) if (name[i] !== this.bytes[start + i]) return -1;
    return field;
  }

  /** From the opening quote to past the closing one. */
  private string(): boolean {
    const end = textEnd(this.bytes, this.at, this.end);
    if (end < 0) return false;
    this.escaped = hasEscape(this.bytes, this.at, end);
    this.at = end;
    return true;
  }

  private value(): 'ok' | 'slow' | 'bad' {
    const byte = this.peek();
    switch (byte) {
      case Byte.Quote:
        return this.string() ? 'ok' : 'bad';
      case Byte.OpenBrace:
      case Byte.Open:
        return this.container();
      case 116:
        return this.literal('true');
      case 102:
        return this.literal('false');
      case 110:
        return this.literal('null');
      default:
        return this.number() ? 'ok' : 'bad';
    }
  }

  /** From an opening bracket to past its closing one, without recursion: the inner parts of a line are most of it. */
  private container(): 'ok' | 'slow' | 'bad' {
    const { bytes, end, open } = this;
    let at = this.at;
    let depth = 0;
    open[0] = bytes[at++];
    let justOpened = true;
    for (;;) {
      while (at < end && isSpace(bytes[at])) at++;
      if (at >= end) return 'bad';
      const inObject = open[depth] === Byte.OpenBrace;
      if (justOpened && bytes[at] === (inObject ? Byte.CloseBrace : Byte.Close)) at--;
      else {
        if (inObject) {
          at = textEnd(bytes, at, end);
          if (at < 0) return 'bad';
          while (at < end && isSpace(bytes[at])) at++;
          if (at >= end || bytes[at++] !== Byte.Colon) return 'bad';
          while (at < end && isSpace(bytes[at])) at++;
          if (at >= end) return 'bad';
        }
        const byte = bytes[at];
        if (byte === Byte.Quote) {
          at = textEnd(bytes, at, end);
          if (at < 0) return 'bad';
        } else if (byte === Byte.OpenBrace || byte === Byte.Open) {
          if (++depth >= MAX_DEPTH) return 'slow';
          open[depth] = byte;
          justOpened = true;
          at++;
          continue;
        } else {
          this.at = at;
          if (this.value() !== 'ok') return 'bad';
          at = this.at;
        }
        at--;
      }
      // `at` is on the last byte of a value, or on the bracket that opened an empty one.
      for (;;) {
        at++;
        while (at < end && isSpace(bytes[at])) at++;
        if (at >= end) return 'bad';
        if (bytes[at] === Byte.Comma) break;
        if (bytes[at] !== (open[depth] === Byte.OpenBrace ? Byte.CloseBrace : Byte.Close)) return 'bad';
        if (depth === 0) {
          this.at = at + 1;
          return 'ok';
        }
        depth--;
      }
      at++;
      justOpened = false;
    }
  }

  private literal(word: string): 'ok' | 'bad' {
    for (let i = 0; i < word.length; i++) if (this.bytes[this.at + i] !== word.charCodeAt(i)) return 'bad';
    this.at += word.length;
    return this.at <= this.end ? 'ok' : 'bad';
  }

  private digits(): boolean {
    const from = this.at;
    while (this.at < this.end && this.bytes[this.at] >= Byte.Zero && this.bytes[this.at] <= Byte.Nine) this.at++;
    return this.at > from;
  }

  private number(): boolean {
    if (this.peek() === Byte.Minus) this.at++;
    if (this.peek() === Byte.Zero) this.at++;
    else if (!this.digits()) return false;
    if (this.peek() === Byte.Dot) {
      this.at++;
      if (!this.digits()) return false;
    }
    const exponent = this.peek();
    if (exponent === 101 || exponent === 69) {
      this.at++;
      const sign = this.peek();
      if (sign === Byte.Plus || sign === Byte.Minus) this.at++;
      if (!this.digits()) return false;
    }
    return true;
  }
}

function isSpace(byte: number): boolean {
  return byte === Byte.Space || byte === Byte.Tab || byte === Byte.Return || byte === Byte.Newline;
}

/** Past the closing quote of a text that opens at `at`, or -1 where it is none. */
function textEnd(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== Byte.Quote) return -1;
  for (at++; at < end; at++) {
    const byte = bytes[at];
    if (byte === Byte.Quote) return at + 1;
    if (byte < Byte.Space) return -1;
    if (byte === Byte.Backslash) {
      if (++at >= end) return -1;
      if (bytes[at] === 117) {
        for (let i = 0; i < 4; i++) if (++at >= end || !isHex(bytes[at])) return -1;
      } else if (!isEscape(bytes[at])) return -1;
    }
  }
  return -1;
}

function hasEscape(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] === Byte.Backslash) return true;
  return false;
}

function isHex(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 70) || (byte >= 97 && byte <= 102);
}

/** `" \ / b f n r t` */
function isEscape(byte: number): boolean {
  return [34, 92, 47, 98, 102, 110, 114, 116].includes(byte);
}

let cachedDay = '';
let cachedDayMs = 0;

/** Milliseconds since 1970 of `2026-11-22T10:00:00.000Z`, or NaN for any other form (which Date.parse may still know). */
export function parseTime(bytes: Uint8Array, start: number, end: number): number {
  if (end - start !== 24 || bytes[end - 1] !== 90 || bytes[start + 10] !== 84) return NaN;
  if (bytes[start + 13] !== Byte.Colon || bytes[start + 16] !== Byte.Colon || bytes[start + 19] !== Byte.Dot)
    return NaN;
  const hours = digitsAt(bytes, start + 11, 2);
  const minutes = digitsAt(bytes, start + 14, 2);
  const seconds = digitsAt(bytes, start + 17, 2);
  const ms = digitsAt(bytes, start + 20, 3);
  if (!(hours < 24 && minutes < 60 && seconds < 60 && ms >= 0)) return NaN;
  // Events of one day follow each other.
  let sameDay = cachedDay.length === 10;
  for (let i = 0; sameDay && i < 10; i++) sameDay = cachedDay.charCodeAt(i) === bytes[start + i];
  if (!sameDay) {
    let day = '';
    for (let i = 0; i < 10; i++) day += String.fromCharCode(bytes[start + i]);
    const dayMs = Date.parse(`${day}T00:00:00.000Z`);
    if (Number.isNaN(dayMs)) return NaN;
    cachedDay = day;
    cachedDayMs = dayMs;
  }
  return cachedDayMs + ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms;
}

/** A run of decimal digits as a number, or NaN. */
export function digitsAt(bytes: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let i = start; i < start + count; i++) {
    const digit = bytes[i] - Byte.Zero;
    if (!(digit >= 0 && digit <= 9)) return NaN;
    value = value * 10 + digit;
  }
  return value;
}
