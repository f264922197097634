import { METRICS, LANES, type ImageHash, type Lane, type Metric } from '../core/types';
import { relationWord } from './labels';
import {
  type ImageRef,
  imagesOf,
  type Part,
  type Provenance,
  type Row,
  ROW_SOURCES,
  type RowSource,
  type Shape,
} from './types';

/** Margin's own words as columns: the schema of its JSONL, CSV and Parquet, and of every provenance side file. */

export type ColumnType = 'string' | 'double' | 'int';
export type ColumnValue = string | number | null;

export interface Column {
  name: string;
  type: ColumnType;
  /** left out of a file when no row has a value */
  optional: boolean;
  get(row: Row, pathOf: (image: ImageRef) => string): ColumnValue;
}

/** The images' columns, in order: their names are the words of the row model. */
export const IMAGE_COLUMNS = { pairs: ['a', 'b'], triplets: ['anchor', 'positive', 'negative'] } as const;

const PROVENANCE: readonly { name: string; key: keyof Provenance; type: ColumnType; only?: Shape }[] = [
  { name: 'lane', key: 'lane', type: 'string' },
  { name: 'model', key: 'model', type: 'string' },
  { name: 'metric', key: 'metric', type: 'string' },
  { name: 'distance', key: 'distance', type: 'double', only: 'pairs' },
  { name: 'positive_distance', key: 'positiveDistance', type: 'double', only: 'triplets' },
  { name: 'negative_distance', key: 'negativeDistance', type: 'double', only: 'triplets' },
  { name: 'margin', key: 'margin', type: 'double' },
  { name: 'rank', key: 'rank', type: 'int' },
  { name: 'by', key: 'by', type: 'string' },
  { name: 'at', key: 'at', type: 'string' },
];

/** Every column a manifest of this shape may have. */
export function columnsOf(shape: Shape): Column[] {
  const images = IMAGE_COLUMNS[shape];
  const column = (name: string, type: ColumnType, get: Column['get'], optional = false): Column => ({
    name,
    type,
    optional,
    get,
  });
  return [
    ...images.map((name, i) => column(name, 'string', (row, pathOf) => pathOf(imagesOf(row)[i]!))),
    ...(shape === 'pairs' ? [column('relation', 'string', row => (row.kind === 'pair' ? row.relation : null))] : []),
    column('source', 'string', row => row.source),
    column('weight', 'double', row => row.weight),
    ...images.map((name, i) => column(`${name}_hash`, 'string', row => imagesOf(row)[i]!.hash)),
    ...images.map((name, i) => column(`${name}_class`, 'string', row => imagesOf(row)[i]!.class ?? null)),
    ...PROVENANCE.filter(({ only }) => only === undefined || only === shape).map(({ name, key, type }) =>
      column(name, type, row => row.provenance[key] ?? null, true),
    ),
  ];
}

/** The columns that these rows need: optional ones only where some row, in any part, has a value. */
export function columnsFor(shape: Shape, parts: readonly Part[]): Column[] {
  const path = (): string => '';
  return columnsOf(shape).filter(
    column => !column.optional || parts.some(part => part.rows.some(row => column.get(row, path) !== null)),
  );
}

/** An image as a file mentions it: by path, by hash, or both. */
export interface Mention {
  path?: string | undefined;
  hash?: ImageHash | undefined;
}

/** A row as it was read: nothing in it is checked against any folder yet. */
export interface ReadRow {
  /** 1-based: the line it begins on, or its number in a file without lines */
  line: number;
  images: Mention[];
  kind: 'pair' | 'triplet';
  /** of a pair; null where the file does not say, or says something that no convention knows */
  relation: ReturnType<typeof relationWord>;
  source?: RowSource | undefined;
  provenance: Provenance;
}

/** Reads one record in Margin's own words; null where it names no images. Unknown fields are passed over. */
export function readRecord(record: Readonly<Record<string, unknown>>, shape: Shape, line: number): ReadRow | null {
  const images = IMAGE_COLUMNS[shape].map(name => ({
    path: text(record[name]),
    hash: asHash(record[`${name}_hash`]),
  }));
  if (images.some(image => image.path === undefined && image.hash === undefined)) return null;
  const provenance: Provenance = {
    lane: LANES.find(lane => lane === record.lane) satisfies Lane | undefined,
    model: text(record.model),
    metric: METRICS.find(metric => metric === record.metric) satisfies Metric | undefined,
    distance: number(record.distance),
    positiveDistance: number(record.positive_distance),
    negativeDistance: number(record.negative_distance),
    margin: number(record.margin),
    rank: number(record.rank),
    by: text(record.by),
    at: text(record.at),
  };
  return {
    line,
    images,
    kind: shape === 'pairs' ? 'pair' : 'triplet',
    relation: relationWord(record.relation),
    source: ROW_SOURCES.find(source => source === record.source),
    provenance,
  };
}

/** Which shape a header or a first record has; null for neither. */
export function shapeOf(names: Iterable<string>): Shape | null {
  const set = new Set(names);
  if (IMAGE_COLUMNS.triplets.every(name => set.has(name))) return 'triplets';
  if (IMAGE_COLUMNS.pairs.every(name => set.has(name)) && set.has('relation')) return 'pairs';
  return null;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function number(value: unknown): number | undefined {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string' && value !== '') value = Number(value);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** A hash, if it is written as one. */
export function asHash(value: unknown): ImageHash | undefined {
  return typeof value === 'string' && /^sha256:[0-9a-f]{64}$/u.test(value) ? (value as ImageHash) : undefined;
}
