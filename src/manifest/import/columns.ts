import type { Relation } from '../../core/types';
import { CsvError, readCsv } from '../csv';
import { malformed, textOf } from '../formats/read';
import { type NumberConvention, relationOf, relationWord } from '../labels';
import type { ReadRow } from '../schema';

/** Any CSV, once somebody says which column is what. */

export type ColumnMap =
  | {
      kind: 'pairs';
      a: string;
      b: string;
      label: string;
      /** what the label's numbers mean; words are understood either way */
      convention: NumberConvention;
    }
  | { kind: 'triplets'; anchor: string; positive: string; negative: string };

/** What a column picker needs: the header and a few rows, and a guess where the names give one away. */
export interface CsvPreview {
  separator: string;
  columns: string[];
  rows: (string | null)[][];
  guess: Partial<ColumnMap> | null;
}

const PREVIEW_ROWS = 10;

/** @throws ManifestError `malformed` when the file is empty or no CSV */
export async function previewCsv(file: string, signal?: AbortSignal): Promise<CsvPreview> {
  const separator = await separatorOf(file, signal);
  const rows: (string | null)[][] = [];
  try {
    for await (const { values } of readCsv(textOf(file, signal), separator)) {
      rows.push(values);
      if (rows.length > PREVIEW_ROWS) break;
    }
  } catch (error) {
    throw error instanceof CsvError ? malformed(file, error.line, error.message, error) : error;
  }
  const header = rows.shift();
  if (!header) throw malformed(file, 1, 'the file is empty');
  const columns = header.map(value => value ?? '');
  return { separator, columns, rows, guess: guessColumns(columns) };
}

/** Rows of a CSV by the columns that were picked; a label that is neither word nor 0/1 gives a row without relation. */
export async function* readMapped(file: string, map: ColumnMap, signal?: AbortSignal): AsyncGenerator<ReadRow> {
  const separator = await separatorOf(file, signal);
  let header: string[] | undefined;
  try {
    for await (const { line, values } of readCsv(textOf(file, signal), separator)) {
      if (!header) {
        header = values.map(value => value ?? '');
        for (const name of namesOf(map))
          if (!header.includes(name)) throw malformed(file, line, `there is no column "${name}"`);
        continue;
      }
      const at = header;
      const value = (name: string): string | undefined => values[at.indexOf(name)] ?? undefined;
      const image = (name: string): { path: string } => {
        const path = value(name);
        if (!path) throw malformed(file, line, `"${name}" is empty, where a path should be`);
        return { path };
      };
      if (map.kind === 'triplets') {
        const images = [image(map.anchor), image(map.positive), image(map.negative)];
        yield { line, kind: 'triplet', images, relation: null, provenance: {} };
      } else {
        const relation = meaning(value(map.label) ?? '', map.convention);
        yield { line, kind: 'pair', images: [image(map.a), image(map.b)], relation, provenance: {} };
      }
    }
  } catch (error) {
    throw error instanceof CsvError ? malformed(file, error.line, error.message, error) : error;
  }
}

/** A label as a person or a program may have written it. */
function meaning(text: string, convention: NumberConvention): Relation | null {
  const plain = text.trim().toLowerCase();
  const word = relationWord(plain);
  if (word) return word;
  if (/^(true|yes)$/u.test(plain)) return relationOf(1, convention);
  if (/^(false|no)$/u.test(plain)) return relationOf(0, convention);
  return plain === '' ? null : relationOf(Number(plain), convention);
}

const PAIR_NAMES: readonly (readonly [string, string])[] = [
  ['a', 'b'],
  ['image1', 'image2'],
  ['image_1', 'image_2'],
  ['img1', 'img2'],
  ['path1', 'path2'],
  ['path_1', 'path_2'],
  ['file1', 'file2'],
  ['sentence1', 'sentence2'],
  ['left', 'right'],
  ['a_file_name', 'b_file_name'],
];

/** Column names that say which number is which; `label` alone does not, so the person must. */
const LABELS: readonly (readonly [string, NumberConvention | null])[] = [
  ['relation', 'one-is-same'],
  ['same', 'one-is-same'],
  ['is_same', 'one-is-same'],
  ['is_positive', 'one-is-same'],
  ['match', 'one-is-same'],
  ['is_match', 'one-is-same'],
  ['is_duplicate', 'one-is-same'],
  ['different', 'one-is-different'],
  ['is_different', 'one-is-different'],
  ['is_negative', 'one-is-different'],
  ['label', null],
  ['labels', null],
  ['y', null],
  ['target', null],
];

/** What the columns' names give away; without a `convention` it must be asked for. */
export function guessColumns(columns: readonly string[]): Partial<ColumnMap> | null {
  const find = (name: string): string | undefined => columns.find(column => column.trim().toLowerCase() === name);
  for (const ending of ['', '_file_name', '_path', '_image']) {
    const [anchor, positive, negative] = ['anchor', 'positive', 'negative'].map(name => find(name + ending));
    if (anchor && positive && negative) return { kind: 'triplets', anchor, positive, negative };
  }
  const pair = PAIR_NAMES.map(names => names.map(find)).find(([a, b]) => a !== undefined && b !== undefined);
  if (!pair) return null;
  const label = LABELS.map(([name, convention]) => [find(name), convention] as const).find(
    ([name]) => name !== undefined,
  );
  return {
    kind: 'pairs',
    a: pair[0]!,
    b: pair[1]!,
    ...(label ? { label: label[0]! } : {}),
    ...(label?.[1] ? { convention: label[1] } : {}),
  };
}

/** Whether a guess leaves nothing to ask. */
export function isComplete(map: Partial<ColumnMap> | null): map is ColumnMap {
  if (!map) return false;
  return map.kind === 'triplets' || (map.kind === 'pairs' && map.label !== undefined && map.convention !== undefined);
}

function namesOf(map: ColumnMap): string[] {
  return map.kind === 'pairs' ? [map.a, map.b, map.label] : [map.anchor, map.positive, map.negative];
}

/** Comma, semicolon or tab: whichever the first line has most of outside of quotes. */
async function separatorOf(file: string, signal?: AbortSignal): Promise<string> {
  let head = '';
  for await (const chunk of textOf(file, signal)) {
    head += chunk;
    if (head.includes('\n')) break;
  }
  const line = head.split('\n', 1)[0]!.replace(/"[^"]*"/gu, '');
  const count = (separator: string): number => line.split(separator).length;
  return [',', ';', '\t'].reduce((best, one) => (count(one) > count(best) ? one : best));
}
