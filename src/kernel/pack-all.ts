import { TINY } from './pack';
import { ROWS_OF_TASK } from './phases';
import type { Plan } from './plan';
import { roundingOf } from './rounding';
import type { Space } from './space';
import type { Team } from './team';

/** Packs all rows of a run, and completes what they add to bounds. */
export async function packAll(team: Team, { memory, plan, places }: Space): Promise<void> {
  await team.run({ kind: 'pack', tasks: Math.ceil((Math.ceil(plan.n / 8) * 8) / ROWS_OF_TASK), plan });
  const widths = new Float32Array(memory.buffer, plan.widths, plan.n);
  if (places.shorts > 0)
    widenShorts(plan, places.shorts, new Float32Array(memory.buffer, plan.lowerTerms, plan.n), widths);
  plan.largestWidth = widths.reduce((a, b) => Math.max(a, b), 0);
}

/**
 * Rows rounded to 16-bit integers, q = y + e with y the scaled row times F, have exact products; what is off is the rounding:
 * y·y' = q·q' - q·e' - e·q' + e·e', and so by at most ε(|y| + |y'|) + 3ε², with ε the longest e of all rows.
 * @param terms in: |y|² / F²; out: what a row adds to the lower bound
 * @param widths in: |e|²; out: what a row adds to get from the lower bound to the upper one
 */
function widenShorts({ n }: Plan, factor: number, terms: Float32Array, widths: Float32Array): void {
  const error = roundingOf(24) * 1.02;
  const longest = Math.sqrt(widths.reduce((a, b) => Math.max(a, b), 0)) * (1 + 1e-6);
  for (let i = 0; i < n; i++) {
    const size = terms[i]!;
    const length = Math.sqrt(size) * factor * (1 + 1e-6);
    const off = (2 * (longest * length + 1.5 * longest ** 2) * (1 + 2e-6)) / factor ** 2;
    terms[i] = (1 - error) * size - off - TINY;
    widths[i] = 2.002 * error * size + 2.0001 * off + 4 * TINY;
  }
}
