import path from 'node:path';
import * as vscode from 'vscode';
import type { ExportParams, ExportResult, PreviewRow } from '../../rpc/engine-protocol';
import type { PreviewState } from '../../rpc/preview-protocol';
import { bytes, count } from '../words';

const t = vscode.l10n.t;

/** What an export would come to, for the page that asks whether to write it. */
export function exportPreview(plan: ExportResult, params: ExportParams, folder: vscode.Uri): PreviewState {
  const data = plan.files.filter(file => file.rows > 0);
  const where = path.relative(folder.fsPath, params.out);
  const parts = [...new Set(plan.preview.map(({ part }) => part))];
  return {
    title: t('Export {0}?', rowsText(sumOf(data))),
    subtitle: where.startsWith('..') ? params.out : where || '.',
    facts: [
      ...data.map(file => ({ name: path.basename(file.path), value: `${rowsText(file.rows)} · ${bytes(file.bytes)}` })),
      ...Object.entries(plan.counts)
        .filter(([what]) => !/^rows(\.|$)/.test(what)) // said above, file by file
        .map(([what, n]) => ({ name: what, value: count(n) })),
    ],
    assurance: plan.leakLine,
    warnings: [
      ...plan.warnings,
      ...(plan.replaced.length === 0
        ? []
        : [
            t(
              'These files are there already and will be replaced: {0}',
              plan.replaced.map(file => path.basename(file)).join(', '),
            ),
          ]),
    ],
    sections: parts.map(part => ({
      title: part,
      note: t('the first of {0}', rowsText(plan.counts[`rows.${part}`] ?? plan.counts['rows'] ?? 0)),
      rows: plan.preview
        .filter(row => row.part === part)
        .map(row => ({
          images: row.images,
          verdict: row.images.length === 3 ? ('good' as const) : (row.relation ?? null),
          from: sourceTitle(row.source),
        })),
    })),
    actions: [
      { id: 'export', title: t('Export') },
      ...(plan.contradicted === 0
        ? []
        : params.contradicted === 'keep'
          ? [{ id: 'leave', title: t('Leave Contradictions Out') }]
          : [{ id: 'keep', title: t('Include Contradictions') }]),
      { id: 'back', title: t('Back') },
      { id: 'cancel', title: t('Cancel') },
    ],
  };
}

export function sumOf(files: ExportResult['files']): number {
  return files.reduce((total, file) => total + file.rows, 0);
}

export function rowsText(n: number): string {
  return n === 1 ? t('1 row') : t('{0} rows', count(n));
}

function sourceTitle(source: PreviewRow['source']): string {
  switch (source) {
    case 'answer':
      return t('answer');
    case 'implied':
      return t('implied');
    case 'class':
      return t('class');
    case 'mined':
      return t('mined, not judged');
  }
}
