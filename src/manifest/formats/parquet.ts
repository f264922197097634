import { stat } from 'node:fs/promises';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { type ColumnType, columnsFor, readRecord, shapeOf } from '../schema';
import type { Part } from '../types';
import type { ManifestFormat, WriteRequest } from './format';
import { malformed, readError } from './read';
import { python } from './snippets';

const TYPES = { string: 'STRING', double: 'DOUBLE', int: 'INT32' } as const satisfies Record<ColumnType, string>;

/** Apache Parquet with the same columns as the JSON lines; snappy pages, 100,000 rows a group. */
export const parquet: ManifestFormat = {
  id: 'parquet',
  title: 'Parquet',
  shapes: ['pairs', 'triplets'],
  convention: 'words',
  labelColumn: 'relation',
  provenance: 'columns',
  images: 'leave',
  paths: 'folder',

  write(request) {
    const files = request.parts.map(part => ({
      name: `${request.stem(part)}.${request.shape}.parquet`,
      rows: part.rows.length,
      content: (function* () {
        yield new Uint8Array(parquetBytes(request, part));
      })(),
    }));
    return { files, notes: [], leftOut: {}, kept: request.parts };
  },

  snippets(_request, { files }) {
    const name = python(files[0]!.name);
    return [
      {
        reader: 'pandas',
        needs: ['pandas', 'pyarrow'],
        code: ['import pandas as pd', `rows = pd.read_parquet(${name})`],
      },
      {
        reader: 'pyarrow',
        needs: ['pyarrow'],
        code: ['import pyarrow.parquet as pq', `rows = pq.read_table(${name})`],
      },
      {
        reader: 'datasets',
        needs: ['datasets'],
        code: [
          'from datasets import load_dataset',
          `rows = load_dataset("parquet", data_files=${name}, split="train")`,
        ],
      },
    ];
  },

  claims(name, head) {
    return /\.parquet$/iu.test(name) && head.startsWith('PAR1');
  },

  async *read(file, signal) {
    try {
      await stat(file);
      const buffer = await asyncBufferFromFile(file);
      const metadata = await parquetMetadataAsync(buffer);
      const shape = shapeOf(metadata.schema.slice(1).map(element => element.name));
      if (!shape)
        throw malformed(file, 1, 'the columns hold neither a, b and relation nor anchor, positive and negative');
      let rowStart = 0;
      for (const group of metadata.row_groups) {
        signal?.throwIfAborted();
        const rowEnd = rowStart + Number(group.num_rows);
        const records = await parquetReadObjects({ file: buffer, metadata, rowStart, rowEnd });
        for (const [i, record] of records.entries()) {
          const row = readRecord(record, shape, rowStart + i + 1);
          if (!row) throw malformed(file, rowStart + i + 1, 'the row does not name its images');
          yield row;
        }
        rowStart = rowEnd;
      }
    } catch (error) {
      if (signal?.aborted) throw error;
      const known = readError(file, error);
      throw known !== error || !(error instanceof Error) || error.name === 'ManifestError'
        ? known
        : malformed(file, 1, `it is no Parquet file that can be read (${error.message})`, error);
    }
  },
};

function parquetBytes({ shape, parts, layout }: WriteRequest, part: Part): ArrayBuffer {
  const columnData = columnsFor(shape, parts).map((column): ColumnSource => ({
    name: column.name,
    type: TYPES[column.type],
    nullable: true,
    data: part.rows.map(row => column.get(row, image => layout.pathOf(image))),
  }));
  return parquetWriteBuffer({ columnData, rowGroupSize: 100_000, createdBy: 'margin' });
}
