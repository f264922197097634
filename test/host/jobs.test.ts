import { describe, expect, test, vi } from 'vitest';
import type { Job } from '../../src/host/jobs';
import { Jobs } from '../../src/host/jobs';

describe('jobs', () => {
  test('run one at a time', async () => {
    const jobs = new Jobs();
    let end!: () => void;
    const first = jobs.run('Mine', () => new Promise<void>(resolve => (end = resolve)));
    expect(await jobs.run('Export', () => Promise.resolve(1))).toMatchObject({ state: 'busy', by: { what: 'Mine' } });
    end();
    expect(await first).toEqual({ state: 'done', value: undefined });
    expect(await jobs.run('Export', () => Promise.resolve(1))).toEqual({ state: 'done', value: 1 });
  });

  test('end in a state, never in an exception', async () => {
    const jobs = new Jobs();
    const failed = await jobs.run('Mine', () => Promise.reject(new Error('no images')));
    expect(failed).toMatchObject({ state: 'failed', error: { message: 'no images' } });
    const work = jobs.run(
      'Mine',
      signal =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            reject(Object.assign(new Error('stopped'), { name: 'AbortError' }));
          });
        }),
    );
    jobs.cancel();
    expect(await work).toEqual({ state: 'cancelled' });
  });

  test('tell of every stage at once, of steps within one a few times a second, and of the end', async () => {
    vi.useFakeTimers();
    try {
      const jobs = new Jobs();
      const seen: (string | undefined)[] = [];
      jobs.onChanged((job: Job | undefined) =>
        seen.push(job && `${job.progress?.stage ?? '-'} ${String(job.progress?.done ?? '')}`.trim()),
      );
      const work = jobs.run('Mine', async (_, report) => {
        report({ stage: 'embed', done: 0, total: 1000 });
        for (let done = 1; done <= 1000; done++) report({ stage: 'embed', done, total: 1000 });
        await vi.advanceTimersByTimeAsync(150);
        report({ stage: 'mine', done: 0, total: 0 });
      });
      await vi.runAllTimersAsync();
      await work;
      expect(seen).toEqual(['-', 'embed 0', 'embed 1000', 'mine 0', undefined]);
    } finally {
      vi.useRealTimers();
    }
  });
});
