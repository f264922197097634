import { type Column, columnsFor, readRecord, shapeOf } from '../schema';
import type { ImageRef, Row, Shape } from '../types';
import type { ManifestFormat, WriteRequest, WriteResult } from './format';
import { jsonLines, malformed } from './read';
import { python } from './snippets';

/** JSON, one row a line, in Margin's own words. `*.pairs.jsonl` and `*.triplets.jsonl` open as pictures. */
export const jsonl: ManifestFormat = {
  id: 'jsonl',
  title: 'JSON lines',
  shapes: ['pairs', 'triplets'],
  convention: 'words',
  labelColumn: 'relation',
  provenance: 'columns',
  images: 'leave',
  paths: 'folder',

  write({ shape, parts, layout, stem }: WriteRequest): WriteResult {
    const columns = columnsFor(shape, parts);
    const files = parts.map(part => ({
      name: `${stem(part)}.${shape}.jsonl`,
      rows: part.rows.length,
      content: jsonRows(part.rows, columns, image => layout.pathOf(image)),
    }));
    return { files, notes: [], leftOut: {}, kept: parts };
  },

  snippets(_request, { files }) {
    const name = files[0]!.name;
    return [
      {
        reader: 'pandas',
        needs: ['pandas'],
        code: [
          'import pandas as pd',
          `rows = pd.read_json(${python(name)}, lines=True, convert_dates=False, dtype=False)`,
        ],
      },
      {
        reader: 'datasets',
        needs: ['datasets'],
        code: [
          'from datasets import load_dataset',
          `rows = load_dataset("json", data_files=${python(name)}, split="train")`,
        ],
      },
    ];
  },

  claims(name, head) {
    if (/\.(pairs|triplets)\.jsonl$/iu.test(name)) return true;
    return firstShape(head) !== null;
  },

  async *read(file, signal) {
    let shape: Shape | null = null;
    for await (const { line, value } of jsonLines(file, signal)) {
      shape ??= shapeOf(Object.keys(value));
      if (!shape) throw malformed(file, line, 'a row has neither a, b and relation nor anchor, positive and negative');
      const row = readRecord(value, shape, line);
      if (!row) throw malformed(file, line, 'the row does not name its images');
      yield row;
    }
  },
};

/** Rows as JSON lines; each row's keys in the columns' order. */
function* jsonRows(
  rows: readonly Row[],
  columns: readonly Column[],
  pathOf: (image: ImageRef) => string,
): Generator<string> {
  const json = jsonRow(columns, pathOf);
  for (const row of rows) yield `${json(row)}\n`;
}

/** Makes a row's JSON; the keys are made once. */
export function jsonRow(columns: readonly Column[], pathOf: (image: ImageRef) => string): (row: Row) => string {
  const keys = columns.map((column, i) => `${i === 0 ? '{' : ','}${JSON.stringify(column.name)}:`);
  return row => {
    let json = '';
    for (let i = 0; i < columns.length; i++) json += keys[i]! + JSON.stringify(columns[i]!.get(row, pathOf));
    return `${json}}`;
  };
}

function firstShape(head: string): Shape | null {
  const end = head.indexOf('\n');
  try {
    const value: unknown = JSON.parse(end < 0 ? head : head.slice(0, end));
    return typeof value === 'object' && value !== null ? shapeOf(Object.keys(value)) : null;
  } catch {
    return null;
  }
}
