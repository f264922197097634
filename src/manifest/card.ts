import type { ImageHash } from '../core/types';
import type { LeakReport, SplitPlan } from '../core/splits';
import type { ManifestFormat, Snippet } from './formats/format';
import { describeConvention } from './labels';
import type { WrittenFile } from './output';
import { byText } from './paths';
import { type ImageRef, imagesIn, type Part, type Row, ROW_SOURCES, type Shape } from './types';

/** What was exported, from what, and how to load it: for people as Markdown, for programs as JSON. No clock in it. */

export interface CardInput {
  format: ManifestFormat;
  shape: Shape;
  from: readonly string[];
  parts: readonly Part[];
  plan: SplitPlan;
  seed: number;
  limit: number;
  leaks: LeakReport;
  leakLine: string;
  /** by reason, in words */
  leftOut: Readonly<Record<string, number>>;
  notes: readonly string[];
  warnings: readonly string[];
  files: readonly WrittenFile[];
  images: { mode: string; files: number };
  snippets: readonly Snippet[];
}

interface PartCounts {
  name: string;
  rows: number;
  images: number;
  byRelation: Record<string, number>;
  bySource: Record<string, number>;
  /** distinct images of each class that rows of this part mention */
  byClass: Record<string, number>;
}

interface Range {
  count: number;
  min: number;
  max: number;
}

interface Card {
  v: 1;
  format: string;
  shape: Shape;
  label: { convention: string; column: string | null; meaning: string };
  from: readonly string[];
  settings: { seed: number; limit: number; split: { by: string; parts: Record<string, number> }; images: string };
  counts: { rows: number; images: number; parts: PartCounts[] };
  leftOut: Record<string, number>;
  provenance: {
    models: Record<string, number>;
    metrics: Record<string, number>;
    lanes: Record<string, number>;
    margins: Record<string, number>;
    judges: Record<string, number>;
    distance: Range | null;
  };
  leaks: LeakReport & { line: string };
  notes: readonly string[];
  warnings: readonly string[];
  files: readonly WrittenFile[];
  python: { reader: string; needs: string[]; code: string[] }[];
}

/** The card as data; its keys come in one order, so that its JSON is the same every time. */
export function cardOf(input: CardInput): Card {
  const { format, shape, parts, plan } = input;
  const rows = parts.flatMap(part => part.rows);
  const distinct = new Set<ImageHash>();
  for (const image of imagesIn(rows)) distinct.add(image.hash);
  return {
    v: 1,
    format: format.id,
    shape,
    label: labelIn(format, shape),
    from: input.from,
    settings: {
      seed: input.seed,
      limit: input.limit,
      split: { by: plan.by, parts: Object.fromEntries(plan.names.map((name, i) => [name, plan.shares[i]!])) },
      images: input.images.mode,
    },
    counts: {
      rows: rows.length,
      images: distinct.size,
      parts: parts.map(countPart),
    },
    leftOut: sortedRecord(Object.entries(input.leftOut)),
    provenance: {
      models: tally(rows, row => row.provenance.model),
      metrics: tally(rows, row => row.provenance.metric),
      lanes: tally(rows, row => row.provenance.lane),
      margins: tally(rows, row => row.provenance.margin?.toString()),
      judges: tally(rows, row => row.provenance.by),
      distance: rangeOf(rows),
    },
    leaks: { ...input.leaks, line: input.leakLine },
    notes: input.notes,
    warnings: input.warnings,
    files: input.files,
    python: input.snippets.map(({ reader, needs, code }) => ({ reader, needs, code })),
  };
}

/** A triplet's columns say what is what: it needs no label, whatever the format does for pairs. */
function labelIn(format: ManifestFormat, shape: Shape): Card['label'] {
  const convention = shape === 'triplets' ? 'by-place' : format.convention;
  const column = shape === 'triplets' ? null : format.labelColumn;
  return { convention, column, meaning: describeConvention(convention) };
}

export function cardJson(card: Card): string {
  return `${JSON.stringify(card, null, 2)}\n`;
}

const CLASSES_SHOWN = 40;

