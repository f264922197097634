import { existsSync } from 'node:fs';
import type { TextFile } from '../output';
import { columnsFor, type ReadRow, readRecord, shapeOf } from '../schema';
import type { Part, Row, Shape } from '../types';
import { jsonRow } from './jsonl';
import { isRecord, linesOf, malformed } from './read';

/**
 * Provenance beside a manifest whose extra columns a trainer would take for inputs: line by line what the manifest's rows
 * are, in Margin's own words. A row that was made of several holds a list of them.
 */

const ENDING = '.provenance.jsonl';

/** @param rows one entry for each row of the manifest */
export function sideFile(
  manifest: string,
  shape: Shape,
  parts: readonly Part[],
  rows: readonly (Row | readonly Row[])[],
): TextFile {
  const columns = columnsFor(shape, parts);
  const record = jsonRow(columns, image => image.path);
  return {
    name: sideName(manifest),
    rows: 0,
    side: true,
    content: (function* () {
      for (const row of rows) yield `${isOne(row) ? record(row) : `[${row.map(record).join(',')}]`}\n`;
    })(),
  };
}

const isOne = (row: Row | readonly Row[]): row is Row => 'kind' in row;

/** The side file's name: the manifest's, with its last ending replaced. */
export function sideName(manifest: string): string {
  return manifest.replace(/\.[^./\\]+$/u, '') + ENDING;
}

/** Whether a file is one of these: never a manifest itself. */
export function isSideFile(name: string): boolean {
  return name.endsWith(ENDING);
}

/** The rows that a side file holds, one list for each row of its manifest; nothing where there is no side file. */
export async function* readSide(manifest: string, signal?: AbortSignal): AsyncGenerator<ReadRow[]> {
  const file = sideName(manifest);
  if (!existsSync(file)) return;
  let shape: Shape | null = null;
  for await (const { line, text } of linesOf(file, signal)) {
    if (text.trim() === '') continue;
    const value = parse(file, line, text);
    const rows: ReadRow[] = [];
    for (const record of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (!isRecord(record)) throw malformed(file, line, 'a row must be a JSON object');
      shape ??= shapeOf(Object.keys(record));
      const row = shape && readRecord(record, shape, line);
      if (!row) throw malformed(file, line, 'the row does not name its images');
      rows.push(row);
    }
    yield rows;
  }
}

/**
 * Joins rows with their side file's: hashes and provenance. A relation that was changed by hand since is a judgement of
 * its own, so it loses the old source. Where the two files no longer match (rows moved or deleted), the side file is
 * passed over from there on.
 */
export async function* withSide(
  manifest: string,
  groups: AsyncIterable<ReadRow[]>,
  signal?: AbortSignal,
): AsyncGenerator<ReadRow> {
  const side = readSide(manifest, signal);
  let open = true;
  for await (const rows of groups) {
    let known: ReadRow[] | undefined;
    if (open) {
      const next = await side.next();
      known = next.done ? undefined : next.value;
      open = known?.length === rows.length && rows.every((row, i) => matches(row, known![i]!));
    }
    if (!open || !known) {
      yield* rows;
      continue;
    }
    for (const [i, row] of rows.entries()) {
      const { images, source, provenance, relation } = known[i]!;
      const unchanged = row.relation === relation;
      yield {
        ...row,
        images: images.map((image, j) => ({ hash: image.hash, path: image.path ?? row.images[j]!.path })),
        source: unchanged ? source : undefined,
        provenance: unchanged ? provenance : {},
      };
    }
  }
}

/** Same images: their paths end alike, or the copy carries the hash's name. */
function matches(row: ReadRow, known: ReadRow): boolean {
  return (
    row.kind === known.kind &&
    row.images.every(({ path }, i) => {
      const other = known.images[i]!;
      if (path === undefined || other.path === undefined) return false;
      if (path === other.path || path.endsWith(`/${other.path}`)) return true;
      return other.hash !== undefined && path.includes(other.hash.slice('sha256:'.length));
    })
  );
}

function parse(file: string, line: number, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(file, line, error instanceof Error ? error.message : 'it is not JSON', error);
  }
}
