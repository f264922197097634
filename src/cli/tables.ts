/** Text for a terminal: figures, and columns of them. */
import type { IntervalInfo } from '../engine/api';

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** `81.2 % (77.4 to 84.6)`: a share with its 95 % interval. */
export function spanned({ value, low, high }: IntervalInfo): string {
  return `${percent(value)} (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})`;
}

/** `0.812 (0.774 to 0.846)`: the same of an area. */
export function area({ value, low, high }: IntervalInfo): string {
  return `${value.toFixed(4)} (${low.toFixed(4)} to ${high.toFixed(4)})`;
}

/** Rows as lines of aligned columns, two blanks before the first; the last column is not padded. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows.map(row => `  ${row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')}`.trimEnd());
}
