import { createReadStream, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { measure } from './atomic';
import { isRecord } from './formats/read';

/**
 * Files that the last export of this kind wrote and this one does not: a stale `test` beside a new `train` would leak.
 * They go, unless somebody has changed them since.
 */
export async function leftBehind(
  out: string,
  cardName: string,
  now: ReadonlySet<string>,
): Promise<{ obsolete: string[]; kept: string[] }> {
  const obsolete: string[] = [];
  const kept: string[] = [];
  for (const { name, sha256 } of await oldFiles(path.join(out, cardName))) {
    if (now.has(name)) continue;
    const full = path.join(out, name);
    if (path.relative(out, full).startsWith('..') || !existsSync(full)) continue;
    if ((await measure(createReadStream(full) as AsyncIterable<Uint8Array>)).sha256 === sha256) obsolete.push(name);
    else
      kept.push(
        `${name} is of an earlier export and was changed since; it was left there, and is not part of this one.`,
      );
  }
  return { obsolete, kept };
}

async function oldFiles(card: string): Promise<{ name: string; sha256: string }[]> {
  try {
    const value: unknown = JSON.parse(await readFile(card, 'utf8'));
    const files = isRecord(value) && Array.isArray(value.files) ? (value.files as unknown[]) : [];
    return files.flatMap(file =>
      isRecord(file) && typeof file.name === 'string' && typeof file.sha256 === 'string'
        ? [{ name: file.name, sha256: file.sha256 }]
        : [],
    );
  } catch {
    // no card, or not one of ours: nothing is known of earlier exports
    return [];
  }
}
