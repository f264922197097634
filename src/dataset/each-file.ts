import { setImmediate as yieldToEvents } from 'node:timers/promises';

export interface EachFileOptions<T> {
  /** the quick way: synchronous, without a thread's round trip */
  sync: (item: T) => void;
  /** the same work, where the disk is slow enough that several requests at once pay */
  async: (item: T) => Promise<void>;
  /** items for which `sync` would take long by itself: done with `async` */
  isLarge?: (item: T) => boolean;
  signal?: AbortSignal;
  /** called with the number of items done */
  onProgress?: (done: number) => void;
}

/** The event loop is let go at least this often, so that a cancel is heard at once. */
const SLICE_MS = 12;
/** Above this, one item's wait is the disk's (a network drive, a sleeping disk): go on with many at once. */
const SLOW_MS = 1.5;
const IN_FLIGHT = 16;
const STRETCH = 256;

/**
 * Does small file work on many files: synchronously in short slices on a local disk (three to four times as fast as a
 * thread-pool round trip each), many at once on a slow one; which of the two is measured as it goes.
 * Throws what an item throws, and the signal's reason when it aborts.
 */
export async function eachFile<T>(items: readonly T[], options: EachFileOptions<T>): Promise<void> {
  const { signal, onProgress } = options;
  let next = 0;
  let pace = 0;
  while (next < items.length) {
    signal?.throwIfAborted();
    if (pace > SLOW_MS) {
      const end = Math.min(items.length, next + STRETCH);
      await concurrently(items, next, end, options);
      next = end;
      // The wait may have been a passing one: measured again.
      pace = 0;
      continue;
    }
    const started = performance.now();
    const first = next;
    if (options.isLarge?.(items[next]!)) await options.async(items[next++]!);
    else {
      do options.sync(items[next++]!);
      while (next < items.length && performance.now() - started < SLICE_MS && !options.isLarge?.(items[next]!));
      pace = 0.5 * pace + 0.5 * ((performance.now() - started) / (next - first));
    }
    onProgress?.(next);
    await yieldToEvents();
  }
  signal?.throwIfAborted();
}

async function concurrently<T>(
  items: readonly T[],
  from: number,
  to: number,
  options: EachFileOptions<T>,
): Promise<void> {
  const { signal, onProgress } = options;
  let next = from;
  let done = from;
  const lane = async (): Promise<void> => {
    while (next < to) {
      signal?.throwIfAborted();
      await options.async(items[next++]!);
      onProgress?.(++done);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}
