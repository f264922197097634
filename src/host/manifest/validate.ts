import type { ManifestCommand, ManifestHostProtocol } from '../../rpc/manifest-protocol';
import { MANIFEST_COMMANDS } from '../../rpc/manifest-protocol';
import type { ManifestView } from '../../rpc/manifest-rows';
import { bad, hashOf, isVerdict, numberOf, record, tokenOf } from '../webview/checks';

/** Checks of what the page of a manifest sends: each returns the value with its type, or throws `bad-request`. */

type Calls = ManifestHostProtocol['calls'];

const RELATIONS: readonly unknown[] = ['same', 'different', 'incomparable', null];
const SOURCES: readonly unknown[] = ['answer', 'implied', 'class', 'mined', null];
const SORTS: readonly unknown[] = ['line', 'distance', 'negativeDistance', 'gap', 'rank'];
const ONLY: readonly unknown[] = ['missing', 'differs'];
const LONGEST_TEXT = 4096;

export function rowsParams(raw: unknown): Calls['rows']['params'] {
  const { view, from, count } = record(raw);
  return {
    view: viewOf(view),
    from: numberOf(from, 'from'),
    count: numberOf(count, 'count'),
  };
}

export function answerParams(raw: unknown): Calls['answer']['params'] {
  const { line, images, verdict, ms, token } = record(raw);
  if (!Array.isArray(images) || images.length < 2 || images.length > 3) throw bad('images');
  if (!isVerdict(verdict)) throw bad('verdict');
  return {
    line: numberOf(line, 'line'),
    images: images.map(hashOf),
    verdict,
    ms: Math.round(numberOf(ms, 'ms')),
    token: tokenOf(token),
  };
}

export function lineParams(raw: unknown): Calls['openLine']['params'] {
  return { line: numberOf(record(raw).line, 'line') };
}

export function commandParams(raw: unknown): Calls['command']['params'] {
  const { id } = record(raw);
  if (!MANIFEST_COMMANDS.includes(id as ManifestCommand)) throw bad('id');
  return { id: id as ManifestCommand };
}

function viewOf(raw: unknown): ManifestView {
  const { relations, sources, class: name, text, only, sort, descending } = record(raw);
  return {
    ...(relations !== undefined && { relations: each<null>(relations, RELATIONS) }),
    ...(sources !== undefined && { sources: each<null>(sources, SOURCES) }),
    ...(name !== undefined && { class: textOf(name) }),
    ...(text !== undefined && { text: textOf(text) }),
    ...(only !== undefined && { only: one<'missing'>(only, ONLY) }),
    ...(sort !== undefined && { sort: one<'line'>(sort, SORTS) }),
    ...(descending !== undefined && { descending: descending === true }),
  };
}

function each<T>(raw: unknown, known: readonly unknown[]): T[] {
  if (!Array.isArray(raw)) throw bad('view');
  return raw.map(value => one<T>(value, known));
}

function one<T>(raw: unknown, known: readonly unknown[]): T {
  if (!known.includes(raw)) throw bad('view');
  return raw as T;
}

function textOf(raw: unknown): string {
  if (typeof raw !== 'string' || raw.length > LONGEST_TEXT) throw bad('view');
  return raw;
}
