import { RELATION_CODES, type RowFields, SOURCE_CODES } from './table';

const NEWLINE = 10;
const RETURN = 13;
const QUOTE = 34;
const BACKSLASH = 92;

const RELATIONS = new Map(RELATION_CODES.map((word, code) => [word as string, code]));
const SOURCES = new Map(SOURCE_CODES.map((word, code) => [word as string, code]));

/** Keys that matter, by length, so that most keys cost one comparison. */
const KEYS = ['relation', 'source', 'distance', 'positive_distance', 'negative_distance', 'rank', 'anchor'] as const;
const BY_LENGTH = new Map<number, { key: (typeof KEYS)[number]; bytes: Buffer }[]>();
for (const key of KEYS) {
  const list = BY_LENGTH.get(key.length) ?? [];
  list.push({ key, bytes: Buffer.from(key) });
  BY_LENGTH.set(key.length, list);
}

/**
 * Cuts a stream of bytes into lines and picks a few values out of each line's JSON object without building it: parsing a
 * million rows whole costs several times as much, and their text is not wanted yet. Only the object's own keys count,
 * not those of objects inside it; a key written with escapes is not recognised.
 */
export class LineScanner {
  private rest: Buffer[] = [];
  private restStart = 0;
  private line = 0;
  private readonly fields: RowFields = {
    relation: 0,
    source: 0,
    distance: NaN,
    negativeDistance: NaN,
    rank: NaN,
    isTriplet: false,
    isBroken: false,
  };

  /** @param found called for each line that is not blank; the fields are reused for the next */
  constructor(private readonly found: (start: number, line: number, fields: Readonly<RowFields>) => void) {}

  /** @param at where the chunk begins in the file */
  push(chunk: Buffer, at: number): void {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      if (this.rest.length > 0) {
        const whole = Buffer.concat([...this.rest, chunk.subarray(0, end)]);
        this.rest = [];
        this.take(whole, 0, whole.length, this.restStart);
      } else this.take(chunk, from, end, at + from);
      from = end + 1;
    }
    if (from < chunk.length) {
      if (this.rest.length === 0) this.restStart = at + from;
      // the chunk's memory is reused
      this.rest.push(Buffer.from(chunk.subarray(from)));
    }
  }

  end(): void {
    const last = Buffer.concat(this.rest);
    this.rest = [];
    if (last.length > 0) this.take(last, 0, last.length, this.restStart);
  }

  private take(bytes: Buffer, from: number, to: number, start: number): void {
    this.line++;
    let first = from;
    // a byte-order mark
    if (start === 0 && bytes[first] === 0xef && bytes[first + 1] === 0xbb && bytes[first + 2] === 0xbf) first += 3;
    first = skipSpace(bytes, first, to);
    if (first >= to) return;
    const { fields } = this;
    fields.relation = 0;
    fields.source = 0;
    fields.distance = NaN;
    fields.negativeDistance = NaN;
    fields.rank = NaN;
    fields.isTriplet = false;
    fields.isBroken = !scanObject(bytes, first, to, fields);
    this.found(start, this.line, fields);
  }
}

/** Whether the bytes are one flat walk through an object; not a full check of JSON. */
function scanObject(bytes: Buffer, from: number, to: number, fields: RowFields): boolean {
  if (bytes[from] !== 0x7b) return false;
  let i = skipSpace(bytes, from + 1, to);
  if (bytes[i] === 0x7d && i < to) return skipSpace(bytes, i + 1, to) >= to;
  for (;;) {
    if (i >= to || bytes[i] !== QUOTE) return false;
    const keyEnd = stringEnd(bytes, i, to);
    if (keyEnd < 0) return false;
    const keyStart = i + 1;
    i = skipSpace(bytes, keyEnd + 1, to);
    if (i >= to || bytes[i] !== 0x3a) return false;
    i = skipSpace(bytes, i + 1, to);
    const valueEnd = skipValue(bytes, i, to);
    if (valueEnd < 0) return false;
    note(bytes, keyStart, keyEnd, i, valueEnd, fields);
    i = skipSpace(bytes, valueEnd, to);
    if (i >= to) return false;
    if (bytes[i] === 0x7d) return skipSpace(bytes, i + 1, to) >= to;
    if (bytes[i] !== 0x2c) return false;
    i = skipSpace(bytes, i + 1, to);
  }
}

function note(bytes: Buffer, keyStart: number, keyEnd: number, from: number, to: number, fields: RowFields): void {
  const candidates = BY_LENGTH.get(keyEnd - keyStart);
  if (!candidates) return;
  for (const { key, bytes: name } of candidates) {
    if (!same(bytes, keyStart, name)) continue;
    if (key === 'anchor') fields.isTriplet = true;
    else if (key === 'relation' || key === 'source') {
      if (bytes[from] !== QUOTE) return;
      const word = bytes.toString('latin1', from + 1, to - 1);
      if (key === 'relation') fields.relation = RELATIONS.get(word) ?? 0;
      else fields.source = SOURCES.get(word) ?? 0;
    } else {
      // a digit or a minus: null and text are no numbers
      const first = bytes[from]!;
      if (first !== 0x2d && (first < 0x30 || first > 0x39)) return;
      const value = Number(bytes.toString('latin1', from, to));
      if (key === 'rank') fields.rank = value;
      else if (key === 'negative_distance') fields.negativeDistance = value;
      else fields.distance = value;
    }
    return;
  }
}

function same(bytes: Buffer, from: number, name: Buffer): boolean {
  for (let i = 0; i < name.length; i++) if (bytes[from + i] !== name[i]) return false;
  return true;
}

function skipSpace(bytes: Buffer, from: number, to: number): number {
  let i = from;
  while (i < to && (bytes[i] === 0x20 || bytes[i] === 0x09 || bytes[i] === RETURN || bytes[i] === NEWLINE)) i++;
  return i;
}

/** Where a string's closing quote is; -1 when it never closes. */
function stringEnd(bytes: Buffer, open: number, to: number): number {
  for (let i = open + 1; i < to; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) return i;
    if (byte === BACKSLASH) i++;
  }
  return -1;
}

/** The first byte after a value; -1 when it is cut short. */
function skipValue(bytes: Buffer, from: number, to: number): number {
  if (from >= to) return -1;
  const first = bytes[from]!;
  if (first === QUOTE) {
    const end = stringEnd(bytes, from, to);
    return end < 0 ? -1 : end + 1;
  }
  if (first === 0x7b || first === 0x5b) {
    let depth = 0;
    for (let i = from; i < to; i++) {
      const byte = bytes[i]!;
      if (byte === QUOTE) {
        i = stringEnd(bytes, i, to);
        if (i < 0) return -1;
      } else if (byte === 0x7b || byte === 0x5b) depth++;
      else if ((byte === 0x7d || byte === 0x5d) && --depth === 0) return i + 1;
    }
    return -1;
  }
  let i = from;
  while (
    i < to &&
    bytes[i] !== 0x2c &&
    bytes[i] !== 0x7d &&
    bytes[i] !== 0x20 &&
    bytes[i] !== 0x09 &&
    bytes[i] !== RETURN
  )
    i++;
  return i === from ? -1 : i;
}
