import { faultOf } from './events';
import { digitsAt, Field, type FieldName, LineScanner, parseTime, Value } from './scan';
import { type FlatEvent, Kind, relationNumber } from './fold';
import type { LedgerState } from './state';
import { ByteTable, HashTable } from './tables';
import type { Relation } from '../../core/types';

const scanner = new LineScanner();
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8');

const latin = (text: string) => Buffer.from(text, 'latin1');
const ANSWER = latin('answer');
const SAME = latin('same');
const DIFFERENT = latin('different');
const INCOMPARABLE = latin('incomparable');

function spanEquals(bytes: Uint8Array, start: number, end: number, word: Uint8Array): boolean {
  if (end - start !== word.length) return false;
  for (let i = 0; i < word.length; i++) if (bytes[start + i] !== word[i]) return false;
  return true;
}

/** Answers that are looked up together. */
const BATCH = 256;
/** Numbers that `Plain` keeps of each. */
const enum Span {
  id,
  idEnd,
  idHash,
  by,
  byEnd,
  group,
  groupEnd,
  a,
  b,
  relation,
  repeat,
  ms,
  length,
  count,
}

/**
 * Folds many lines of the ledger into its state; how, see `foldLine`. Plain answers wait until there are some hundred: their ids, images and pairs
 * lie anywhere in tables larger than the processor's cache, and looked up together they are waited for together. Anything
 * else is folded after all that wait, so that events take effect in the order of their lines. `flush` before the bytes
 * change.
 */
export class LineFolder {
  private readonly spans = new Int32Array(BATCH * Span.count);
  private readonly times = new Float64Array(BATCH);
  private readonly offsets = new Float64Array(BATCH);
  /** the two identities of each, eight words one */
  private readonly words = new Int32Array(BATCH * 16);
  /** one for all: a million of them would keep the garbage collector busy */
  private readonly event: FlatEvent = {
    kind: Kind.answer,
    by: -1,
    at: 0,
    group: -1,
    a: -1,
    b: -1,
    relation: -1,
    repeat: false,
    ms: -1,
    of: '',
    settles: [],
    offset: 0,
    length: 0,
  };
  private waiting = 0;
  /** Means nothing: what `touch` returns has to go somewhere, or a compiler leaves it out. */
  sink = 0;

  /** @returns what is wrong with the line, or undefined */
  fold(state: LedgerState, bytes: Uint8Array, start: number, end: number, offset: number): string | undefined {
    const outcome = scanner.scan(bytes, start, end);
    if (outcome === 'bad') return 'is no JSON object';
    if (outcome === 'ok' && this.take(bytes, offset, end - start)) {
      if (this.waiting === BATCH) this.flush(state, bytes);
      return undefined;
    }
    this.flush(state, bytes);
    return foldParsed(state, decoder.decode(bytes.subarray(start, end)), offset, end - start);
  }

  /** Notes a plain, valid answer; false where the line is anything else. */
  private take(bytes: Uint8Array, offset: number, length: number): boolean {
    const { spans, kinds } = scanner;
    const text = Value.text;
    if (kinds[Field.kind] !== text || !spanEquals(bytes, spans[Field.kind * 2], spans[Field.kind * 2 + 1], ANSWER))
      return false;
    const v = spans[Field.v * 2];
    if (kinds[Field.v] !== Value.number || spans[Field.v * 2 + 1] - v !== 1 || bytes[v] !== 49) return false;
    if (kinds[Field.id] !== text || kinds[Field.at] !== text || kinds[Field.by] !== text) return false;
    if (kinds[Field.relation] !== text || kinds[Field.a] !== text || kinds[Field.b] !== text) return false;
    if (kinds[Field.settles] !== Value.absent) return false;
    const id = spans[Field.id * 2];
    const idEnd = spans[Field.id * 2 + 1];
    const at = parseTime(bytes, spans[Field.at * 2], spans[Field.at * 2 + 1]);
    const relation = relationAt(bytes, spans[Field.relation * 2], spans[Field.relation * 2 + 1]);
    if (id === idEnd || Number.isNaN(at) || relation < 0) return false;
    const { words, waiting } = this;
    const first = waiting * 16;
    if (!HashTable.parse(bytes, spans[Field.a * 2], spans[Field.a * 2 + 1], words, first)) return false;
    if (!HashTable.parse(bytes, spans[Field.b * 2], spans[Field.b * 2 + 1], words, first + 8)) return false;
    let differ = 0;
    for (let word = first; word < first + 8; word++) differ |= words[word] ^ words[word + 8];
    if (differ === 0) return false;

    const ms = spans[Field.ms * 2];
    const digits = spans[Field.ms * 2 + 1] - ms;
    const own = this.spans;
    const to = waiting * Span.count;
    own[to + Span.id] = id;
    own[to + Span.idEnd] = idEnd;
    own[to + Span.idHash] = ByteTable.hash(bytes, id, idEnd);
    own[to + Span.by] = spans[Field.by * 2];
    own[to + Span.byEnd] = spans[Field.by * 2 + 1];
    own[to + Span.group] = kinds[Field.with] === text ? spans[Field.with * 2] : -1;
    own[to + Span.groupEnd] = spans[Field.with * 2 + 1];
    own[to + Span.relation] = relation;
    own[to + Span.repeat] = Number(kinds[Field.repeat] === Value.other && bytes[spans[Field.repeat * 2]] === 116);
    own[to + Span.ms] = kinds[Field.ms] === Value.number && digits < 10 ? digitsAt(bytes, ms, digits) || -1 : -1;
    own[to + Span.length] = length;
    this.times[waiting] = at;
    this.offsets[waiting] = offset;
    this.waiting++;
    return true;
  }

