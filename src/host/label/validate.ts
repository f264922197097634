import type { ImageHash, Relation, TripletVerdict } from '../../core/types';
import type { LabelCommand, LabelHostProtocol } from '../../rpc/label-protocol';
import { LABEL_COMMANDS } from '../../rpc/label-protocol';
import { RpcError } from '../../rpc/rpc';

/** Checks of what a page sends: each returns the value with its type, or throws `bad-request`. */

type Calls = LabelHostProtocol['calls'];

const VERDICTS: readonly (TripletVerdict | Relation)[] = [
  'same',
  'different',
  'incomparable',
  'good',
  'positive-wrong',
  'negative-same',
  'both-wrong',
];
const HASH = /^sha256:[0-9a-f]{64}$/;
const LONGEST_ID = 1000;
const LONGEST_TOKEN = 100;

export function answerParams(raw: unknown): Calls['answer']['params'] {
  const { itemId, verdict, ms, token } = record(raw);
  if (typeof itemId !== 'string' || itemId === '' || itemId.length > LONGEST_ID) throw bad('itemId');
  if (!VERDICTS.includes(verdict as Relation)) throw bad('verdict');
  if (typeof ms !== 'number' || !Number.isFinite(ms) || ms < 0) throw bad('ms');
  return { itemId, verdict: verdict as Relation | TripletVerdict, ms: Math.round(ms), token: tokenOf(token) };
}

export function undoParams(raw: unknown): Calls['undo']['params'] {
  return { token: tokenOf(record(raw).token) };
}

export function flagParams(raw: unknown): Calls['flag']['params'] {
  const { image, token } = record(raw);
  return { image: hashOf(image), token: tokenOf(token) };
}

export function thumbnailParams(raw: unknown): Calls['thumbnail']['params'] {
  const { hash, size } = record(raw);
  if (typeof size !== 'number' || !Number.isFinite(size) || size <= 0) throw bad('size');
  return { hash: hashOf(hash), size: Math.round(size) };
}

export function commandParams(raw: unknown): Calls['command']['params'] {
  const { id } = record(raw);
  if (!LABEL_COMMANDS.includes(id as LabelCommand)) throw bad('id');
  return { id: id as LabelCommand };
}

export function focusParams(raw: unknown): LabelHostProtocol['notifications']['focus'] {
  const { focused } = record(raw);
  if (typeof focused !== 'boolean') throw bad('focused');
  return { focused };
}

function record(raw: unknown): Record<string, unknown> {
  if (typeof raw !== 'object' || raw === null) throw bad('parameters');
  return raw as Record<string, unknown>;
}

function hashOf(raw: unknown): ImageHash {
  if (typeof raw !== 'string' || !HASH.test(raw)) throw bad('image hash');
  return raw as ImageHash;
}

function tokenOf(raw: unknown): string {
  if (typeof raw !== 'string' || raw === '' || raw.length > LONGEST_TOKEN) throw bad('token');
  return raw;
}

function bad(what: string): RpcError {
  return new RpcError('bad-request', `the page sent no valid ${what}`);
}
