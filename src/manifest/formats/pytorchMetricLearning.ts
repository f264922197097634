import { readFile } from 'node:fs/promises';
import type { Relation } from '../../core/types';
import { byText } from '../paths';
import type { ReadRow } from '../schema';
import { type ImageRef, imagesOf, type Row, type Shape } from '../types';
import type { ManifestFormat, WriteResult } from './format';
import { labelledParts } from './labelled';
import { isRecord, malformed, readError } from './read';
import { sideFile, withSide } from './sideFile';
import { python } from './snippets';

/**
 * pytorch-metric-learning's index tuples: (anchor, positive, negative) for triplets, (a1, p, a2, n) for pairs, where
 * (a1, p) are the same and (a2, n) differ; the numbers count into the list of paths beside them. The convention lies in
 * the names: there is no label.
 */
export const pytorchMetricLearning: ManifestFormat = {
  id: 'pytorch-metric-learning',
  title: 'pytorch-metric-learning',
  shapes: ['pairs', 'triplets'],
  convention: 'by-place',
  labelColumn: null,
  provenance: 'side-file',
  images: 'leave',
  paths: 'manifest',

  write(request): WriteResult {
    const { shape, parts, layout, stem } = request;
    const leftOut: Record<string, number> = {};
    const kept = labelledParts(parts, 'one-is-same', leftOut);
    const files = kept.flatMap(part => {
      const rows = inOrder(part.rows);
      const name = `${stem(part)}.pytorch-metric-learning-${shape}.json`;
      const content = (function* () {
        const images = new Map<string, ImageRef>();
        for (const row of rows) for (const image of imagesOf(row)) images.set(image.hash, image);
        const sorted = [...images.values()].sort((x, y) => byText(x.path, y.path));
        const index = new Map(sorted.map((image, i) => [image.hash, i]));
        yield '{\n"paths": [\n';
        for (const [i, image] of sorted.entries())
          yield `${JSON.stringify(layout.pathOf(image))}${i + 1 < sorted.length ? ',' : ''}\n`;
        const columns = tuplesOf(rows, shape).map(
          ([key, of]) => `${JSON.stringify(key)}: [${of.map(image => index.get(image.hash)!).join(',')}]`,
        );
        yield `],\n"tuples": {\n${columns.join(',\n')}\n}\n}\n`;
      })();
      return [{ name, rows: rows.length, content }, sideFile(name, shape, parts, rows)];
    });
    return { files, notes: [], leftOut, kept };
  },

  snippets(_request, { files }) {
    return [
      {
        reader: 'pytorch-metric-learning',
        needs: ['torch', 'pytorch-metric-learning'],
        code: [
          'import json, torch',
          `data = json.load(open(${python(files[0]!.name)}, encoding="utf-8"))`,
          'paths = data["paths"]  # embed these, in this order',
          'tuples = tuple(torch.tensor(indices) for indices in data["tuples"].values())',
          '# loss = loss_function(embeddings, indices_tuple=tuples)',
        ],
      },
    ];
  },

  claims: name => /\.pytorch-metric-learning-(pairs|triplets)\.json$/u.test(name),

  read: (file, signal) => withSide(file, readGroups(file, signal), signal),
};

/** Pairs of `same` before those of `different`, as the tuple has them; triplets as they are. */
function inOrder(rows: readonly Row[]): Row[] {
  const different = (row: Row): boolean => row.kind === 'pair' && row.relation === 'different';
  return [...rows.filter(row => !different(row)), ...rows.filter(different)];
}

function tuplesOf(rows: readonly Row[], shape: Shape): [string, ImageRef[]][] {
  if (shape === 'triplets') {
    return ['anchor', 'positive', 'negative'].map((name, i) => [name, rows.map(row => imagesOf(row)[i]!)]);
  }
  const side = (relation: Relation, i: number): ImageRef[] =>
    rows.filter(row => row.kind === 'pair' && row.relation === relation).map(row => imagesOf(row)[i]!);
  return [
    ['a1', side('same', 0)],
    ['p', side('same', 1)],
    ['a2', side('different', 0)],
    ['n', side('different', 1)],
  ];
}

async function* readGroups(file: string, signal?: AbortSignal): AsyncGenerator<ReadRow[]> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, { encoding: 'utf8', signal }));
  } catch (error) {
    if (signal?.aborted) throw error;
    throw error instanceof SyntaxError ? malformed(file, 1, error.message, error) : readError(file, error);
  }
  const tuples = isRecord(value) && isRecord(value.tuples) ? value.tuples : undefined;
  const paths = isRecord(value) && Array.isArray(value.paths) ? (value.paths as unknown[]) : undefined;
  if (!tuples || !paths) throw malformed(file, 1, 'it holds no "paths" and "tuples"');
  const column = (name: string): { path: string }[] => {
    const indices = tuples[name];
    if (!Array.isArray(indices)) throw malformed(file, 1, `"tuples" has no list "${name}"`);
    return (indices as unknown[]).map(index => {
      const path = typeof index === 'number' ? paths[index] : undefined;
      if (typeof path !== 'string')
        throw malformed(file, 1, `"${name}" points at ${String(index)}, where there is no path`);
      return { path };
    });
  };
  let line = 0;
  const zip = function* (
    kind: ReadRow['kind'],
    relation: ReadRow['relation'],
    ...names: string[]
  ): Generator<ReadRow[]> {
    const columns = names.map(column);
    if (columns.some(list => list.length !== columns[0]!.length))
      throw malformed(file, 1, `${names.join(', ')} are not equally long`);
    for (let i = 0; i < columns[0]!.length; i++)
      yield [{ line: ++line, kind, relation, images: columns.map(list => list[i]!), provenance: {} }];
  };
  if ('anchor' in tuples) yield* zip('triplet', null, 'anchor', 'positive', 'negative');
  else {
    yield* zip('pair', 'same', 'a1', 'p');
    yield* zip('pair', 'different', 'a2', 'n');
  }
}
