import type { LabelCommand, LabelHostProtocol } from '../../rpc/label-protocol';
import { LABEL_COMMANDS } from '../../rpc/label-protocol';
import { bad, hashOf, isVerdict, numberOf, record, tokenOf } from '../webview/checks';

/** Checks of what the Label page sends: each returns the value with its type, or throws `bad-request`. */

type Calls = LabelHostProtocol['calls'];

const LONGEST_ID = 1000;

export { thumbnailParams, undoParams } from '../webview/checks';

export function answerParams(raw: unknown): Calls['answer']['params'] {
  const { itemId, verdict, ms, token, repeat } = record(raw);
  if (typeof itemId !== 'string' || itemId === '' || itemId.length > LONGEST_ID) throw bad('itemId');
  if (!isVerdict(verdict)) throw bad('verdict');
  if (repeat !== undefined && typeof repeat !== 'boolean') throw bad('repeat');
  const ofRepeat = repeat === true ? { repeat } : {};
  return { itemId, verdict, ms: Math.round(numberOf(ms, 'ms')), token: tokenOf(token), ...ofRepeat };
}

export function settleParams(raw: unknown): Calls['settle']['params'] {
  const { a, b, relation, token } = record(raw);
  if (a === b) throw bad('pair');
  if (relation !== 'same' && relation !== 'different' && relation !== 'incomparable') throw bad('relation');
  return { a: hashOf(a), b: hashOf(b), relation, token: tokenOf(token) };
}

export function laterParams(raw: unknown): Calls['later']['params'] {
  const { what } = record(raw);
  if (what !== 'contradiction' && what !== 'offer') throw bad('what');
  return { what };
}

export function offerParams(raw: unknown): Calls['acceptOffer']['params'] {
  const { kind, token } = record(raw);
  if (kind !== 'merge' && kind !== 'relabel' && kind !== 'name') throw bad('kind');
  return { kind, token: tokenOf(token) };
}

export function flagParams(raw: unknown): Calls['flag']['params'] {
  const { image, token } = record(raw);
  return { image: hashOf(image), token: tokenOf(token) };
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
