import { UnionFind } from '../../core/union-find';
import type { TrainingData } from './data';
import { usableRows } from './data';
import { Random } from './random';

export interface HeldOutSplit {
  train: number[];
  heldOut: number[];
  /** how the two are kept apart */
  by: 'caller' | 'class' | 'component' | 'image' | 'none';
}

/** Fewer classes than this cannot spare any: images are held out instead. */
const CLASSES_TO_SPARE = 6;

/**
 * Splits into what is trained on and what is judged by. Disjoint by class where there are at least six classes (two or
 * more are held out); pictures without a class by component of the answers; with fewer classes by image, which the card
 * then says.
 */
export function splitHeldOut(data: TrainingData, share: number, seed: number): HeldOutSplit {
  const usable = usableRows(data);
  if (data.heldOut) {
    const out = new Set(data.heldOut);
    return { train: usable.filter(i => !out.has(i)), heldOut: usable.filter(i => out.has(i)), by: 'caller' };
  }
  if (share === 0) return { train: usable, heldOut: [], by: 'none' };
  const random = new Random(seed, 0x5917);
  const groups = new Map<number, number[]>();
  for (const i of usable) {
    const label = data.labels[i]!;
    if (label >= 0) groups.set(label, [...(groups.get(label) ?? []), i]);
  }
  if (groups.size === 0) return byComponent(data, usable, share, random);
  if (groups.size >= CLASSES_TO_SPARE) {
    const classes = random.shuffle([...groups.keys()].sort((a, b) => a - b));
    const out = new Set(classes.slice(0, Math.max(2, Math.round(classes.length * share))));
    return { ...partition(usable, i => out.has(data.labels[i]!)), by: 'class' };
  }
  const out = new Set<number>();
  for (const rows of groups.values()) {
    for (const i of random.sample(rows, Math.min(rows.length - 2, Math.round(rows.length * share)))) out.add(i);
  }
  return { ...partition(usable, i => out.has(i)), by: 'image' };
}

function partition(rows: number[], isOut: (i: number) => boolean): { train: number[]; heldOut: number[] } {
  return { train: rows.filter(i => !isOut(i)), heldOut: rows.filter(isOut) };
}

/** Pictures that a chain of `same` joins stay on one side; a `different` across the split serves neither. */
function byComponent(data: TrainingData, usable: number[], share: number, random: Random): HeldOutSplit {
  const known = new Set(usable);
  const sets = new UnionFind<number>();
  const touched = new Set<number>();
  for (const { a, b, relation } of data.answers ?? []) {
    if (!known.has(a) || !known.has(b)) continue;
    if (relation === 'same') sets.join(a, b);
    touched.add(a).add(b);
  }
  const components = new Map<number, number[]>();
  for (const i of touched) components.set(sets.find(i), [...(components.get(sets.find(i)) ?? []), i]);
  const wanted = touched.size * share;
  const out = new Set<number>();
  for (const rows of random.shuffle([...components.values()])) {
    if (out.size + rows.length <= wanted * 1.2) for (const i of rows) out.add(i);
    if (out.size >= wanted) break;
  }
  return { ...partition(usable, i => out.has(i)), by: out.size > 0 ? 'component' : 'none' };
}
