import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { relationOf } from '../../labels';
import { joined } from '../../paths';
import { columnsFor, IMAGE_COLUMNS, readRecord, type ReadRow } from '../../schema';
import { imagesOf, type Row } from '../../types';
import type { ManifestFormat, WriteRequest } from '../format';
import { labelledParts, numberOf } from '../labelled';
import { malformed, readError } from '../read';
import { python } from '../snippets';
import { decodeExample, encodeExample, type Feature } from './example';
import { frame, FrameError, unframe } from './framing';

/**
 * TensorFlow's TFRecord of `tf.train.Example`: the same names as the JSON lines' columns (text as bytes, numbers as
 * float32 or int64), for pairs an int64 `label` with 1 = same, and on request the images' bytes as `<name>_image`.
 */
export const tfrecord: ManifestFormat = {
  id: 'tfrecord',
  title: 'TFRecord',
  shapes: ['pairs', 'triplets'],
  convention: 'one-is-same',
  labelColumn: 'label',
  provenance: 'columns',
  images: 'leave',
  paths: 'manifest',

  write(request) {
    const { shape, parts, stem } = request;
    const leftOut: Record<string, number> = {};
    const kept = labelledParts(parts, 'one-is-same', leftOut);
    const files = kept.map(part => {
      const { rows } = part;
      return { name: `${stem(part)}.${shape}.tfrecord`, rows: rows.length, content: records(request, rows) };
    });
    return { files, notes: request.embed ? ["The records hold the images' bytes."] : [], leftOut, kept };
  },

  snippets({ shape, embed }, { files }) {
    const texts = IMAGE_COLUMNS[shape].flatMap(name => (embed ? [name, `${name}_image`] : [name]));
    const label = shape === 'pairs' ? ['spec["label"] = tf.io.FixedLenFeature([], tf.int64)'] : [];
    return [
      {
        reader: 'tensorflow',
        needs: ['tensorflow'],
        code: [
          'import tensorflow as tf',
          `spec = {name: tf.io.FixedLenFeature([], tf.string) for name in [${texts.map(python).join(', ')}]}`,
          ...label,
          `rows = tf.data.TFRecordDataset(${python(files[0]!.name)})`,
          'rows = rows.map(lambda record: tf.io.parse_single_example(record, spec))',
        ],
      },
    ];
  },

  claims: name => /\.tfrecords?$/iu.test(name),

  async *read(file, signal) {
    let record = 0;
    try {
      const stream = createReadStream(file, { highWaterMark: 1 << 20, signal }) as AsyncIterable<Buffer>;
      for await (const data of unframe(stream)) yield readExample(file, ++record, data);
    } catch (error) {
      if (signal?.aborted) throw error;
      if (error instanceof FrameError)
        throw malformed(file, error.record, `record ${error.record} is damaged: ${error.message}`, error);
      if (error instanceof RangeError)
        throw malformed(file, record, `record ${record} is no Example: ${error.message}`, error);
      throw readError(file, error);
    }
  },
};

async function* records(request: WriteRequest, rows: readonly Row[]): AsyncGenerator<Uint8Array> {
  const { shape, parts, layout, embed } = request;
  const columns = columnsFor(shape, parts);
  const names = IMAGE_COLUMNS[shape];
  for (const row of rows) {
    const features = new Map<string, Feature>();
    for (const column of columns) {
      const value = column.get(row, image => layout.pathOf(image));
      if (value === null) continue;
      if (typeof value === 'string') features.set(column.name, { kind: 'bytes', values: [value] });
      else features.set(column.name, { kind: column.type === 'int' ? 'int' : 'float', values: [value] });
    }
    if (row.kind === 'pair') features.set('label', { kind: 'int', values: [numberOf(row, 'one-is-same')] });
    if (embed) {
      for (const [i, image] of imagesOf(row).entries()) {
        const bytes = await readFile(joined(layout.choice.folder, image.path));
        features.set(`${names[i]!}_image`, { kind: 'bytes', values: [bytes] });
      }
    }
    yield frame(encodeExample(features));
  }
}

function readExample(file: string, record: number, data: Uint8Array): ReadRow {
  const values: Record<string, unknown> = {};
  for (const [name, feature] of decodeExample(data)) {
    const first = feature.values[0];
    values[name] = first instanceof Uint8Array ? Buffer.from(first).toString('utf8') : first;
  }
  const row = readRecord(values, 'anchor' in values ? 'triplets' : 'pairs', record);
  if (!row) throw malformed(file, record, `record ${record} does not name its images`);
  // the number is what trainers read: where it says otherwise than the word, it was changed on purpose
  const label =
    row.kind === 'pair' && typeof values.label === 'number' ? relationOf(values.label, 'one-is-same') : null;
  if (label === null || label === row.relation) return row;
  return { ...row, relation: label, source: undefined, provenance: {} };
}
