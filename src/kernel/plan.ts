/** The fields of the kernel's plan, in the order of assembly/plan.ts: 32-bit numbers and pointers, then doubles. */
const FIELDS = [
  'n',
  'd',
  'metric',
  'side',
  'exactRows',
  'weights',
  'norms',
  'panels',
  'lowerTerms',
  'widths',
  'labels',
  'copies',
  'ranks',
  'answeredStarts',
  'answeredOthers',
  'windowStart',
  'reach',
  'nearest',
  'nearestRoom',
  'nearestCounts',
  'nearestReach',
  'nearestBounds',
  'nearestRows',
  'gapStarts',
  'gapEnds',
  'gapFrom',
  'shorts',
  'gapRoom',
  'gapRows',
  'gapDistances',
  'gapReach',
  'tables',
  'tableBytes',
  'tableOffsets',
  'tableSlopes',
  'blockRows',
  'cancelFlag',
  'nearCounts',
  'intact',
  'byClass',
  'words',
  'gapKeys',
  'tableHints',
  'gapLimits',
  'group',
] as const;
const DOUBLES = ['slope', 'relativeWidth', 'largestWidth', 'leastKey', 'least', 'scale'] as const;
const DOUBLES_AT = 192;

/** What a thread needs to know of the shared memory: numbers, and byte offsets of arrays. */
export type Plan = Record<(typeof FIELDS)[number] | (typeof DOUBLES)[number], number>;

export const PLAN_BYTES = DOUBLES_AT + DOUBLES.length * 8;

/** A distance beyond all others of the run: lengths in the bounds' scale are at most 1, so distances at most 2. */
export function farthestOf({ metric, scale }: Plan): number {
  return metric === 0 ? 3 / scale : 9 / scale;
}

/** A plan with nothing in it. */
export function emptyPlan(): Plan {
  return Object.fromEntries([...FIELDS, ...DOUBLES].map(name => [name, 0])) as Plan;
}

export function writePlan(memory: WebAssembly.Memory, at: number, plan: Plan): void {
  const view = new DataView(memory.buffer);
  FIELDS.forEach((name, i) => view.setInt32(at + 4 * i, plan[name] | 0, true));
  DOUBLES.forEach((name, i) => view.setFloat64(at + DOUBLES_AT + 8 * i, plan[name], true));
}

/** Where things lie that the kernel itself does not look at: byte offsets in the shared memory. */
export interface Places {
  /** i32: see `CONTROL` */
  control: number;
  plan: number;
  /** of each thread */
  scratch: number[];
  /** i32 [n]: rows by class; the class of row i is classMembers[classFrom[i] .. classTo[i]), ascending */
  classMembers: number;
  classFrom: number;
  classTo: number;
  /** u8: beside answeredOthers, 1 where the answer was `same` */
  answeredSame: number;
  /** u8 [n]: 1 where an image has all the candidates its cap allows */
  spent: number;
  /** f64 [d]: what is taken off every vector before it is rounded */
  centre: number;
  /** by how much scaled vectors are multiplied before they are rounded to 16-bit integers; 0 where they are floats */
  shorts: number;
  /** i32 pairs (I, J) of the sweep's tasks, and one i32 lock for each block of rows and each chunk of listed ones */
  tasks: number;
  locks: number;
  /** state of the window's anchors begins here */
  state: number;
}

/** Slots of the control words. */
export const CONTROL = { next: 0, done: 1, cancel: 2 } as const;

/** Hands out places in a memory that is made to measure afterwards. */
export class Arena {
  #end: number;

  constructor(start: number) {
    this.#end = start;
  }

  get bytes(): number {
    return this.#end;
  }

  /** Byte offset of `bytes` more, at a cache line. */
  take(bytes: number): number {
    const at = this.#end;
    this.#end += Math.ceil(bytes / 64) * 64;
    return at;
  }

  /** Gives back all that was taken after `bytes` stood at this. */
  rewind(bytes: number): void {
    this.#end = bytes;
  }
}
