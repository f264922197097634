import { Random } from '../../../src/core/random';
import { learnOpinion, logOddsRight, rankSuspects } from '../../../src/core/relations';
import { finish } from '../../../src/core/steps';
import type { ImageHash } from '../../../src/core/types';
import { distance, type Labelled, neighbourPairs, rowsOf, split } from './data';
import { learnHead, type Lessons, lessonsOf, recallAt1 } from './head';
import { type Session, type SessionOptions, simulate, type Strategy } from './session';

export interface Savings {
  /** images a class */
  perClass: number;
  candidates: number;
  asked: number;
  saved: number;
}

/** Questions that transitivity answers while all neighbour pairs of some images are settled by truthful answers. */
export function savings(set: Labelled, perClass: number, seed: number): Savings {
  const random = new Random(seed);
  const byClass = new Map<string, number[]>();
  for (const [row, name] of set.classes.entries()) byClass.set(name, [...(byClass.get(name) ?? []), row]);
  const rows = [...byClass.values()].flatMap(list => random.shuffle(list).slice(0, perClass));
  const some = rowsOf(set, rows);
  const candidates = neighbourPairs(some, 10);
  const { asked, implied } = simulate(some, candidates, { strategy: 'ordered', answers: Infinity, seed });
  return { perClass, candidates: candidates.length, asked, saved: implied / candidates.length };
}

export interface RecallPoint {
  strategy: Strategy;
  answers: number;
  /** one a seed */
  recall: number[];
}

/** Held-out Recall@1 of a head after the first so many answers, by strategy; the first point is the frozen backbone. */
export function recallCurves(
  set: Labelled,
  answers: readonly number[],
  seeds: readonly number[],
): { frozen: number[]; points: RecallPoint[] } {
  const points: RecallPoint[] = [];
  const frozen: number[] = [];
  for (const seed of seeds) {
    const { train, heldOut } = split(set, seed);
    frozen.push(recallAt1(heldOut));
    const near = neighbourPairs(train, 15);
    const random = new Random(seed);
    const anywhere = Array.from({ length: near.length }, (): [number, number] => {
      const x = random.below(train.hashes.length);
      const y = (x + 1 + random.below(train.hashes.length - 1)) % train.hashes.length;
      return [Math.min(x, y), Math.max(x, y)];
    });
    for (const strategy of ['ordered', 'hardest', 'random'] as const) {
      const candidates = strategy === 'random' ? anywhere : near;
      const lessons = new Map<number, Lessons>();
      simulate(train, candidates, {
        strategy,
        answers: Math.max(...answers),
        seed,
        afterAnswer: soFar => {
          if (answers.includes(soFar.asked)) lessons.set(soFar.asked, lessonsOf(train, soFar, seed));
        },
      });
      for (const count of answers) {
        const head = learnHead(train, lessons.get(count) ?? { same: [], different: [] });
        let point = points.find(p => p.strategy === strategy && p.answers === count);
        if (point === undefined) points.push((point = { strategy, answers: count, recall: [] }));
        point.recall.push(recallAt1(heldOut, head));
      }
    }
  }
  return { frozen, points };
}

export interface FoundFlips {
  answers: number;
  flips: number;
  /** share of the wrong answers among the first 5 % of suspects, and among the first 10 % */
  in5: number;
  in10: number;
  contradictedComponents: number;
}

/** How many of 5 % scripted flips lead the suspects after such a session. */
export function foundFlips(set: Labelled, options: Omit<SessionOptions, 'flips'>): FoundFlips {
  const session = simulate(set, neighbourPairs(set, 10), { ...options, flips: 0.05 });
  const ranked = suspectsOf(set, session);
  const wrong = ranked.map(({ id }) => session.given.get(id)!.flipped);
  const flips = wrong.filter(Boolean).length;
  const within = (share: number) => wrong.slice(0, Math.round(ranked.length * share)).filter(Boolean).length / flips;
  const { contradictedComponents } = session.graph.counts();
  return { answers: ranked.length, flips, in5: within(0.05), in10: within(0.1), contradictedComponents };
}

/** As `Review.suspects` ranks them: an opinion learned from the answers, of the images that they speak of. */
export function suspectsOf(set: Labelled, { graph, given, calibration }: Session) {
  const judged = [...new Set([...given.values()].flatMap(({ x, y }) => [x, y]))];
  const place = new Map(judged.map((row, i) => [set.hashes[row], i]));
  const between = (i: number, j: number) => distance(set, judged[i], judged[j]);
  const learned = finish(
    learnOpinion(
      { size: judged.length, distance: between },
      [...given.values()].map(({ x, y, relation }) => ({
        x: place.get(set.hashes[x])!,
        y: place.get(set.hashes[y])!,
        relation,
      })),
    ),
  );
  const probabilitySame = (a: ImageHash, b: ImageHash) => {
    const [i, j] = [place.get(a)!, place.get(b)!];
    return learned === undefined ? calibration?.probability(between(i, j)) : learned(i, j);
  };
  return finish(
    rankSuspects(graph, {
      probabilitySame,
      weightOf: ({ id, a, b, relation }) =>
        logOddsRight(relation, {
          probabilitySame: probabilitySame(a, b),
          ...(given.get(id)!.inconsistent && { contrary: 1 }),
        }),
    }),
  );
}

/** Mean with its 95 % interval by Student's t, for up to ten values. */
export function interval(values: readonly number[]): { mean: number; half: number } {
  const t = [NaN, NaN, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262][values.length] ?? 1.96;
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1);
  return { mean, half: t * Math.sqrt(variance / values.length) };
}
