import { faultOf } from './events';
import { digitsAt, Field, type FieldName, LineScanner, parseTime, Value } from './scan';
import { Kind, relationNumber } from './fold';
import type { LedgerState } from './state';
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
  const outcome = scanner.scan(bytes, start, end);
  if (outcome === 'bad') return 'is no JSON object';
  if (outcome === 'ok' && foldAnswer(state, bytes, offset, end - start)) return undefined;
  return foldParsed(state, decoder.decode(bytes.subarray(start, end)), offset, end - start);
}

/** The common case without objects; false where the line is anything but a plain, valid answer. */
function foldAnswer(state: LedgerState, bytes: Uint8Array, offset: number, length: number): boolean {
  const { spans, kinds } = scanner;
  const text = Value.text;
  if (kinds[Field.kind] !== text || !spanEquals(bytes, spans[Field.kind * 2], spans[Field.kind * 2 + 1], ANSWER))
    return false;
  const v = spans[Field.v * 2];
  if (kinds[Field.v] !== Value.number || spans[Field.v * 2 + 1] - v !== 1 || bytes[v] !== 49) return false;
  if (kinds[Field.id] !== text || kinds[Field.at] !== text || kinds[Field.by] !== text) return false;
  if (kinds[Field.relation] !== text || kinds[Field.a] !== text || kinds[Field.b] !== text) return false;
  const id = spans[Field.id * 2];
  const idEnd = spans[Field.id * 2 + 1];
  const at = parseTime(bytes, spans[Field.at * 2], spans[Field.at * 2 + 1]);
  const relation = relationAt(bytes, spans[Field.relation * 2], spans[Field.relation * 2 + 1]);
  if (id === idEnd || Number.isNaN(at) || relation < 0) return false;
  const a = state.images.intern(bytes, spans[Field.a * 2], spans[Field.a * 2 + 1]);
  const b = state.images.intern(bytes, spans[Field.b * 2], spans[Field.b * 2 + 1]);
  if (a < 0 || b < 0 || a === b) return false;

  const before = state.ids.size;
  const index = state.ids.intern(bytes, id, idEnd);
  if (index < before) {
    if (offset >= 0) state.place(index, offset, length);
    return true;
  }
  const group = spans[Field.with * 2];
  const ms = spans[Field.ms * 2];
  const digits = spans[Field.ms * 2 + 1] - ms;
  state.add({
    kind: Kind.answer,
    by: state.people.intern(bytes, spans[Field.by * 2], spans[Field.by * 2 + 1]),
    at,
    group: kinds[Field.with] === text ? state.groups.intern(bytes, group, spans[Field.with * 2 + 1]) : -1,
    a,
    b,
    relation,
    repeat: kinds[Field.repeat] === Value.other && bytes[spans[Field.repeat * 2]] === 116,
    ms: kinds[Field.ms] === Value.number && digits < 10 ? digitsAt(bytes, ms, digits) || -1 : -1,
    of: '',
    offset,
    length,
  });
  return true;
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
    offset,
    length,
  });
  return undefined;
}

function kindOf(kind: string): number {
  return kind === 'answer' || kind === 'undo' || kind === 'flag' || kind === 'class' ? Kind[kind] : Kind.other;
}
