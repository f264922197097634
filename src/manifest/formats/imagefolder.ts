import { relationOf } from '../labels';
import { isAbsolutePath } from '../paths';
import { IMAGE_COLUMNS, type ReadRow } from '../schema';
import { type ImageRef, imagesOf, type Part } from '../types';
import type { ManifestFormat, WriteRequest } from './format';
import { labelledParts, numberOf } from './labelled';
import { jsonLines, malformed } from './read';
import { sideFile, withSide } from './sideFile';
import { python } from './snippets';

/**
 * Hugging Face's `imagefolder`: a `metadata.jsonl` beside the images, whose `*_file_name` columns become image columns.
 * Recent versions of `datasets` open only what lies in the metadata's own folder, so the images are copied there unless
 * the person says otherwise; where they stay, the card loads the same file another way.
 */
export const imagefolder: ManifestFormat = {
  id: 'imagefolder',
  title: 'Hugging Face imagefolder',
  shapes: ['pairs', 'triplets'],
  convention: 'one-is-same',
  labelColumn: 'label',
  provenance: 'side-file',
  images: 'copy',
  paths: 'manifest',
  placesImages: true,

  write(request) {
    const { shape, parts, layout } = request;
    const leftOut: Record<string, number> = {};
    const kept = labelledParts(parts, 'one-is-same', leftOut);
    const files = kept.flatMap(part => {
      const { rows } = part;
      const folder = folderOf(request, part);
      const directory = folder === '' ? 'images' : `${folder}/images`;
      layout.prepare(rows.flatMap(imagesOf), directory);
      const pathOf = (image: ImageRef): string => layout.pathOf(image, folder, directory);
      const name = `${folder === '' ? '' : `${folder}/`}metadata.jsonl`;
      const content = (function* () {
        for (const row of rows) {
          const paths = imagesOf(row).map((image, i) => [`${IMAGE_COLUMNS[shape][i]!}_file_name`, pathOf(image)]);
          const label = row.kind === 'pair' ? [['label', numberOf(row, 'one-is-same')]] : [];
          yield `${JSON.stringify(Object.fromEntries([...paths, ...label]))}\n`;
        }
      })();
      return [{ name, rows: rows.length, content }, sideFile(name, shape, parts, rows)];
    });
    const notes = within(request)
      ? []
      : [
          'The images lie outside of this folder, which recent versions of the imagefolder loader refuse to follow: load it as below.',
        ];
    return { files, notes, leftOut, kept };
  },

  snippets(request) {
    const folder = folderOf(request, request.parts[0]!);
    const reader = { reader: 'datasets', needs: ['datasets', 'pillow'] };
    if (within(request)) {
      return [
        {
          ...reader,
          code: [
            'from datasets import load_dataset',
            `rows = load_dataset("imagefolder", data_dir=${python(folder || '.')}, split="train", drop_labels=True)`,
          ],
        },
      ];
    }
    const columns = IMAGE_COLUMNS[request.shape].map(python).join(', ');
    return [
      {
        ...reader,
        code: [
          'import os; from datasets import Image, load_dataset',
          `rows = load_dataset("json", data_files=${python(folder === '' ? 'metadata.jsonl' : `${folder}/metadata.jsonl`)}, split="train")`,
          `for column in [${columns}]:`,
          `    rows = rows.map(lambda row: {column: os.path.join(${python(folder)}, row[column + "_file_name"])})`,
          '    rows = rows.remove_columns(column + "_file_name").cast_column(column, Image())',
        ],
      },
    ];
  },

  claims: (name, head) => /(^|[\\/])metadata\.jsonl$/u.test(name) && head.includes('_file_name"'),

  read: (file, signal) => withSide(file, readGroups(file, signal), signal),
};

/** One part lies in the folder itself; several each in their own. */
function folderOf({ parts, stem }: WriteRequest, part: Part): string {
  return parts.length === 1 && part.name === 'all' ? '' : stem(part);
}

/** Whether every path stays inside its metadata's folder. */
function within(request: WriteRequest): boolean {
  const { parts, layout } = request;
  if (layout.choice.images !== 'leave') return layout.choice.paths !== 'absolute';
  return parts.every(part => {
    const folder = folderOf(request, part);
    return part.rows.every(row =>
      imagesOf(row).every(image => {
        const path = layout.pathOf(image, folder);
        return !isAbsolutePath(path) && !path.startsWith('../');
      }),
    );
  });
}

async function* readGroups(file: string, signal?: AbortSignal): AsyncGenerator<ReadRow[]> {
  for await (const { line, value } of jsonLines(file, signal)) {
    const path = (name: string): { path: string } => {
      const text = value[`${name}_file_name`];
      if (typeof text !== 'string' || text === '') throw malformed(file, line, `"${name}_file_name" must be a path`);
      return { path: text };
    };
    if ('anchor_file_name' in value) {
      yield [{ line, kind: 'triplet', images: IMAGE_COLUMNS.triplets.map(path), relation: null, provenance: {} }];
      continue;
    }
    const relation = relationOf(Number(value.label), 'one-is-same');
    if (relation === null) throw malformed(file, line, '"label" must be 0 or 1');
    yield [{ line, kind: 'pair', images: IMAGE_COLUMNS.pairs.map(path), relation, provenance: {} }];
  }
}
