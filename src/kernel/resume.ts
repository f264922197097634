import type { Problem } from '../core/mining/problem';
import { printsOf, surroundingsOf, type MiningCache } from './cache';
import type { ResumeData, Window } from './phases';
import type { Plan } from './plan';
import type { Space } from './space';

/** Finds out what of an earlier run still holds, and keeps what the next one may want. */
export class Resume {
  readonly #problem: Problem;
  readonly #cache: MiningCache;
  readonly #prints: Float64Array;
  readonly #surroundings: { classes: Float64Array; guards: Float64Array };
  /** undefined when there is nothing to take up */
  readonly data: ResumeData | undefined;
  /** of each row: 1 where the image or its vector was not in the earlier run */
  readonly fresh: Uint8Array;

  constructor(problem: Problem, cache: MiningCache) {
    this.#problem = problem;
    this.#cache = cache;
    this.#prints = printsOf(problem);
    this.#surroundings = surroundingsOf(problem, this.#prints);
    const n = problem.rows.length;
    this.fresh = new Uint8Array(n);
    const saved = cache.anchors(problem);
    if (!saved) return;
    const { classes, guards } = this.#surroundings;
    const newOf = new Map<number, number>();
    this.#prints.forEach((print, i) => newOf.set(print, i));
    const oldPlaces = sharedInts(n).fill(-1);
    const newPlaces = sharedInts(saved.rows.length).fill(-1);
    this.fresh.fill(1);
    saved.rows.forEach((print, old) => {
      const i = newOf.get(print);
      if (i === undefined) return;
      newPlaces[old] = i;
      this.fresh[i] = 0;
      // its positives, answers and copies must be what they were, and nobody so near that the run has to count it
      const unchanged = classes[i] === saved.classes[old] && guards[i] === saved.guards[old];
      if (unchanged && saved.nearCounts[old] === 0) oldPlaces[i] = old;
    });
    this.data = { saved, oldPlaces, newPlaces };
  }

  /** Keeps what the anchors of a whole run have; the run must have had one window. */
  keep(space: Space, window: Window, plan: Plan): void {
    const { buffer } = space.memory;
    const rows = window.end - window.start;
    const ints = (at: number, length: number) => copyShared(new Int32Array(buffer, at, length));
    const hasGaps = plan.gapStarts !== 0;
    const total = hasGaps && rows > 0 ? window.positives : 0;
    const hasNearest = plan.nearest > 0;
    this.#cache.keepAnchors(this.#problem, {
      rows: this.#prints,
      classes: this.#surroundings.classes,
      guards: this.#surroundings.guards,
      nearCounts: ints(plan.nearCounts, rows),
      gapStarts: hasGaps ? ints(plan.gapStarts, rows) : sharedInts(0),
      gapEnds: hasGaps ? ints(plan.gapEnds, rows) : sharedInts(0),
      gapRows: ints(hasGaps ? plan.gapRows : 0, total * plan.gapRoom),
      gapLost: copyBytes(new Uint8Array(buffer, window.gapLost, total)),
      nearestCounts: hasNearest ? ints(plan.nearestCounts, rows) : sharedInts(0),
      nearestRows: hasNearest ? ints(plan.nearestRows, rows * plan.nearestRoom) : sharedInts(0),
      nearestLost: copyBytes(new Uint8Array(buffer, window.nearestLost, hasNearest ? rows : 0)),
    });
  }
}

function sharedInts(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * 4));
}

function copyShared(from: Int32Array): Int32Array {
  const to = sharedInts(from.length);
  to.set(from);
  return to;
}

function copyBytes(from: Uint8Array): Uint8Array {
  const to = new Uint8Array(new SharedArrayBuffer(from.length));
  to.set(from);
  return to;
}
