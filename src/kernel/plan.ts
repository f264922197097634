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
  'gapKeys',
  'gapRoom',
  'gapBounds',
  'gapRows',
  'gapReach',
  'tables',
  'tableBytes',
  'tableOrigins',
  'tableSlopes',
  'blockRows',
  'cancelFlag',
  'nearCounts',
  'intact',
] as const;
const DOUBLES = ['slope', 'relativeWidth', 'largestWidth', 'leastKey', 'least', 'scale'] as const;
const DOUBLES_AT = 160;

/** What a thread needs to know of the shared memory: numbers, and byte offsets of arrays. */
export type Plan = Record<(typeof FIELDS)[number] | (typeof DOUBLES)[number], number>;

export const PLAN_BYTES = DOUBLES_AT + DOUBLES.length * 8;

/** A plan with nothing in it. */
export function emptyPlan(): Plan {
  return Object.fromEntries([...FIELDS, ...DOUBLES].map(name => [name, 0])) as Plan;
}

export function writePlan(memory: WebAssembly.Memory, at: number, plan: Plan): void {
  const view = new DataView(memory.buffer);
  FIELDS.forEach((name, i) => view.setInt32(at + 4 * i, plan[name] | 0, true));
  DOUBLES.forEach((name, i) => view.setFloat64(at + DOUBLES_AT + 8 * i, plan[name], true));
}

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
