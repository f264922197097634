import { UnionFind } from '../../core/union-find';
import type { TrainingData } from './data';
import { answersAmong, usableRows } from './data';
import { Random } from './random';

export interface HeldOutSplit {
  train: number[];
  heldOut: number[];
  /** how the two are kept apart */
  by: 'caller' | 'class' | 'component' | 'image' | 'none';
  /** what tells how good a network is on the held-out part: retrieval by class, or the AUC of answered pairs */
  judgedBy: 'classes' | 'answers' | 'nothing';
  /** what held-out pictures are found among: each other, or all pictures */
  among: 'heldOut' | 'all';
  /** where nothing can be judged, or not as it should be: why, in words */
  why?: string;
}

/** From so many classes on, enough are held out to be told from each other. */
const CLASSES_AMONG_THEMSELVES = 6;
/** From so many on, one is held out and found among all pictures. */
const CLASSES_TO_SPARE = 4;
/** Answered pairs of each kind that a figure should rest on; as `judgedMap` wants them. */
const ENOUGH = 10;
/** Ways of holding out components or pictures that are tried, each with more and more of them. */
const TRIES = 64;
const SHARES = [1, 1.5, 2];

/**
 * Splits into what is trained on and what is judged by. Disjoint by class where there are at least four classes: of six
 * and more two or more are held out and found among each other, of four and five one, found among all pictures. With two
 * or three classes by image: without a third of three, two are left, and a network learns one boundary. Pictures without
 * classes are split by component of the answers, or by image where no choice of components leaves pairs of both kinds on
 * both sides. What could not be is said in `why`.
 */
export function splitHeldOut(data: TrainingData, share: number, seed: number): HeldOutSplit {
  const usable = usableRows(data);
  const groups = new Map<number, number[]>();
  for (const i of usable) {
    const label = data.labels[i]!;
    if (label >= 0) groups.set(label, [...(groups.get(label) ?? []), i]);
  }
  if (data.heldOut) {
    const out = new Set(data.heldOut);
    const parts = partition(usable, i => out.has(i));
    return { ...parts, by: 'caller', judgedBy: judgeOf(data, parts.heldOut), among: 'heldOut' };
  }
  if (share === 0) return nothing(usable, 'Nothing was to be held out: the share is 0.');
  const random = new Random(seed, 0x5917);
  if (groups.size < 2) return byAnswers(data, usable, share, random);
  const byClass = groups.size >= CLASSES_TO_SPARE ? classesOut(groups, share, random) : undefined;
  if (byClass) {
    const among = groups.size >= CLASSES_AMONG_THEMSELVES ? 'heldOut' : 'all';
    return { ...partition(usable, i => byClass.has(data.labels[i]!)), by: 'class', judgedBy: 'classes', among };
  }
  const out = new Set<number>();
  for (const rows of groups.values()) {
    // One alone would have none of its class beside it.
    const wanted = Math.max(2, Math.round(rows.length * share));
    for (const i of random.sample(rows, Math.max(0, Math.min(rows.length - 2, wanted)))) out.add(i);
  }
  const parts = partition(usable, i => out.has(i));
  const judgedBy = judgeOf(data, parts.heldOut);
  const few =
    groups.size < CLASSES_TO_SPARE
      ? `With ${groups.size} classes none is held out whole: images of each are.`
      : 'Too few classes have two images to hold one of them out whole: images of each are.';
  if (judgedBy === 'classes') return { ...parts, by: 'image', judgedBy, among: 'heldOut', why: few };
  const why = 'The classes are so small that no image of a class can be held out beside another of it.';
  return nothing(usable, why);
}

/** Classes to hold out, so that some can be judged and two are left, one of them with a pair; undefined where none can. */
function classesOut(groups: ReadonlyMap<number, number[]>, share: number, random: Random): Set<number> | undefined {
  const classes = random.shuffle([...groups.keys()].sort((a, b) => a - b));
  const few = classes.length < CLASSES_AMONG_THEMSELVES;
  const wanted = Math.round(classes.length * share);
  const count = Math.min(Math.max(few ? 1 : 2, wanted), classes.length - 2);
  const hasPair = (label: number): boolean => groups.get(label)!.length >= 2;
  let out = classes.slice(0, count);
  // One that is alone in its class asks for nothing.
  const better = classes.slice(count).find(hasPair);
  if (!out.some(hasPair) && better !== undefined) out = [better, ...out.slice(1)];
  // Nor does it teach: one with a pair stays.
  const rest = classes.filter(label => !out.includes(label));
  const pairs = out.filter(hasPair);
  if (!rest.some(hasPair) && pairs.length >= 2 && rest.length > 0)
    out = out.map(label => (label === pairs[0] ? rest[0]! : label));
  const chosen = new Set(out);
  const left = classes.filter(label => !chosen.has(label));
  return out.some(hasPair) && left.length >= 2 && left.some(hasPair) ? chosen : undefined;
}

