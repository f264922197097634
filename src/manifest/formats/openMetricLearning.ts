import { CsvError, csvRecord, readCsv } from '../csv';
import { identitiesOf } from '../identity';
import type { TextFile } from '../output';
import type { ReadRow } from '../schema';
import { type ImageRef, imagesOf, type Part } from '../types';
import type { ManifestFormat, WriteRequest } from './format';
import { malformed, textOf } from './read';
import { readSide, sideFile } from './sideFile';
import { python } from './snippets';

const COLUMNS = ['label', 'path', 'split', 'is_query', 'is_gallery'];
const ENDING = '.open-metric-learning.csv';

/**
 * open-metric-learning trains on images with integer labels and mines for itself: a label is an identity that the rows
 * imply (see `identitiesOf`). `train` rows have empty query and gallery marks; of `validation` every image is both, but
 * for those that are alone in their label, which nothing could be retrieved for.
 */
export const openMetricLearning: ManifestFormat = {
  id: 'open-metric-learning',
  title: 'open-metric-learning',
  shapes: ['pairs', 'triplets'],
  convention: 'by-place',
  labelColumn: null,
  provenance: 'side-file',
  images: 'leave',
  paths: 'manifest',

  write(request) {
    const { parts, shape } = request;
    const identities = identitiesOf(parts);
    const leftOut: Record<string, number> = {};
    const label = (image: ImageRef): number => identities.of.get(image.hash)!;
    const files: TextFile[] = tablesOf(request).flatMap(({ name, train, validation }) => {
      const rows = [
        ...records(request, imagesIn(train), 'train', label, leftOut),
        ...records(request, imagesIn(validation), 'validation', label, leftOut),
      ];
      return [
        { name, rows: rows.length, content: [csvRecord(COLUMNS), ...rows.map(csvRecord)] },
        sideFile(
          name,
          shape,
          parts,
          [...train, ...validation].flatMap(part => part.rows),
        ),
      ];
    });
    const notes = [
      'Labels are identities: two images with different labels count as different for the trainer, whether or not anyone compared them.',
    ];
    if (identities.contradicted > 0)
      leftOut['different, and yet tied together by other rows'] = identities.contradicted;
    if (identities.parted > 0)
      notes.push(
        `${identities.parted} classes hold images that rows call different; there only rows tie images together.`,
      );
    return { files, notes, leftOut, kept: parts };
  },

  snippets(_request, { files }) {
    return [
      {
        reader: 'open-metric-learning',
        needs: ['open-metric-learning', 'pandas'],
        code: [
          'import pandas as pd',
          'from oml.utils.dataframe_format import check_retrieval_dataframe_format',
          `rows = pd.read_csv(${python(files[0]!.name)}, keep_default_na=False, na_values={"is_query": [""], "is_gallery": [""]})`,
          'check_retrieval_dataframe_format(rows)',
        ],
      },
    ];
  },

  claims: (name, head) => name.endsWith(ENDING) || (/\.csv$/iu.test(name) && head.startsWith(COLUMNS.join(','))),

  async *read(file, signal) {
    let known = false;
    for await (const rows of readSide(file, signal)) {
      known = true;
      yield* rows;
    }
    if (!known) yield* readLabels(file, signal);
  },
};

/** Which parts make which file: `test` is a validation set of its own; of folds each is held out once. */
function tablesOf({ parts, stem }: WriteRequest): { name: string; train: Part[]; validation: Part[] }[] {
  const part = (name: string): Part[] => parts.filter(one => one.name === name);
  if (parts.some(one => one.name.startsWith('fold')))
    return parts.map(held => ({
      name: stem(held) + ENDING,
      train: parts.filter(one => one !== held),
      validation: [held],
    }));
  const train = [...part('all'), ...part('train')];
  const tables = [{ name: stem(train[0]!) + ENDING, train, validation: part('validation') }];
  for (const test of part('test')) tables.push({ name: stem(test) + ENDING, train: [], validation: [test] });
  return tables;
}

function imagesIn(parts: readonly Part[]): ImageRef[] {
  const images = new Map(parts.flatMap(part => part.rows.flatMap(imagesOf)).map(image => [image.hash, image]));
  return [...images.values()].sort((x, y) => (x.path < y.path ? -1 : 1));
}

function records(
  { layout }: WriteRequest,
  images: readonly ImageRef[],
  split: 'train' | 'validation',
  label: (image: ImageRef) => number,
  leftOut: Record<string, number>,
): (string | number | null)[][] {
  const sizes = new Map<number, number>();
  for (const image of images) sizes.set(label(image), (sizes.get(label(image)) ?? 0) + 1);
  const rows: (string | number | null)[][] = [];
  for (const image of [...images].sort((x, y) => label(x) - label(y))) {
    const alone = sizes.get(label(image)) === 1;
    if (split === 'train' && alone) {
      const why = 'images alone in their label: nothing to train with';
      leftOut[why] = (leftOut[why] ?? 0) + 1;
      continue;
    }
    const marks = split === 'train' ? [null, null] : [alone ? 'False' : 'True', 'True'];
    rows.push([label(image), layout.pathOf(image), split, ...marks]);
  }
  return rows;
}

/** Without its side file a table says only which images are the same: each one is, as the first of its label. */
async function* readLabels(file: string, signal?: AbortSignal): AsyncGenerator<ReadRow> {
  const first = new Map<string, string>();
  let columns: { label: number; path: number } | undefined;
  try {
    for await (const { line, values } of readCsv(textOf(file, signal))) {
      if (!columns) {
        columns = { label: values.indexOf('label'), path: values.indexOf('path') };
        if (columns.label < 0 || columns.path < 0) throw malformed(file, line, 'the header has no "label" and "path"');
        continue;
      }
      const label = values[columns.label];
      const path = values[columns.path];
      if (!label || !path) throw malformed(file, line, 'a row needs a label and a path');
      const other = first.get(label);
      if (other === undefined) first.set(label, path);
      else if (other !== path)
        yield { line, kind: 'pair', images: [{ path: other }, { path }], relation: 'same', provenance: {} };
    }
  } catch (error) {
    throw error instanceof CsvError ? malformed(file, error.line, error.message, error) : error;
  }
}
