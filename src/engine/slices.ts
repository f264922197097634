import { setImmediate as yieldToEvents } from 'node:timers/promises';

/** A cancel, or a person's next request, waits no longer than this and one step. */
const SLICE_MS = 20;

/**
 * Runs steps to their end, giving the process's events a turn in between.
 * @throws the signal's reason, when it is aborted on the way
 */
export async function inSlices<T>(steps: Generator<void, T>, signal: AbortSignal | undefined): Promise<T> {
  for (;;) {
    const until = performance.now() + SLICE_MS;
    do {
      const step = steps.next();
      if (step.done) return step.value;
    } while (performance.now() < until);
    await yieldToEvents();
    signal?.throwIfAborted();
  }
}
