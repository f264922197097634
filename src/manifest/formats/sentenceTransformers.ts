import { relationOf } from '../labels';
import type { ReadRow } from '../schema';
import type { Part, Row, Shape, TripletRow } from '../types';
import type { ManifestFormat, WriteRequest, WriteResult } from './format';
import { labelledParts, numberOf } from './labelled';
import { jsonLines, malformed } from './read';
import { sideFile, withSide } from './sideFile';
import { python } from './snippets';

const NAME = /\.sentence-transformers-(pairs|triplets|tuples)\.jsonl$/u;

/**
 * sentence-transformers reads columns by position and takes every column but `label` for an input, so the file holds
 * just those: `anchor, positive, negative`, or `sentence1, sentence2, label` with 1 = same (as its ContrastiveLoss has
 * it). The inputs are paths; its image models open them, or `datasets` does after a cast.
 */
export const sentenceTransformers: ManifestFormat = {
  id: 'sentence-transformers',
  title: 'sentence-transformers',
  shapes: ['pairs', 'triplets'],
  convention: 'one-is-same',
  labelColumn: 'label',
  provenance: 'side-file',
  images: 'leave',
  paths: 'manifest',

  write(request: WriteRequest): WriteResult {
    const { shape, parts, layout, stem } = request;
    const leftOut: Record<string, number> = {};
    const kept = labelledParts(parts, 'one-is-same', leftOut);
    const files = kept.flatMap(part => {
      const { rows } = part;
      const name = `${stem(part)}.sentence-transformers-${shape}.jsonl`;
      const record = (row: Row): Record<string, string | number> =>
        row.kind === 'pair'
          ? { sentence1: layout.pathOf(row.a), sentence2: layout.pathOf(row.b), label: numberOf(row, 'one-is-same') }
          : {
              anchor: layout.pathOf(row.anchor),
              positive: layout.pathOf(row.positive),
              negative: layout.pathOf(row.negative),
            };
      return [{ name, rows: rows.length, content: lines(rows, record) }, sideFile(name, shape, parts, rows)];
    });
    return { files, notes: notes(request), leftOut, kept };
  },

  snippets({ shape }, { files }) {
    return snippet(files[0]!.name, shape === 'pairs' ? ['sentence1', 'sentence2'] : ['anchor', 'positive', 'negative']);
  },

  claims: name => NAME.exec(name)?.[1] !== undefined && !name.includes('-tuples.'),

  read: (file, signal) => withSide(file, readGroups(file, signal), signal),
};

/** Anchor, positive and several negatives in one row, for losses that compare them all at once. */
export const sentenceTransformersTuples: ManifestFormat = {
  ...sentenceTransformers,
  id: 'sentence-transformers-tuples',
  title: 'sentence-transformers, several negatives',
  shapes: ['triplets'],
  labelColumn: null,
  convention: 'by-place',

  write(request) {
    const { parts, layout, stem } = request;
    const grouped = parts.map(part => groupNegatives(part.rows.filter(row => row.kind === 'triplet')));
    const count = request.negatives ?? bestCount(grouped.flat().map(group => group.length));
    const leftOut: Record<string, number> = {};
    const drop = (why: string, n: number): void => void (n > 0 && (leftOut[why] = (leftOut[why] ?? 0) + n));
    const kept: Part[] = [];
    const files = parts.flatMap((part, i) => {
      const tuples: TripletRow[][] = [];
      for (const group of grouped[i]!) {
        if (group.length < count) drop(`fewer than ${count} negatives for the anchor and positive`, group.length);
        else {
          drop(`more than ${count} negatives for the anchor and positive`, group.length - count);
          tuples.push(group.slice(0, count));
        }
      }
      kept.push({ name: part.name, rows: tuples.flat() });
      const name = `${stem(part)}.sentence-transformers-tuples.jsonl`;
      const record = (rows: TripletRow[]): Record<string, string> => ({
        anchor: layout.pathOf(rows[0]!.anchor),
        positive: layout.pathOf(rows[0]!.positive),
        ...Object.fromEntries(rows.map((row, j) => [`negative_${j + 1}`, layout.pathOf(row.negative)])),
      });
      return [
        { name, rows: tuples.length, content: lines(tuples, record) },
        sideFile(name, 'triplets' satisfies Shape, parts, tuples),
      ];
    });
    return { files, notes: [`Each row has ${count} negatives.`, ...notes(request)], leftOut, kept };
  },

  snippets(_request, { files, notes: said }) {
    const count = Number(/\d+/u.exec(said[0]!)![0]);
    const negatives = Array.from({ length: count }, (_, i) => `negative_${i + 1}`);
    return snippet(files[0]!.name, ['anchor', 'positive', ...negatives]);
  },

  claims: name => NAME.exec(name)?.[1] === 'tuples',
};

function snippet(name: string, columns: readonly string[]): ReturnType<ManifestFormat['snippets']> {
  return [
    {
      reader: 'sentence-transformers',
      needs: ['sentence-transformers', 'datasets', 'pillow'],
      code: [
        'from datasets import Image, load_dataset',
        `rows = load_dataset("json", data_files=${python(name)}, split="train")`,
        `for column in [${columns.map(python).join(', ')}]:`,
        '    rows = rows.cast_column(column, Image())  # pictures, for an image model',
      ],
    },
  ];
}

function notes({ layout }: WriteRequest): string[] {
  const root = layout.root();
  return root === '.' ? ['Paths start from this folder.'] : [`Paths start from ${root}, seen from this folder.`];
}

function* lines<T>(rows: readonly T[], record: (row: T) => Record<string, string | number>): Generator<string> {
  for (const row of rows) yield `${JSON.stringify(record(row))}\n`;
}

/** Triplets by anchor and positive, in the order of the rows. */
function groupNegatives(rows: readonly TripletRow[]): TripletRow[][] {
  const groups = new Map<string, TripletRow[]>();
  for (const row of rows) {
    const key = `${row.anchor.hash} ${row.positive.hash}`;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()];
}

/** The number of negatives at which most triplets stay: as many as `count` times the groups that have so many. */
function bestCount(sizes: readonly number[]): number {
  const sorted = [...sizes].sort((x, y) => y - x);
  let best = 1;
  let kept = 0;
  // of equals the larger number wins: fewer, fuller rows
  for (const [i, size] of sorted.entries()) {
    if (size === sorted[i + 1]) continue;
    const stays = size * (i + 1);
    if (stays > kept) {
      kept = stays;
      best = size;
    }
  }
  return best;
}

async function* readGroups(file: string, signal?: AbortSignal): AsyncGenerator<ReadRow[]> {
  for await (const { line, value } of jsonLines(file, signal)) {
    const path = (name: string): { path: string } => {
      const text = value[name];
      if (typeof text !== 'string' || text === '') throw malformed(file, line, `"${name}" must be a path`);
      return { path: text };
    };
    if ('sentence1' in value) {
      const relation = relationOf(Number(value.label), 'one-is-same');
      if (relation === null) throw malformed(file, line, '"label" must be 0 or 1');
      yield [{ line, kind: 'pair', images: [path('sentence1'), path('sentence2')], relation, provenance: {} }];
      continue;
    }
    const negatives = Object.keys(value).filter(name => /^negative(_\d+)?$/u.test(name));
    if (negatives.length === 0) throw malformed(file, line, 'a row has neither sentence1 nor a negative');
    yield negatives.map(name => ({
      line,
      kind: 'triplet' as const,
      images: [path('anchor'), path('positive'), path(name)],
      relation: null,
      provenance: {},
    }));
  }
}
