import type { ManifestFormat } from './formats/format';
import type { BuiltRows, RowChoice } from './rows';
import { imagesOf, type Part } from './types';

/** What is sound enough to write and still worth a second look. */
export function warningsOf(
  built: BuiltRows,
  parts: readonly Part[],
  choice: RowChoice,
  format: ManifestFormat,
): string[] {
  const warnings: string[] = [];
  const { plan } = built;
  if (choice.shape === 'pairs') {
    for (const part of parts) {
      const relations = new Set(part.rows.map(row => (row.kind === 'pair' ? row.relation : null)));
      for (const [has, lacks] of [
        ['same', 'different'],
        ['different', 'same'],
      ] as const)
        if (relations.has(has) && !relations.has(lacks))
          warnings.push(
            `The part "${part.name}" has no ${lacks} pairs: nothing can be learned from it alone, nor measured on it.`,
          );
    }
  }
  if (plan.by === 'component') {
    const where = new Map<string, Set<string>>();
    for (const part of parts)
      for (const row of part.rows)
        for (const image of imagesOf(row))
          if (image.class !== undefined) where.set(image.class, (where.get(image.class) ?? new Set()).add(part.name));
    const alone = [...where].filter(([, names]) => names.size === 1).sort(([x], [y]) => (x < y ? -1 : 1));
    if (alone.length > 0)
      warnings.push(
        `${alone.length === 1 ? 'One class lies' : `${alone.length} classes lie`} in one part only: ` +
          `${sample(alone.map(([name, names]) => `"${name}" in ${[...names][0]!}`))}.`,
      );
  }
  if (plan.joinedClasses.length > 0)
    warnings.push(
      `Answers or near duplicates tie classes together, and they move as one: ` +
        `${sample(plan.joinedClasses.map(names => names.map(name => `"${name}"`).join(' + ')))}. A wrong "same" can do this.`,
    );
  const crossing = built.leftOut['crosses-parts'] ?? 0;
  const rows = parts.reduce((n, part) => n + part.rows.length, 0);
  if (crossing > rows)
    warnings.push(
      `More rows cross the split (${crossing}) than lie within it (${rows}); fewer or larger parts keep more.`,
    );
  const unjudged = parts.reduce((n, part) => n + part.rows.filter(row => row.source === 'mined').length, 0);
  if (unjudged > 0 && format.provenance === 'side-file')
    warnings.push(`${unjudged} rows are mined and unjudged; this format marks them in the side file only.`);
  return warnings;
}

function sample(items: readonly string[]): string {
  return items.length > 5 ? `${items.slice(0, 5).join(', ')} and ${items.length - 5} more` : items.join(', ');
}
