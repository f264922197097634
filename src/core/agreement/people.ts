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

/**
 * Pairs on which people differ: the lane of disagreements. `same` against `different` comes before either against
 * `incomparable`, and more people before fewer.
 */
export function disagreements<T extends Said>(pairs: Iterable<readonly T[]>): (readonly T[])[] {
  const weight = (answers: readonly Said[]) => {
    const said = new Set(answers.map(({ relation }) => relation));
    return (said.has('same') && said.has('different') ? 1000 : 0) + answers.length;
  };
  const found: (readonly T[])[] = [];
  for (const answers of pairs) {
    if (answers.some(({ relation }) => relation !== answers[0].relation)) found.push(answers);
  }
  return found.sort((x, y) => weight(y) - weight(x));
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
