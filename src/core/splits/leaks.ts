import type { ImageHash } from '../types';
import { type Ties, unitsOf } from './units';

/** What lies in more than one part. All zero but `classes` for a sound split; `classes` too when it was made by class. */
export interface LeakReport {
  parts: number;
  /** images met in more than one part */
  images: number;
  /** components of the answers' `same` with images in more than one part */
  components: number;
  /** groups of near duplicates with images in more than one part */
  duplicates: number;
  /** classes with images in more than one part */
  classes: number;
  /** the names of some such classes, at most ten */
  classNames: string[];
}

/**
 * Looks at what is about to be written, not at the plan it came from: the images of every part's rows.
 * @param parts each part's images, as its rows mention them (repeats are fine)
 */
export function checkLeaks(
  parts: readonly Iterable<{ hash: ImageHash; class?: string | undefined }>[],
  ties: Ties,
): LeakReport {
  const seen = new Map<ImageHash, Set<number>>();
  const classParts = new Map<string, Set<number>>();
  parts.forEach((images, part) => {
    for (const image of images) {
      note(seen, image.hash, part);
      if (image.class !== undefined) note(classParts, image.class, part);
    }
  });
  const hashes = [...seen.keys()];
  const straddling = (tied: Ties): number => {
    const units = unitsOf(hashes, tied);
    return units.members.filter(members => {
      const where = new Set<number>();
      for (const hash of members) for (const part of seen.get(hash)!) where.add(part);
      return where.size > 1 && members.length > 1;
    }).length;
  };
  const shared = [...classParts].filter(([, where]) => where.size > 1).map(([name]) => name);
  return {
    parts: parts.length,
    images: [...seen.values()].filter(where => where.size > 1).length,
    components: straddling({ same: ties.same, duplicates: [] }),
    duplicates: straddling({ same: [], duplicates: ties.duplicates }),
    classes: shared.length,
    classNames: shared.sort().slice(0, 10),
  };
}

/** The report in one line, for people. */
export function describeLeaks(report: LeakReport, by: 'none' | 'class' | 'component'): string {
  if (by === 'none') return 'Leak check: one part, nothing to leak.';
  const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;
  const classes =
    by === 'class'
      ? `, ${report.classes} ${report.classes === 1 ? 'class' : 'classes'}`
      : ` (split by component: ${report.classes} classes lie in several parts, which is meant)`;
  return (
    `Leak check, in more than one of ${report.parts} parts: ${count(report.images, 'image')}, ` +
    `${count(report.components, 'component')} of the answers, ${count(report.duplicates, 'group')} of near duplicates${classes}.`
  );
}

/** Whether training would see what it is tested on. */
export function leaks(report: LeakReport, by: 'none' | 'class' | 'component'): boolean {
  return report.images + report.components + report.duplicates + (by === 'class' ? report.classes : 0) > 0;
}

function note<K>(map: Map<K, Set<number>>, key: K, part: number): void {
  const found = map.get(key);
  if (found) found.add(part);
  else map.set(key, new Set([part]));
}
