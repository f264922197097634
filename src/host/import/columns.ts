import type { CsvPreviewInfo, ImportColumns } from '../../rpc/engine-protocol';

/** A column as a person recognises it: its name, and what stands in it. */
export interface ColumnSample {
  name: string;
  /** the first few different values */
  values: string[];
}

const SHOWN = 3;

export function columnSamples({ columns, rows }: CsvPreviewInfo): ColumnSample[] {
  return columns.map((name, at) => ({
    name,
    values: [...new Set(rows.flatMap(row => row[at] ?? []).filter(value => value !== ''))].slice(0, SHOWN),
  }));
}

/** Whether a label column speaks in words, so that nobody has to say what its numbers mean. */
export function speaksInWords({ columns, rows }: CsvPreviewInfo, label: string): boolean {
  const at = columns.indexOf(label);
  const values = rows.flatMap(row => row[at] ?? []).filter(value => value !== '');
  return values.length > 0 && values.every(value => /^(same|different|incomparable)$/i.test(value.trim()));
}

/** The columns, once nothing is left to ask. */
export function completed(draft: Partial<Record<string, string>>): ImportColumns | undefined {
  const { kind, a, b, label, convention, anchor, positive, negative } = draft;
  if (kind === 'triplets' && anchor !== undefined && positive !== undefined && negative !== undefined) {
    return { kind, anchor, positive, negative };
  }
  const known = convention === 'one-is-same' || convention === 'one-is-different';
  if (kind === 'pairs' && a !== undefined && b !== undefined && label !== undefined && known) {
    return { kind, a, b, label, convention };
  }
  return undefined;
}
