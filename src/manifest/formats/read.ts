import { createReadStream } from 'node:fs';
import { ManifestError } from '../types';

/** A file's text in pieces; UTF-8, with or without a byte-order mark. */
export async function* textOf(file: string, signal?: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let offset = 0;
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      signal?.throwIfAborted();
      yield decoder.decode(chunk, { stream: true });
      offset += chunk.length;
    }
    const rest = decoder.decode();
    if (rest !== '') yield rest;
  } catch (error) {
    throw readError(file, error, `near byte ${offset}`);
  }
}

/** Lines with their numbers, from 1; the line end (`\n` or `\r\n`) is dropped. */
export async function* linesOf(file: string, signal?: AbortSignal): AsyncGenerator<{ line: number; text: string }> {
  let rest = '';
  let line = 0;
  for await (const chunk of textOf(file, signal)) {
    let from = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
      const text = rest + chunk.slice(from, end);
      rest = '';
      from = end + 1;
      yield { line: ++line, text: text.endsWith('\r') ? text.slice(0, -1) : text };
    }
    rest += chunk.slice(from);
  }
  if (rest !== '') yield { line: line + 1, text: rest };
}

/** JSON objects, one a line; blank lines are passed over. */
export async function* jsonLines(
  file: string,
  signal?: AbortSignal,
): AsyncGenerator<{ line: number; value: Record<string, unknown> }> {
  for await (const { line, text } of linesOf(file, signal)) {
    if (text.trim() === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw malformed(file, line, error instanceof Error ? error.message : 'it is not JSON', error);
    }
    if (!isRecord(value)) throw malformed(file, line, 'a row must be a JSON object');
    yield { line, value };
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** "Line 12 of x.csv: why". */
export function malformed(file: string, line: number, why: string, cause?: unknown): ManifestError {
  return new ManifestError('malformed', `Line ${line} of ${file}: ${why}`, { cause });
}

/** A file that cannot be read, in words; aborts and our own errors pass through. */
export function readError(file: string, error: unknown, where = ''): unknown {
  if (error instanceof ManifestError || !(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
    return new ManifestError('malformed', `${file} is not UTF-8 text (${where}). Save it as UTF-8 and import again.`, {
      cause: error,
    });
  if (/^E[A-Z]+$/u.test(code))
    return new ManifestError(
      'file',
      `Cannot read ${file}: ${code === 'ENOENT' ? 'it does not exist' : error.message}.`,
      { cause: error },
    );
  return error;
}