/** The card as a page. */
export function cardMarkdown(card: Card, format: ManifestFormat): string {
  const { counts, provenance } = card;
  const names = counts.parts.map(part => part.name);
  const out: string[] = [`# ${card.shape === 'pairs' ? 'Pairs' : 'Triplets'} as ${format.title}`, ''];
  out.push(
    `${counts.rows} ${card.shape} of ${counts.images} images, from ${card.from.join(', ')}. Seed ${card.settings.seed}.`,
    '',
    `Label: ${card.label.meaning}${card.label.column === null ? '' : ` (column \`${card.label.column}\`)`}.`,
    '',
  );

  out.push(
    '## Parts',
    '',
    table(
      ['part', 'share', 'rows', 'images'],
      counts.parts.map((part, i) => [
        part.name,
        String(round(Object.values(card.settings.split.parts)[i]!)),
        part.rows,
        part.images,
      ]),
    ),
  );
  if (card.settings.split.by !== 'none') out.push(`Split by ${card.settings.split.by}.`, '');
  out.push(card.leaks.line, '');

  if (card.shape === 'pairs') {
    const relations = ['same', 'different', 'incomparable', 'not judged'].filter(word =>
      counts.parts.some(part => part.byRelation[word]),
    );
    out.push(
      '## Relations',
      '',
      table(
        ['relation', ...names],
        relations.map(word => [word, ...counts.parts.map(part => part.byRelation[word] ?? 0)]),
      ),
    );
  }
  const sources = ROW_SOURCES.filter(source => counts.parts.some(part => part.bySource[source]));
  out.push(
    '## Sources',
    '',
    table(
      ['source', ...names],
      sources.map(source => [SOURCE_WORDS[source], ...counts.parts.map(part => part.bySource[source] ?? 0)]),
    ),
  );

  const classes = [...new Set(counts.parts.flatMap(part => Object.keys(part.byClass)))].sort(byText);
  if (classes.length > 0) {
    out.push(
      '## Images by class',
      '',
      table(
        ['class', ...names],
        classes.slice(0, CLASSES_SHOWN).map(name => [name, ...counts.parts.map(part => ownCount(part.byClass, name))]),
      ),
    );
    if (classes.length > CLASSES_SHOWN)
      out.push(`And ${classes.length - CLASSES_SHOWN} more classes, in the JSON card.`, '');
  }

  const facts = [
    ['models', list(provenance.models)],
    ['metrics', list(provenance.metrics)],
    ['lanes', list(provenance.lanes)],
    ['margins', list(provenance.margins)],
    ['judged by', list(provenance.judges)],
    [
      'distances',
      provenance.distance
        ? `${provenance.distance.count}, from ${round(provenance.distance.min)} to ${round(provenance.distance.max)}`
        : '',
    ],
  ].filter(([, value]) => value !== '') as string[][];
  if (facts.length > 0) out.push('## Provenance', '', table(['what', 'values'], facts));

  const leftOut = Object.entries(card.leftOut);
  if (leftOut.length > 0) out.push('## Left out', '', table(['why', 'count'], leftOut));
  for (const [title, lines] of [
    ['Notes', card.notes],
    ['Warnings', card.warnings],
  ] as const)
    if (lines.length > 0) out.push(`## ${title}`, '', ...lines.map(line => `- ${escape(line)}`), '');

  out.push(
    '## Files',
    '',
    table(
      ['file', 'rows', 'bytes', 'SHA-256'],
      card.files.map(file => [file.name, file.rows, file.bytes, file.sha256]),
    ),
  );
  out.push('## Load it', '', 'Run in this folder.', '');
  for (const { reader, needs, code } of card.python)
    out.push(`### ${reader}`, '', `\`pip install ${needs.join(' ')}\``, '', '```python', ...code, '```', '');
  return `${out.join('\n').trimEnd()}\n`;
}

const SOURCE_WORDS = {
  answer: 'answer (judged by a person)',
  implied: 'implied (follows from answers)',
  class: 'class (by the folders)',
  mined: 'mined (unjudged; relation by the folders)',
} as const;

function countPart(part: Part): PartCounts {
  const images = new Map<ImageHash, ImageRef>();
  for (const image of imagesIn(part.rows)) images.set(image.hash, image);
  return {
    name: part.name,
    rows: part.rows.length,
    images: images.size,
    byRelation: tally(part.rows, row => (row.kind === 'pair' ? (row.relation ?? 'not judged') : undefined)),
    bySource: tally(part.rows, row => row.source),
    byClass: tally(images.values(), image => image.class),
  };
}

/** How often each value occurs, keys in order. A Map inside: a class may be called `__proto__`. */
function tally<T>(items: Iterable<T>, value: (item: T) => string | undefined): Record<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) {
    const key = value(item);
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return sortedRecord(counts);
}

function sortedRecord(entries: Iterable<[string, number]>): Record<string, number> {
  return Object.fromEntries([...entries].sort(([x], [y]) => byText(x, y)));
}

function ownCount(record: Record<string, number>, key: string): number {
  return Object.hasOwn(record, key) ? record[key]! : 0;
}

function rangeOf(rows: readonly Row[]): Range | null {
  const range = { count: 0, min: Infinity, max: -Infinity };
  const note = (value: number | undefined): void => {
    if (value === undefined) return;
    range.count++;
    if (value < range.min) range.min = value;
    if (value > range.max) range.max = value;
  };
  for (const { provenance } of rows) {
    note(provenance.distance);
    note(provenance.positiveDistance);
    note(provenance.negativeDistance);
  }
  return range.count > 0 ? range : null;
}

const round = (value: number): number => Number(value.toPrecision(6));

const list = (record: Record<string, number>): string =>
  Object.entries(record)
    .map(([name, count]) => `${name} (${count})`)
    .join(', ');

function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string =>
    `| ${cells.map(cell => escape(String(cell))).join(' | ')} |`;
  return [line(header), line(header.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line), ''].join('\n');
}

/** A name as Markdown text: nothing in it may become markup, a cell's end, or a line's end. */
function escape(text: string): string {
  return text
    .replace(/[\\`*_[\]<>|&]/gu, char =>
      char === '<' ? '&lt;' : char === '>' ? '&gt;' : char === '&' ? '&amp;' : `\\${char}`,
    )
    .replace(/[\r\n\t]+/gu, ' ');
}
