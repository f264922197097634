import { existsSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { checkLeaks, describeLeaks, type LeakReport, leaks } from '../core/splits';
import { finishInSlices, type Steps } from '../core/steps';
import { measure, writeAll } from './atomic';
import { cardJson, cardMarkdown, cardOf } from './card';
import { relativePath } from './paths';
import { requireFiles, requireRows } from './checks';
import { csvRecord } from './csv';
import { leftBehind } from './earlier';
import { formatOf, type WriteRequest, type WriteResult } from './formats';
import { type ImageMode, Layout, type PathStyle } from './layout';
import type { TextFile, WrittenFile } from './output';
import {
  type BuiltRows,
  DEFAULT_LIMIT,
  LEFT_OUT_WORDS,
  type RowChoice,
  type RowData,
  rowSteps,
  type SplitChoice,
  type LeftOut,
} from './rows';
import { type ImageRef, imagesIn, ManifestError, type Part, type Row } from './types';
import { warningsOf } from './warnings';

export interface ExportRequest extends RowChoice, SplitChoice {
  data: RowData;
  /** a format's id; see `FORMATS` */
  format: string;
  /** absolute path of the opened folder: images' paths start here */
  folder: string;
  /** absolute path of the folder to write; or of a file with the format's own ending, whose name the files then carry */
  out: string;
  /** what happens to the images; the format's own custom where not given */
  images?: ImageMode | undefined;
  paths?: PathStyle | undefined;
  /** negatives in a row of n-tuples */
  negatives?: number | undefined;
  /** TFRecord: put the images' bytes into the records */
  embed?: boolean | undefined;
  /** count and measure everything, write nothing */
  dryRun?: boolean | undefined;
  signal?: AbortSignal | undefined;
  progress?: ((done: number, total: number) => void) | undefined;
}

export interface ExportResult {
  /** absolute paths; copied images are counted, not listed (their list is one of the files) */
  files: { path: string; rows: number; bytes: number; sha256: string }[];
  /** `rows`, `images`, `copied`; `rows.train`, `same.train`, `answer.train`...; `left-out.<why>` */
  counts: Record<string, number>;
  warnings: string[];
  /** absolute path of the card for people */
  card: string;
  /** that card's text */
  cardText: string;
  leaks: LeakReport;
  /** the leak check in a line */
  leakLine: string;
  /** some rows of each part */
  preview: { part: string; row: Row }[];
  /** files that are there already and are (or would be) replaced, absolute */
  replaced: string[];
}

const PREVIEW = 12;

/**
 * Makes rows, splits them, checks them for leaks and writes them with their card; all or nothing (see `writeAll`).
 * The same data, settings and seed give the same bytes.
 * @throws ManifestError when nothing can be made of what was ticked, a part would be empty, the format cannot carry the
 *   shape, or something cannot be written; nothing is then changed on disk
 * @throws the signal's reason when aborted
 */
export async function exportManifest(request: ExportRequest): Promise<ExportResult> {
  const format = formatOf(request.format);
  if (!format.shapes.includes(request.shape)) {
    throw new ManifestError(
      'unsupported-shape',
      `${format.title} cannot carry ${request.shape}. Export ${format.shapes.join(' or ')}, or choose another format.`,
    );
  }
  const { signal } = request;
  /** A million rows take each of these steps some tenths of a second: between them an abort is heard. */
  const slices = { signal, pause: () => yieldToEvents() };
  const breathe = async (): Promise<void> => {
    await yieldToEvents();
    signal?.throwIfAborted();
  };
  signal?.throwIfAborted();
  const { folder: out, stem } = target(request.out);
  const built = await finishInSlices(rowSteps(request.data, request), slices);
  requireRows(built, request);

  const layout = new Layout({
    folder: request.folder,
    out,
    images: request.images ?? format.images,
    paths: request.paths ?? format.paths,
  });
  const write: WriteRequest = {
    shape: request.shape,
    parts: built.parts,
    layout,
    seed: request.seed,
    stem: part => (stem === undefined ? part.name : built.parts.length === 1 ? stem : `${stem}-${part.name}`),
    negatives: request.negatives,
    embed: request.embed,
  };
  const mentioned = await finishInSlices(mentionedIn(built.parts), slices);
  if (!format.placesImages) layout.prepare(mentioned.flatMap(images => [...images]));
  await breathe();
  const result = format.write(write);
  requireFiles(result, format);
  await breathe();

  const { plan } = built;
  const report = checkLeaks(
    result.kept === built.parts ? mentioned : await finishInSlices(mentionedIn(result.kept), slices),
    built.ties,
  );
  const leakLine = describeLeaks(report, plan.by);
  if (plan.by !== 'none' && leaks(report, plan.by))
    throw new ManifestError('leak', `The export was stopped. ${leakLine}`);

  const base = `${stem === undefined ? '' : `${stem}.`}${format.id}.${request.shape}`;
  const images = layout.files();
  const texts = [...result.files];
  if (images.length > 0 && !format.placesImages) texts.push(imageList(`${base}.images.csv`, images));
  const { obsolete, kept } = await leftBehind(out, `${base}.card.json`, new Set(texts.map(file => file.name)));
  const leftOut = inWords(built, result);
  await breathe();
  const warnings = [...warningsOf(built, result.kept, request, format), ...kept];
  const fromFolder = relativePath(request.folder, out);
  if (images.length > 0 && fromFolder !== null && !fromFolder.startsWith('..'))
    warnings.push('The copies lie inside of the opened folder: exclude the export, or the next scan finds them too.');

  const cardNames = [`${base}.card.md`, `${base}.card.json`];
  const cards: TextFile[] = [];
  let cardText = '';
  const finish = (files: readonly WrittenFile[]): TextFile[] => {
    const card = cardOf({
      format,
      shape: request.shape,
      from: request.from,
      parts: result.kept,
      plan,
      seed: request.seed,
      limit: request.limit ?? DEFAULT_LIMIT,
      leaks: report,
      leakLine,
      leftOut,
      notes: result.notes,
      warnings,
      files,
      images: { mode: layout.choice.images, files: images.length },
      snippets: format.snippets(write, result),
    });
    cardText = cardMarkdown(card, format);
    return [
      { name: cardNames[0]!, rows: 0, content: [cardText] },
      { name: cardNames[1]!, rows: 0, content: [cardJson(card)] },
    ];
  };

  const replaced = [...texts, ...images]
    .map(file => file.name)
    .concat(cardNames)
    .concat(obsolete)
    .map(name => path.join(out, name))
    .filter(file => existsSync(file));
  let written: WrittenFile[];
  if (request.dryRun) {
    written = [];
    for (const file of texts)
      written.push({ name: file.name, rows: file.rows, ...(await measure(file.content, request.signal)) });
    cards.push(...finish(written));
    for (const file of cards) written.push({ name: file.name, rows: 0, ...(await measure(file.content)) });
  } else {
    written = await writeAll(out, texts, images, {
      signal: request.signal,
      progress: request.progress,
      obsolete,
      finish,
    });
  }
  const copied = new Set(images.map(image => image.name));
  const listed = written.filter(file => !copied.has(file.name));
  return {
    files: listed.map(({ name, rows, bytes, sha256 }) => ({ path: path.join(out, name), rows, bytes, sha256 })),
    counts: countsOf(result, leftOut, images.length),
    warnings,
    card: path.join(out, `${base}.card.md`),
    cardText,
    leaks: report,
    leakLine,
    preview: result.kept.flatMap(part => part.rows.slice(0, PREVIEW).map(row => ({ part: part.name, row }))),
    replaced,
  };
}

/** The distinct images of each part's rows. */
function* mentionedIn(parts: readonly Part[]): Steps<Set<ImageRef>[]> {
  const found: Set<ImageRef>[] = [];
  for (const { rows } of parts) {
    const images = new Set<ImageRef>();
    for (const image of imagesIn(rows)) {
      images.add(image);
      yield;
    }
    found.push(images);
  }
  return found;
}

/** The folder to write, and the name that files carry when a file was named. */
function target(out: string): { folder: string; stem?: string } {
  const ending = /\.(pairs|triplets)\.(jsonl|csv|parquet|tfrecord)$|\.(jsonl|csv|parquet|tfrecord|txt|json)$/iu.exec(
    path.basename(out),
  );
  if (!ending) return { folder: path.resolve(out) };
  const stem = path.basename(out).slice(0, ending.index);
  return stem === '' ? { folder: path.resolve(path.dirname(out)) } : { folder: path.resolve(path.dirname(out)), stem };
}

function imageList(name: string, images: ReturnType<Layout['files']>): TextFile {
  return {
    name,
    rows: 0,
    side: true,
    content: (function* () {
      yield csvRecord(['path', 'hash', 'class', 'original']);
      for (const { name, hash, image } of images) yield csvRecord([name, hash, image.class ?? null, image.path]);
    })(),
  };
}

function inWords(built: BuiltRows, result: WriteResult): Record<string, number> {
  const words = Object.entries(built.leftOut).map(([why, count]) => [LEFT_OUT_WORDS[why as LeftOut], count] as const);
  return Object.fromEntries([...words, ...Object.entries(result.leftOut)]);
}

function countsOf(result: WriteResult, leftOut: Record<string, number>, copied: number): Record<string, number> {
  const counts = new Map<string, number>();
  const add = (key: string, n = 1): void => void counts.set(key, (counts.get(key) ?? 0) + n);
  const images = new Set<string>();
  for (const part of result.kept) {
    add('rows', part.rows.length);
    add(`rows.${part.name}`, part.rows.length);
    for (const image of imagesIn(part.rows)) images.add(image.hash);
    for (const row of part.rows) {
      add(row.source);
      if (row.kind === 'pair') add(row.relation ?? 'not-judged');
    }
  }
  add('images', images.size);
  if (copied > 0) add('copied', copied);
  for (const [why, count] of Object.entries(leftOut)) add(`left out: ${why}`, count);
  return Object.fromEntries(counts);
}
