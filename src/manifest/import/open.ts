import { open } from 'node:fs/promises';
import { FORMATS, formatOf } from '../formats';
import { readError } from '../formats/read';
import { isSideFile } from '../formats/sideFile';
import type { ReadRow } from '../schema';
import { ManifestError } from '../types';
import { type ColumnMap, isComplete, previewCsv, readMapped } from './columns';

/** A CSV that is none of ours, read by picked columns. */
export const MAPPED_CSV = 'csv-columns';

export interface OpenedManifest {
  /** a format's id, or `csv-columns` */
  format: string;
  rows: AsyncIterable<ReadRow>;
}

/**
 * Which format a file has, by its name and its first bytes.
 * @returns `csv-columns` for any other CSV or TSV; null for a file that nothing here reads
 * @throws ManifestError `file` when it cannot be opened
 */
export async function detectFormat(file: string): Promise<string | null> {
  if (isSideFile(file)) return null;
  const head = await headOf(file);
  // the formats with names of their own first: plain JSON lines and CSV would claim theirs too
  const special = FORMATS.filter(format => format.id !== 'jsonl' && format.id !== 'csv');
  for (const format of [...special, formatOf('csv'), formatOf('jsonl')])
    if (format.claims(file, head)) return format.id;
  return /\.(csv|tsv|txt)$/iu.test(file) && head.trim() !== '' ? MAPPED_CSV : null;
}

/**
 * Opens a file to import.
 * @param options.format its format, where it is not to be found out
 * @param options.columns what the columns of a plain CSV mean, where their names do not say
 * @throws ManifestError `unknown-format` for a file that nothing reads, or a CSV whose columns must be picked first
 */
export async function openManifest(
  file: string,
  options: { format?: string; columns?: ColumnMap; signal?: AbortSignal } = {},
): Promise<OpenedManifest> {
  const { signal } = options;
  const format = options.columns ? MAPPED_CSV : (options.format ?? (await detectFormat(file)));
  if (format === null) {
    const why = isSideFile(file)
      ? 'it is the side file of a manifest; import the manifest beside it'
      : `nothing here reads it. Formats: ${FORMATS.map(one => one.id).join(', ')}, and any CSV`;
    throw new ManifestError('unknown-format', `Cannot import ${file}: ${why}.`);
  }
  if (format !== MAPPED_CSV) return { format, rows: formatOf(format).read(file, signal) };
  const columns = options.columns ?? (await previewCsv(file, signal)).guess;
  if (!isComplete(columns)) {
    throw new ManifestError(
      'unknown-format',
      `Cannot tell what the columns of ${file} mean: pick those of the two images and of the label, and what 1 stands for.`,
    );
  }
  return { format, rows: readMapped(file, columns, signal) };
}

async function headOf(file: string): Promise<string> {
  try {
    const handle = await open(file, 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
      return buffer.subarray(0, bytesRead).toString('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw readError(file, error);
  }
}