function partition(rows: number[], isOut: (i: number) => boolean): { train: number[]; heldOut: number[] } {
  return { train: rows.filter(i => !isOut(i)), heldOut: rows.filter(isOut) };
}

function nothing(train: number[], why?: string): HeldOutSplit {
  const words = why === undefined ? {} : { why };
  return { train, heldOut: [], by: 'none', judgedBy: 'nothing', among: 'heldOut', ...words };
}

/** What rows that were held out can be judged by. */
function judgeOf(data: TrainingData, heldOut: number[]): HeldOutSplit['judgedBy'] {
  const sizes = new Map<number, number>();
  for (const i of heldOut) if (data.labels[i]! >= 0) sizes.set(data.labels[i]!, (sizes.get(data.labels[i]!) ?? 0) + 1);
  // Within one class alone every answer is right.
  if (sizes.size >= 2 && [...sizes.values()].some(n => n >= 2)) return 'classes';
  const kinds = new Set(answersAmong(data, new Set(heldOut)).map(({ relation }) => relation));
  return kinds.size === 2 ? 'answers' : 'nothing';
}

/**
 * Holds out components of the answers (pictures that a chain of `same` joins stay on one side), or single pictures where
 * that leaves too few pairs of a kind. A pair across the split serves neither side.
 */
function byAnswers(data: TrainingData, usable: number[], share: number, random: Random): HeldOutSplit {
  const answers = answersAmong(data, new Set(usable));
  const sets = new UnionFind<number>();
  const touched = new Set<number>();
  for (const { a, b, relation } of answers) {
    if (relation === 'same') sets.join(a, b);
    touched.add(a).add(b);
  }
  const components = new Map<number, number[]>();
  for (const i of touched) {
    const root = sets.find(i);
    const rows = components.get(root);
    if (rows) rows.push(i);
    else components.set(root, [i]);
  }
  const wanted = touched.size * share;
  const whole = bestOut(answers, [...components.values()], wanted, random);
  const single =
    whole.least >= ENOUGH
      ? undefined
      : bestOut(
          answers,
          [...touched].map(i => [i]),
          wanted,
          random,
        );
  const image = single !== undefined && (whole.least === 0 || single.least >= ENOUGH) && single.least > whole.least;
  const { out, least } = image ? single : whole;
  if (least === 0) {
    const count = (kind: string): number => answers.filter(({ relation }) => relation === kind).length;
    return nothing(
      usable,
      `Nothing could be held out to judge by: of ${count('same')} pairs known to be the same and ${count('different')} known to be different, no part has both kinds and leaves both to learn from.`,
    );
  }
  const why = image
    ? { why: 'Whole components of the answers leave too few pairs of both kinds: single images are held out.' }
    : {};
  const by = image ? 'image' : 'component';
  return { ...partition(usable, i => out.has(i)), by, judgedBy: 'answers', among: 'heldOut', ...why };
}

/**
 * Of many ways of holding parts out the first with enough pairs of both kinds on both sides, else the best of them.
 * `least`: the rarer kind of held-out pairs; 0 where no way leaves both kinds on both sides.
 */
function bestOut(
  answers: readonly { a: number; b: number; relation: 'same' | 'different' }[],
  parts: number[][],
  wanted: number,
  random: Random,
): { out: Set<number>; least: number } {
  let best = { out: new Set<number>(), least: 0 };
  for (const more of SHARES) {
    for (let trial = 0; trial < TRIES; trial++) {
      const out = new Set<number>();
      for (const rows of random.shuffle([...parts])) {
        if (out.size + rows.length <= wanted * more * 1.2) for (const i of rows) out.add(i);
        if (out.size >= wanted * more) break;
      }
      const held = { same: 0, different: 0 };
      const left = { same: 0, different: 0 };
      for (const { a, b, relation } of answers) {
        if (out.has(a) !== out.has(b)) continue;
        (out.has(a) ? held : left)[relation]++;
      }
      const least = Math.min(left.same, left.different) === 0 ? 0 : Math.min(held.same, held.different);
      if (least > best.least) best = { out, least };
      if (least >= ENOUGH) return best;
    }
  }
  return best;
}
