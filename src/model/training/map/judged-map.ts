import type { Interval } from '../../../core/evaluation';
import { verification } from '../../../core/evaluation';
import { Random } from '../../../core/random';
import type { Steps } from '../../../core/steps';
import { UnionFind } from '../../../core/union-find';
import { DataError } from '../data';
import type { KnownPairs } from './fit-map';
import { fitMap, identityMap, mappedDistances } from './fit-map';

const FOLDS = 5;
/** Held-out pairs of each kind below which a figure says nothing. */
const ENOUGH = 10;
/** Of each kind; more teach nothing new and take long. */
const MOST_PAIRS = 4000;

/** What the answers that a map did not learn from say of it. */
export interface MapVerdict {
  /** how learned and judged pairs are kept apart: no chain of `same` connects them, or they share no image */
  by: 'component' | 'image';
  same: number;
  different: number;
  /** AUC of the same pairs, with the vectors as they were, and mapped */
  before: Interval;
  after: Interval;
  better: boolean;
}

export interface JudgedMap {
  /** the identity where it is no better */
  map: Float64Array;
  verdict: MapVerdict;
}

/**
 * Learns a map from pairs, and judges the same way of learning by pairs that it did not learn from: each fifth of the images
 * in turn is left out, and their pairs are judged by a map learned from the rest. Where that orders them no better than the
 * vectors did before, the map stays the identity. Images are left out with all that a chain of `same` joins to them, or one
 * by one where that leaves too few pairs of a kind.
 * @throws DataError where there are too few pairs to learn and judge
 */
export function* judgedMap(
  data: KnownPairs,
  seed: number,
  tell?: (done: number, total: number) => void,
): Steps<JudgedMap> {
  const random = new Random(seed);
  const some = (pairs: KnownPairs['same']) => random.shuffle([...pairs]).slice(0, MOST_PAIRS);
  const pairs = { ...data, same: some(data.same), different: some(data.different) };
  const trials = [byComponent(pairs, random), byImage(pairs, random)];
  const trial = trials.find(isEnough);
  if (!trial) {
    throw new DataError(
      `There are too few answers to learn from and to judge by: ${data.same.length} pairs known to be the same, ${data.different.length} known to be different, ` +
        `and no fifth of the images can be left out with ${ENOUGH} of each kind among all that are. About 100 answers, a third of each kind or more, are enough.`,
    );
  }
  const { by, folds } = trial;
  const [asTheyAre, mapped, flags]: [number[], number[], boolean[]] = [[], [], []];
  for (const [i, { learned, judged }] of folds.entries()) {
    tell?.(i, folds.length + 1);
    const map = yield* fitMap({ ...data, ...learned });
    const both = [...judged.same, ...judged.different];
    asTheyAre.push(...(yield* mappedDistances(data, both)));
    mapped.push(...(yield* mappedDistances(data, both, map)));
    flags.push(...both.map((_, at) => at < judged.same.length));
  }
  const [before, after] = [verification(asTheyAre, flags).auc, verification(mapped, flags).auc];
  const better = after.value > before.value;
  const same = flags.filter(Boolean).length;
  tell?.(folds.length, folds.length + 1);
  const map = better ? yield* fitMap(pairs) : identityMap(data.dimension);
  return { map, verdict: { by, same, different: flags.length - same, before, after, better } };
}

type Part = Pick<KnownPairs, 'same' | 'different'>;

interface Fold {
  learned: Part;
  judged: Part;
}
interface Trial {
  by: MapVerdict['by'];
  folds: Fold[];
}

const hasBoth = ({ same, different }: Part) => same.length > 0 && different.length > 0;

function isEnough({ folds }: Trial): boolean {
  const judged = (kind: 'same' | 'different') => folds.reduce((sum, fold) => sum + fold.judged[kind].length, 0);
  return Math.min(judged('same'), judged('different')) >= ENOUGH && folds.every(({ learned }) => hasBoth(learned));
}

function byComponent({ same, different }: KnownPairs, random: Random): Trial {
  const sets = new UnionFind<number>();
  for (const [a, b] of same) sets.join(a, b);
  const components = new Map<number, number[]>();
  for (const row of imagesOf({ same, different })) {
    const root = sets.find(row);
    components.set(root, [...(components.get(root) ?? []), row]);
  }
  // Largest first into the emptiest fold, so that folds are of a size.
  const sizes = new Array<number>(FOLDS).fill(0);
  const foldOf = new Map<number, number>();
  for (const rows of random.shuffle([...components.values()]).sort((x, y) => y.length - x.length)) {
    const fold = sizes.indexOf(Math.min(...sizes));
    sizes[fold]! += rows.length;
    for (const row of rows) foldOf.set(row, fold);
  }
  return { by: 'component', folds: foldsOf({ same, different }, foldOf) };
}

function byImage({ same, different }: KnownPairs, random: Random): Trial {
  const rows = random.shuffle(imagesOf({ same, different }));
  return { by: 'image', folds: foldsOf({ same, different }, new Map(rows.map((row, i) => [row, i % FOLDS]))) };
}

function imagesOf({ same, different }: Part): number[] {
  return [...new Set([...same, ...different].flatMap(([a, b]) => [a, b]))];
}

/** Pairs within a fold are judged, those without an image of it are learned from, the rest serves neither. */
function foldsOf({ same, different }: Part, foldOf: ReadonlyMap<number, number>): Fold[] {
  return Array.from({ length: FOLDS }, (_, fold) => {
    const within = ([a, b]: readonly [number, number]) => foldOf.get(a) === fold && foldOf.get(b) === fold;
    const without = ([a, b]: readonly [number, number]) => foldOf.get(a) !== fold && foldOf.get(b) !== fold;
    return {
      judged: { same: same.filter(within), different: different.filter(within) },
      learned: { same: same.filter(without), different: different.filter(without) },
    };
  });
}
