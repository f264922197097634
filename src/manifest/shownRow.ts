import { isRecord } from './formats/read';
import { IMAGE_COLUMNS, readRecord, type ReadRow } from './schema';
import type { Shape } from './types';

/** A row as a person looks at it: what was read, and the classes that the file gives its images. */
export interface ShownRow extends ReadRow {
  classes: (string | undefined)[];
}

/** Reads one line of a `*.pairs.jsonl` or `*.triplets.jsonl`; null for one that is no row. */
export function readShownRow(text: string, line: number): ShownRow | null {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/u, ''));
  } catch {
    return null;
  }
  if (!isRecord(value)) return null;
  const record = value;
  const shape: Shape = IMAGE_COLUMNS.triplets.some(name => name in record) ? 'triplets' : 'pairs';
  const row = readRecord(record, shape, line);
  if (!row) return null;
  const classes = IMAGE_COLUMNS[shape].map(name => {
    const given = record[`${name}_class`];
    return typeof given === 'string' ? given : undefined;
  });
  return { ...row, classes };
}
