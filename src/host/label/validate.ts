import type { LabelCommand, LabelHostProtocol } from '../../rpc/label-protocol';
import { LABEL_COMMANDS } from '../../rpc/label-protocol';
import { bad, hashOf, isVerdict, numberOf, record, tokenOf } from '../webview/checks';

/** Checks of what the Label page sends: each returns the value with its type, or throws `bad-request`. */

type Calls = LabelHostProtocol['calls'];

const LONGEST_ID = 1000;

export { thumbnailParams, undoParams } from '../webview/checks';

export function answerParams(raw: unknown): Calls['answer']['params'] {
  const { itemId, verdict, ms, token } = record(raw);
  if (typeof itemId !== 'string' || itemId === '' || itemId.length > LONGEST_ID) throw bad('itemId');
  if (!isVerdict(verdict)) throw bad('verdict');
  return { itemId, verdict, ms: Math.round(numberOf(ms, 'ms')), token: tokenOf(token) };
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
