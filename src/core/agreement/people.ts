import { pairKey } from '../pairs';
import type { ImageHash, Relation } from '../types';
import { cohenKappa, type Kappa } from './kappa';

/** What one person says of a pair. */
export interface Said {
  a: ImageHash;
  b: ImageHash;
  by: string;
  relation: Relation;
}

export interface Agreement {
  people: [string, string];
  kappa: Kappa;
}

/** Kappa of each two people over the pairs that both judged, most pairs first. */
export function agreements(pairs: Iterable<readonly Said[]>): Agreement[] {
  const ratings = new Map<string, { people: [string, string]; list: [Relation, Relation][] }>();
  for (const answers of pairs) {
    for (let i = 0; i < answers.length; i++) {
      for (let j = 0; j < answers.length; j++) {
        const [x, y] = [answers[i], answers[j]];
        if (!(x.by < y.by)) continue;
        const key = JSON.stringify([x.by, y.by]);
        let entry = ratings.get(key);
        if (entry === undefined) ratings.set(key, (entry = { people: [x.by, y.by], list: [] }));
        entry.list.push([x.relation, y.relation]);
      }
    }
  }
  return [...ratings.values()]
    .map(({ people, list }) => ({ people, kappa: cohenKappa(list)! }))
    .sort((x, y) => y.kappa.pairs - x.kappa.pairs);
}

/** How much hangs on a pair on which people differ: `same` against `different` before either against `incomparable`, then more people before fewer. */
export function weightOfDisagreement(answers: readonly Pick<Said, 'relation'>[]): number {
  const said = new Set(answers.map(({ relation }) => relation));
  return (said.has('same') && said.has('different') ? 1 : 0) + Math.min(999, answers.length) / 1000;
}

/** Pairs on which people differ, the weightiest first; equals by their images, whatever order they came in. */
export function disagreements<T extends Said>(pairs: Iterable<readonly T[]>): (readonly T[])[] {
  const found: (readonly T[])[] = [];
  for (const answers of pairs) {
    if (answers.some(({ relation }) => relation !== answers[0].relation)) found.push(answers);
  }
  const keyOf = ([{ a, b }]: readonly Said[]) => pairKey(a, b);
  return found.sort((x, y) => weightOfDisagreement(y) - weightOfDisagreement(x) || (keyOf(x) < keyOf(y) ? -1 : 1));
}

/**
 * How consistent one person is: of each pair asked a second time (a hidden repeat), what they said before and then.
 * @param histories of single pairs: that person's answers, oldest first
 */
export function consistency(
  histories: Iterable<readonly { relation: Relation; repeat: boolean }[]>,
): Kappa | undefined {
  const ratings: [Relation, Relation][] = [];
  for (const history of histories) {
    for (let i = 1; i < history.length; i++) {
      if (history[i].repeat) ratings.push([history[i - 1].relation, history[i].relation]);
    }
  }
  return cohenKappa(ratings);
}
