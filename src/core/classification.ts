import { rowDistance } from './distances';
import type { Embedded, Interval } from './evaluation';
import { proportion } from './evaluation';
import type { Steps } from './steps';

/** The class that the nearest references give a row. */
export interface Guess {
  row: number;
  label: number;
  /** nearest of the references of that class, and how far it is */
  nearest: number;
  distance: number;
  /** share of the k nearest references that are of that class, 0 to 1 */
  agreement: number;
  /** distance to the nearest reference of any other class; Infinity where there is none */
  other: number;
  /** where the row has a class: how far the guess is right, 0 to 1; ties of k = 1 count as the share of the right class */
  right?: number;
}

/** A guess is close where another class is at most this much farther, as a share of its own distance. */
const CLOSE = 0.05;

/** Whether another class is nearly as near: worth a look by a person. */
export function isNearTie({ distance, other }: Pick<Guess, 'distance' | 'other'>): boolean {
  return other <= distance * (1 + CLOSE);
}

/**
 * Classification by the k nearest of some references (k-NN), one query a step: each of the k has a vote, the class with most
 * votes is the guess; of classes with as many, the one with the nearest reference. Equal distances are ranked by row.
 * @param labels class of each row, of queries and references alike; -1: none. Every reference must have one
 * @param neighbours k, at least 1
 */
export function* guessSteps(
  data: Embedded,
  labels: Int32Array,
  queries: readonly number[],
  references: readonly number[],
  neighbours = 1,
): Steps<Guess[]> {
  const between = rowDistance(data.metric, data.dimension, data.weights);
  const known = new Set(references.map(row => labels[row]!));
  const k = Math.min(neighbours, references.length);
  const guesses: Guess[] = [];
  for (const row of queries) {
    yield;
    /** the k nearest so far, nearest first */
    const near: { reference: number; distance: number }[] = [];
    const ofClass = new Map<number, { reference: number; distance: number; tied: number }>();
    for (const reference of references) {
      const distance = between(data.vectors, row, data.vectors, reference);
      const label = labels[reference]!;
      const best = ofClass.get(label);
      if (!best || distance < best.distance) ofClass.set(label, { reference, distance, tied: 1 });
      else if (distance === best.distance) best.tied++;
      if (near.length === k && distance >= near[k - 1]!.distance) continue;
      let at = near.length;
      while (at > 0 && near[at - 1]!.distance > distance) at--;
      near.splice(at, 0, { reference, distance });
      if (near.length > k) near.pop();
    }
    const votes = new Map<number, number>();
    for (const { reference } of near) votes.set(labels[reference]!, (votes.get(labels[reference]!) ?? 0) + 1);
    // A map keeps the order in which classes came: of classes with as many votes the nearest stays.
    let [label, most] = [-1, 0];
    for (const [each, count] of votes) if (count > most) [label, most] = [each, count];
    const { reference: nearest, distance } = ofClass.get(label)!;
    let other = Infinity;
    for (const [each, best] of ofClass) if (each !== label) other = Math.min(other, best.distance);
    const own = labels[row]!;
    guesses.push({
      row,
      label,
      nearest,
      distance,
      agreement: most / k,
      other,
      ...(known.has(own) && { right: k > 1 ? (label === own ? 1 : 0) : shareOf(own, ofClass, distance) }),
    });
  }
  return guesses;
}

/** Share of a class among the references at the least distance. */
function shareOf(own: number, ofClass: Map<number, { distance: number; tied: number }>, least: number): number {
  let [all, right] = [0, 0];
  for (const [label, { distance, tied }] of ofClass) {
    if (distance !== least) continue;
    all += tied;
    if (label === own) right += tied;
  }
  return right / all;
}

export interface ClassifiedClass {
  label: number;
  /** rows of the class that were asked */
  queries: number;
  /** share of them that were given their class */
  accuracy: Interval;
}

export interface ClassificationReport {
  queries: number;
  accuracy: Interval;
  /** of a guess: a reference drawn at random */
  chance: number;
  classes: ClassifiedClass[];
}

/** How good guesses are, by those of rows whose class is among the references'. */
export function classification(
  guesses: readonly Guess[],
  labels: Int32Array,
  references: readonly number[],
): ClassificationReport {
  const counts = new Map<number, { queries: number; right: number }>();
  const sizes = new Map<number, number>();
  for (const row of references) sizes.set(labels[row]!, (sizes.get(labels[row]!) ?? 0) + 1);
  let [queries, all, chance] = [0, 0, 0];
  for (const { row, right } of guesses) {
    if (right === undefined) continue;
    const label = labels[row]!;
    let count = counts.get(label);
    if (!count) counts.set(label, (count = { queries: 0, right: 0 }));
    count.queries++;
    count.right += right;
    queries++;
    all += right;
    chance += sizes.get(label)! / references.length;
  }
  return {
    queries,
    accuracy: proportion(all, queries),
    chance: queries === 0 ? NaN : chance / queries,
    classes: [...counts].map(([label, count]) => ({
      label,
      queries: count.queries,
      accuracy: proportion(count.right, count.queries),
    })),
  };
}