  /** Folds what waits; `bytes` are those in which it was found. */
  flush(state: LedgerState, bytes: Uint8Array): void {
    const { spans, words, waiting } = this;
    if (waiting === 0) return;
    this.waiting = 0;
    const { ids, images, pairs } = state;
    let sink = 0;
    for (let k = 0; k < waiting; k++) {
      sink ^= images.touch(words, k * 16) ^ images.touch(words, k * 16 + 8);
      sink ^= ids.touch(spans[k * Span.count + Span.idHash]);
    }
    for (let k = 0, at = 0; k < waiting; k++, at += Span.count) {
      spans[at + Span.a] = images.internWords(words, k * 16);
      spans[at + Span.b] = images.internWords(words, k * 16 + 8);
    }
    for (let at = 0; at < waiting * Span.count; at += Span.count) {
      const [a, b] = [spans[at + Span.a], spans[at + Span.b]];
      sink ^= pairs.touch(Math.min(a, b), Math.max(a, b));
    }
    this.sink = sink;
    for (let k = 0; k < waiting; k++) this.add(state, bytes, k);
  }

  private add(state: LedgerState, bytes: Uint8Array, k: number): void {
    const { spans } = this;
    const at = k * Span.count;
    const { ids } = state;
    const before = ids.size;
    const index = ids.internHashed(spans[at + Span.idHash], bytes, spans[at + Span.id], spans[at + Span.idEnd]);
    const offset = this.offsets[k];
    const length = spans[at + Span.length];
    if (index < before) {
      if (offset >= 0) state.place(index, offset, length);
      return;
    }
    const group = spans[at + Span.group];
    const { event } = this;
    event.by = state.people.intern(bytes, spans[at + Span.by], spans[at + Span.byEnd]);
    event.at = this.times[k];
    event.group = group < 0 ? -1 : state.groups.intern(bytes, group, spans[at + Span.groupEnd]);
    event.a = spans[at + Span.a];
    event.b = spans[at + Span.b];
    event.relation = spans[at + Span.relation];
    event.repeat = spans[at + Span.repeat] === 1;
    event.ms = spans[at + Span.ms];
    event.offset = offset;
    event.length = length;
    state.add(event);
  }
}

const single = new LineFolder();

/**
 * Folds one line of the ledger into the state. An event that is there already is passed over; where it was folded from
 * memory, its place in the file is noted.
 * @param offset of the line in the file, -1 for a line that is not written yet
 * @returns what is wrong with the line, or undefined
 */
export function foldLine(
  state: LedgerState,
  bytes: Uint8Array,
  start: number,
  end: number,
  offset: number,
): string | undefined {
  const reason = single.fold(state, bytes, start, end, offset);
  single.flush(state, bytes);
  return reason;
}

function relationAt(bytes: Uint8Array, start: number, end: number): number {
  if (spanEquals(bytes, start, end, SAME)) return 0;
  if (spanEquals(bytes, start, end, DIFFERENT)) return 1;
  return spanEquals(bytes, start, end, INCOMPARABLE) ? 2 : -1;
}

function foldParsed(state: LedgerState, text: string, offset: number, length: number): string | undefined {
  let event: Record<string, unknown>;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return 'is no JSON object';
    event = parsed as Record<string, unknown>;
  } catch {
    return 'is no JSON object';
  }
  const fault = faultOf(event);
  if (fault !== undefined) return fault;

  const before = state.ids.size;
  const index = state.ids.intern(encoder.encode(String(event['id'])));
  if (index < before) {
    if (offset >= 0) state.place(index, offset, length);
    return undefined;
  }
  const kind = event['v'] === 1 ? kindOf(String(event['kind'])) : Kind.other;
  const known = kind !== Kind.other;
  const textOf = (name: FieldName) => String(event[name]);
  const ms = event['ms'];
  const settles = event['settles'];
  const word = kind === Kind.flag ? event['flag'] : event['class'];
  state.add({
    kind,
    by: known ? state.people.internText(textOf('by')) : -1,
    at: known ? Date.parse(textOf('at')) : 0,
    group: typeof event['with'] === 'string' ? state.groups.internText(event['with']) : -1,
    a:
      kind === Kind.answer
        ? state.images.internText(textOf('a'))
        : kind === Kind.flag || kind === Kind.class
          ? state.images.internText(textOf('image'))
          : -1,
    b:
      kind === Kind.answer
        ? state.images.internText(textOf('b'))
        : typeof word === 'string'
          ? state.words.internText(word)
          : -1,
    relation: kind === Kind.answer ? relationNumber(event['relation'] as Relation) : -1,
    repeat: event['repeat'] === true,
    ms: typeof ms === 'number' && ms >= 0 && ms < 2 ** 31 ? Math.round(ms) : -1,
    of: kind === Kind.undo ? textOf('of') : '',
    settles: Array.isArray(settles) ? settles.filter(id => typeof id === 'string') : [],
    offset,
    length,
  });
  return undefined;
}

function kindOf(kind: string): number {
  return kind === 'answer' || kind === 'undo' || kind === 'flag' || kind === 'class' ? Kind[kind] : Kind.other;
}
