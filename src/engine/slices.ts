import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { finishInSlices, type Steps } from '../core/steps';

/**
 * Runs steps to their end, giving the process's events a turn in between.
 * @throws the signal's reason, when it is aborted on the way
 */
export function inSlices<T>(steps: Steps<T>, signal: AbortSignal | undefined): Promise<T> {
  return finishInSlices(steps, { signal, pause: () => yieldToEvents() });
}
