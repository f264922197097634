import { setMaxListeners } from 'node:events';

/** Rejects as soon as `signal` aborts; libvips cannot be stopped, its result is dropped when it comes. */
export async function orAbort<T>(job: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await job;
  // One listener for each picture under way is no leak.
  setMaxListeners(0, signal);
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([job, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Rejects with the message `timeout` when the job takes longer; it goes on, unheard. */
export async function withDeadline<T>(job: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('timeout')), ms);
  });
  try {
    return await Promise.race([job, late]);
  } finally {
    clearTimeout(timer);
  }
}
