import { pairKey } from '../../core/pairs';
import type { ImageHash, PairKey, Relation } from '../../core/types';
import type { ReadRow } from '../schema';
import type { ImageRef, Provenance, RowSource } from '../types';
import { Locator } from './locate';

/** What an import would do, worked out before anything is written. */

export interface ImportRequest {
  rows: AsyncIterable<ReadRow> | Iterable<ReadRow>;
  /** every path of the opened folder; several may share a hash */
  images: readonly ImageRef[];
  /** absolute path of the opened folder */
  folder: string;
  /** absolute path of the file that the rows come from */
  file: string;
  format: string;
  /** what the ledger says of a pair now */
  standing: (a: ImageHash, b: ImageHash) => { relation: Relation; source: 'answer' | 'implied' } | undefined;
  /** `keep`: a conflict changes nothing. `replace`: the file's answer is added after the standing one. */
  onConflict?: 'keep' | 'replace';
  /**
   * which rows are judgements; only answers where not given. Rows whose file does not say where they come from always
   * are: they are somebody's labels.
   */
  sources?: readonly RowSource[];
}

/** An answer to add to the ledger; the writer gives it an id, and `by` and `at` where the file had none. */
export interface AnswerDraft {
  kind: 'answer';
  /** the smaller hash */
  a: ImageHash;
  b: ImageHash;
  relation: Relation;
  paths: [string, string];
  by?: string | undefined;
  at?: string | undefined;
  why: Provenance & { import: { file: string; format: string; line: number } };
}

export interface Conflict {
  a: ImageRef;
  b: ImageRef;
  /** what stands: in the ledger, or in an earlier line of the same file */
  standing: Relation;
  where: 'answer' | 'implied' | 'file';
  imported: Relation;
  line: number;
}

export interface ImportPlan {
  rows: number;
  /** in the file's order */
  answers: AnswerDraft[];
  /** pairs that the ledger answers alike already, or that the file repeats */
  already: number;
  conflicts: Conflict[];
  /** rows that are no judgements: implied, by class, mined, or without a label */
  passedOver: number;
  /** rows that name an image which is not in the folder */
  missingRows: number;
  /** the first of those images */
  missing: { line: number; path: string }[];
  /** rows that pair an image with its own copy */
  samePicture: number;
}

const MISSING_SHOWN = 100;

/**
 * Works out which answers a file adds. Pure but for reading the rows; importing the outcome and planning again gives
 * nothing to add.
 */
export async function planImport(request: ImportRequest): Promise<ImportPlan> {
  const locator = new Locator(request.images, request.folder, folderOf(request.file));
  const judged = new Set<RowSource | undefined>([...(request.sources ?? ['answer']), undefined]);
  const name = request.file.slice(request.file.search(/[^/\\]*$/u));
  const plan: ImportPlan = {
    rows: 0,
    answers: [],
    already: 0,
    conflicts: [],
    passedOver: 0,
    missingRows: 0,
    missing: [],
    samePicture: 0,
  };
  const inFile = new Map<PairKey, Relation>();

  const take = (x: ImageRef, y: ImageRef, relation: Relation, row: ReadRow, provenance: Provenance): void => {
    if (x.hash === y.hash) {
      plan.samePicture++;
      return;
    }
    const [a, b] = x.hash < y.hash ? [x, y] : [y, x];
    const key = pairKey(a.hash, b.hash);
    const earlier = inFile.get(key);
    if (earlier !== undefined) {
      if (earlier === relation) plan.already++;
      else plan.conflicts.push({ a, b, standing: earlier, where: 'file', imported: relation, line: row.line });
      return;
    }
    inFile.set(key, relation);
    const standing = request.standing(a.hash, b.hash);
    if (standing?.relation === relation && standing.source === 'answer') {
      plan.already++;
      return;
    }
    if (standing && standing.relation !== relation) {
      const where = standing.source;
      plan.conflicts.push({ a, b, standing: standing.relation, where, imported: relation, line: row.line });
      if (request.onConflict !== 'replace') return;
    }
    const { by, at, ...why } = provenance;
    plan.answers.push({
      kind: 'answer',
      a: a.hash,
      b: b.hash,
      relation,
      paths: [a.path, b.path],
      by,
      at,
      why: { ...why, import: { file: name, format: request.format, line: row.line } },
    });
  };

  for await (const row of request.rows) {
    plan.rows++;
    if (!judged.has(row.source) || (row.kind === 'pair' && row.relation === null)) {
      plan.passedOver++;
      continue;
    }
    const found = row.images.map(mention => locator.find(mention));
    const absent = found.findIndex(image => image === undefined);
    if (absent >= 0) {
      plan.missingRows++;
      const path = row.images[absent]!.path ?? row.images[absent]!.hash ?? '';
      if (plan.missing.length < MISSING_SHOWN) plan.missing.push({ line: row.line, path });
      continue;
    }
    const [one, two, three] = found as [ImageRef, ImageRef, ImageRef];
    if (row.kind === 'pair') take(one, two, row.relation!, row, row.provenance);
    else {
      const { positiveDistance, negativeDistance, ...shared } = row.provenance;
      take(one, two, 'same', row, { ...shared, distance: positiveDistance });
      take(one, three, 'different', row, { ...shared, distance: negativeDistance });
    }
  }
  return plan;
}

function folderOf(file: string): string {
  return file.replace(/[/\\][^/\\]*$/u, '') || '/';
}
