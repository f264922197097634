import { faultOf } from './events';
import { digitsAt, Field, type FieldName, LineScanner, parseTime, Value } from './scan';
import { Kind, type LedgerState, relationNumber } from './state';
import type { Relation } from '../../core/types';

const scanner = new LineScanner();
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8');

const latin = (text: string) => Buffer.from(text, 'latin1');
const ANSWER = latin('answer');
const SAME = latin('same');
const DIFFERENT = latin('different');
const INCOMPARABLE = latin('incomparable');
const HASH_PREFIX = latin('sha256:');

function spanEquals(bytes: Uint8Array, start: number, end: number, word: Uint8Array): boolean {
  if (end - start !== word.length) return false;
  for (let i = 0; i < word.length; i++) if (bytes[start + i] !== word[i]) return false;
  return true;
}

function isHashSpan(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== 71) return false;
  for (let i = 0; i < 7; i++) if (bytes[start + i] !== HASH_PREFIX[i]) return false;
  for (let i = start + 7; i < end; i++) {
    const byte = bytes[i]!;
    if (!((byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 102))) return false;
  }
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
  const from = (name: FieldName) => spans[Field[name] * 2]!;
  const to = (name: FieldName) => spans[Field[name] * 2 + 1]!;
  const isText = (name: FieldName) => kinds[Field[name]] === Value.text;
  if (!isText('kind') || !spanEquals(bytes, from('kind'), to('kind'), ANSWER)) return false;
  if (kinds[Field.v] !== Value.number || to('v') - from('v') !== 1 || bytes[from('v')] !== 49) return false;
  if (!isText('id') || to('id') === from('id') || !isText('by') || !isText('at') || !isText('relation')) return false;
  if (!isText('a') || !isHashSpan(bytes, from('a'), to('a'))) return false;
  if (!isText('b') || !isHashSpan(bytes, from('b'), to('b'))) return false;
  const at = parseTime(bytes, from('at'), to('at'));
  if (Number.isNaN(at)) return false;
  const relation = spanEquals(bytes, from('relation'), to('relation'), SAME)
    ? 0
    : spanEquals(bytes, from('relation'), to('relation'), DIFFERENT)
      ? 1
      : spanEquals(bytes, from('relation'), to('relation'), INCOMPARABLE)
        ? 2
        : -1;
  if (relation < 0) return false;
  const a = state.images.intern(bytes, from('a'), to('a'));
  const b = state.images.intern(bytes, from('b'), to('b'));
  if (a === b) return false;

  const before = state.ids.size;
  const index = state.ids.intern(bytes, from('id'), to('id'));
  if (index < before) {
    if (offset >= 0) state.place(index, offset, length);
    return true;
  }
  const digits = to('ms') - from('ms');
  state.add({
    kind: Kind.answer,
    by: state.people.intern(bytes, from('by'), to('by')),
    at,
    group: isText('with') ? state.groups.intern(bytes, from('with'), to('with')) : -1,
    a,
    b,
    relation,
    repeat: kinds[Field.repeat] === Value.other && bytes[from('repeat')] === 116,
    ms: kinds[Field.ms] === Value.number && digits < 10 ? digitsAt(bytes, from('ms'), digits) || -1 : -1,
    of: '',
    offset,
    length,
  });
  return true;
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
