import * as vscode from 'vscode';
import type { ImportResult } from '../../rpc/engine-protocol';
import type { PreviewState } from '../../rpc/preview-protocol';
import { count } from '../words';

const t = vscode.l10n.t;

/** Conflicts shown as pictures, and missing images named. */
const SHOWN = 60;
const NAMED = 10;

/** What an import would come to, for the page that asks whether to write it. */
export function importPreview(plan: ImportResult, file: string): PreviewState {
  const { added, already, conflicts, missingRows, missing, passedOver, rows } = plan;
  const facts: [string, number][] = [
    [t('rows in the file'), rows],
    [t('new answers'), added],
    [t('known already'), already],
    [t('conflicts'), conflicts.length],
    [t('no judgements: passed over'), passedOver],
    [t('rows with a missing image'), missingRows],
  ];
  return {
    title: t('Import {0}?', answersText(added)),
    subtitle: `${file} · ${plan.format === 'csv-columns' ? t('table with picked columns') : plan.format}`,
    facts: facts.filter(([, n], i) => n > 0 || i < 3).map(([name, n]) => ({ name, value: count(n) })),
    warnings:
      missingRows === 0
        ? []
        : [
            missingRows === 1
              ? t('1 row names images that are not in this folder, and is left out: {0}', named(missing))
              : t(
                  '{0} rows name images that are not in this folder, and are left out: {1}',
                  count(missingRows),
                  named(missing),
                ),
          ],
    sections:
      conflicts.length === 0
        ? []
        : [
            {
              title: t('Conflicts'),
              note: t('what stands → what the file says'),
              rows: conflicts.slice(0, SHOWN).map(({ a, b, standing, imported, line }) => ({
                images: [a, b],
                verdict: standing,
                instead: imported,
                from: t('line {0}', line),
              })),
            },
          ],
    actions: [
      ...(conflicts.length === 0
        ? [{ id: 'keep', title: t('Import') }]
        : [
            { id: 'keep', title: t('Import and Keep What Stands') },
            { id: 'replace', title: t('Import and Replace') },
          ]),
      { id: 'cancel', title: t('Cancel') },
    ],
  };
}

function named(missing: ImportResult['missing']): string {
  return [...new Set(missing.map(({ path }) => path))].slice(0, NAMED).join(', ');
}

export function answersText(n: number): string {
  return n === 1 ? t('1 answer') : t('{0} answers', count(n));
}
