import { CsvError, csvRecord, readCsv } from '../csv';
import { columnsFor, IMAGE_COLUMNS, readRecord, shapeOf } from '../schema';
import type { ManifestFormat } from './format';
import { malformed, textOf } from './read';
import { python } from './snippets';

/** Comma-separated values in Margin's own words: the same columns as the JSON lines. */
export const csv: ManifestFormat = {
  id: 'csv',
  title: 'CSV',
  shapes: ['pairs', 'triplets'],
  convention: 'words',
  labelColumn: 'relation',
  provenance: 'columns',
  images: 'leave',
  paths: 'folder',

  write({ shape, parts, layout, stem }) {
    const columns = columnsFor(shape, parts);
    const files = parts.map(part => ({
      name: `${stem(part)}.${shape}.csv`,
      rows: part.rows.length,
      content: (function* () {
        yield csvRecord(columns.map(column => column.name));
        for (const row of part.rows)
          yield csvRecord(columns.map(column => column.get(row, image => layout.pathOf(image))));
      })(),
    }));
    return { files, notes: [], leftOut: {}, kept: parts };
  },

  snippets({ shape, parts }, { files }) {
    // a class named "1" is no number, and a file named "NA" is not missing
    const texts = columnsFor(shape, parts)
      .filter(column => column.type === 'string')
      .map(column => `${python(column.name)}: str`);
    const numbers = columnsFor(shape, parts)
      .filter(column => column.type !== 'string')
      .map(column => `${python(column.name)}: [""]`);
    return [
      {
        reader: 'pandas',
        needs: ['pandas'],
        code: [
          'import pandas as pd',
          `texts = {${texts.join(', ')}}`,
          `missing = {${numbers.join(', ')}}`,
          `rows = pd.read_csv(${python(files[0]!.name)}, dtype=texts, keep_default_na=False, na_values=missing)`,
        ],
      },
    ];
  },

  claims(name, head) {
    const header = head
      .replace(/^\ufeff/u, '')
      .split(/\r?\n/u, 1)[0]!
      .split(',');
    return (
      /\.csv$/iu.test(name) && shapeOf(header) !== null && header.includes(`${IMAGE_COLUMNS[shapeOf(header)!][0]}_hash`)
    );
  },

  async *read(file, signal) {
    try {
      let header: string[] | undefined;
      for await (const { line, values } of readCsv(textOf(file, signal))) {
        if (!header) {
          header = values.map(value => value ?? '');
          continue;
        }
        const names = header;
        const shape = shapeOf(names);
        if (!shape)
          throw malformed(file, 1, 'the header has neither a, b and relation nor anchor, positive and negative');
        if (values.length !== names.length)
          throw malformed(file, line, `it has ${values.length} fields, the header has ${names.length}`);
        const row = readRecord(Object.fromEntries(names.map((name, i) => [name, values[i]])), shape, line);
        if (!row) throw malformed(file, line, 'the row does not name its images');
        yield row;
      }
    } catch (error) {
      throw error instanceof CsvError ? malformed(file, error.line, error.message, error) : error;
    }
  },
};
