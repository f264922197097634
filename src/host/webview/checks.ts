import type { ImageHash, Relation, TripletVerdict } from '../../core/types';
import { RpcError } from '../../rpc/rpc';

/** Checks of single values that a page sends: each returns the value with its type, or throws `bad-request`. */

const VERDICTS: readonly unknown[] = [
  'same',
  'different',
  'incomparable',
  'good',
  'positive-wrong',
  'negative-same',
  'both-wrong',
] satisfies (TripletVerdict | Relation)[];
const HASH = /^sha256:[0-9a-f]{64}$/;
const LONGEST_TOKEN = 100;

export function record(raw: unknown): Record<string, unknown> {
  if (typeof raw !== 'object' || raw === null) throw bad('parameters');
  return raw as Record<string, unknown>;
}

export function hashOf(raw: unknown): ImageHash {
  if (typeof raw !== 'string' || !HASH.test(raw)) throw bad('image hash');
  return raw as ImageHash;
}

export function tokenOf(raw: unknown): string {
  if (typeof raw !== 'string' || raw === '' || raw.length > LONGEST_TOKEN) throw bad('token');
  return raw;
}

/** A finite number, 0 or more. */
export function numberOf(raw: unknown, what: string): number {
  if (typeof raw !== 'number' || !Number.isFinite(raw) || raw < 0) throw bad(what);
  return raw;
}

export function isVerdict(raw: unknown): raw is TripletVerdict | Relation {
  return VERDICTS.includes(raw);
}

export function undoParams(raw: unknown): { token: string } {
  return { token: tokenOf(record(raw).token) };
}

export function thumbnailParams(raw: unknown): { hash: ImageHash; size: number } {
  const { hash, size } = record(raw);
  if (typeof size !== 'number' || !Number.isFinite(size) || size <= 0) throw bad('size');
  return { hash: hashOf(hash), size: Math.round(size) };
}

export function bad(what: string): RpcError {
  return new RpcError('bad-request', `the page sent no valid ${what}`);
}
