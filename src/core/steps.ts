/** Long work in small steps: every `yield` is a place where it may be left. */
export type Steps<T> = Generator<void, T>;

/** Does all steps at once. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const { value, done } = steps.next();
    if (done) return value;
  }
}

export interface StepOptions {
  signal?: AbortSignal | undefined;
  /** lets others have their turn */
  pause(): Promise<void>;
  /** how long the steps may go on between two pauses, milliseconds */
  slice?: number;
}

/**
 * Does the steps in slices, with a pause between them, so that the process stays ready to hear of an abort.
 * @throws the signal's reason when aborted
 */
export async function finishInSlices<T>(steps: Steps<T>, { signal, pause, slice = 20 }: StepOptions): Promise<T> {
  for (;;) {
    signal?.throwIfAborted();
    const until = performance.now() + slice;
    do {
      const { value, done } = steps.next();
      if (done) return value;
    } while (performance.now() < until);
    await pause();
  }
}

const RUN = 512;

/** A stable merge sort in steps; returns a new array. */
export function* sortInSteps<T>(items: readonly T[], compare: (x: T, y: T) => number): Steps<T[]> {
  let from: T[] = [];
  for (let start = 0; start < items.length; start += RUN) {
    for (const item of items.slice(start, start + RUN).sort(compare)) from.push(item);
    yield;
  }
  for (let width = RUN; width < from.length; width *= 2) {
    const into: T[] = [];
    for (let start = 0; start < from.length; start += 2 * width) {
      const middle = Math.min(start + width, from.length);
      const end = Math.min(start + 2 * width, from.length);
      let x = start;
      let y = middle;
      while (x < middle || y < end) {
        if (x < middle && (y === end || compare(from[x]!, from[y]!) <= 0)) into.push(from[x++]!);
        else into.push(from[y++]!);
        if (into.length % RUN === 0) yield;
      }
    }
    from = into;
  }
  return from;
}
