import path from 'node:path';
import { detectFormat, FORMATS, MAPPED_CSV, openManifest, planImport, previewCsv } from '../../manifest';
import type { AnswerDraft as Planned } from '../../manifest';
import type { CsvPreviewInfo, FormatInfo, ImportParams, ImportResult } from '../../rpc/engine-protocol';
import { EngineError } from '../errors';
import type { JobOptions } from '../progress';
import type { Workspace } from '../workspace';

export function formats(): FormatInfo[] {
  return FORMATS.map(({ id, title, shapes }) => ({ id, title, shapes: [...shapes] }));
}

/** What a column picker needs of a plain CSV; null for a manifest that needs none picked. */
export async function previewImport(file: string): Promise<CsvPreviewInfo | null> {
  if ((await detectFormat(file)) !== MAPPED_CSV) return null;
  const { columns, rows, guess } = await previewCsv(file);
  return { columns, rows, guess };
}

/**
 * Reads a manifest's judgements into the ledger, as one act that one undo takes back. Conflicts are reported, and change
 * nothing unless asked to; importing the same file again adds nothing.
 */
export async function importAnswers(
  workspace: Workspace,
  params: ImportParams,
  options: JobOptions,
): Promise<ImportResult> {
  const { settings, columns, onConflict = 'keep', dryRun } = params;
  const file = path.resolve(workspace.folder, params.file);
  const inventory = await workspace.takeInventory(settings, options);
  const opened = await openManifest(file, { format: params.format, columns, signal: options.signal });
  const { knowledge, ledger } = workspace;
  const plan = await planImport({
    rows: opened.rows,
    images: inventory.images.flatMap(({ hash, paths, class: name }) =>
      paths.map(at => ({ hash, path: at, ...(name !== null && { class: name }) })),
    ),
    folder: workspace.folder,
    file,
    format: opened.format,
    standing: (a, b) => {
      const relation = knowledge.known(a, b);
      return relation && { relation, source: knowledge.isJudged(a, b) ? 'answer' : 'implied' };
    },
    onConflict,
  });
  if (!dryRun && plan.answers.length > 0) {
    const { saved } = await ledger.append(plan.answers.map(draftOf));
    if (!saved) throw new EngineError('not-saved', ledger.unsaved?.reason ?? 'The answers could not be saved.');
  }
  const { rows, already, passedOver, missingRows, missing } = plan;
  const conflicts = plan.conflicts.map(({ a, b, standing, imported, line }) => ({ a, b, standing, imported, line }));
  return {
    format: opened.format,
    rows,
    added: plan.answers.length,
    already,
    conflicts,
    passedOver,
    missingRows,
    missing,
  };
}

/** A planned answer as the ledger takes it: who and when only where the file said so. */
function draftOf({ by, at, why, ...answer }: Planned) {
  return { ...answer, why: { ...why }, ...(by !== undefined && { by }), ...(at !== undefined && { at }) };
}
