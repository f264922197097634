import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ClientProtocol, EngineProtocol, Progress } from '../../../src/rpc/engine-protocol';
import { isCancelled, Rpc } from '../../../src/rpc/rpc';

type Calls = EngineProtocol['calls'];
type Job = 'scan' | 'embed' | 'mine' | 'evaluate' | 'export';

export interface Waits {
  job: Job;
  /** of a run that nobody stops, milliseconds */
  whole: number;
  /** from the cancel to the answer that it was cancelled, milliseconds, shortest first; runs that ended before are left out */
  waits: number[];
  /** in which stage the longest wait was */
  slowest: string;
}

/**
 * How long a person who cancels waits, as the editor sees it: over the channel of the built engine, at `trials` moments
 * spread over each job.
 * @param folder images; gets a `.margin` folder
 */
export async function benchCancel(
  engineFile: string,
  folder: string,
  trials: number,
  only: readonly string[],
  onJob: (waits: Waits) => void,
): Promise<void> {
  const child = fork(engineFile, [], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const rpc = new Rpc<ClientProtocol, EngineProtocol>(
    {
      send: message => void child.send(message),
      onMessage: listener => {
        child.on('message', listener);
        return () => child.off('message', listener);
      },
    },
    {},
  );
  const out = mkdtempSync(path.join(os.tmpdir(), 'margin-cancel-'));
  const ref: Calls['scan']['params'] = {
    folder,
    settings: {
      ...{ model: 'starter', backend: 'auto', classes: 'folder', exclude: [], svg: false, decoder: 'auto' },
      by: 'bench@example.org',
    },
  };
  const params: { [J in Job]: Calls[J]['params'] } = {
    scan: ref,
    embed: ref,
    mine: {
      ...ref,
      ...{
        lane: 'semi-hard-triplets',
        metric: 'auto',
        margin: 0.2,
        strategy: 'nearest',
        topK: 1000,
        perImage: 5,
        seed: 1,
      },
    },
    evaluate: ref,
    export: {
      ...ref,
      ...{ as: 'pairs', format: 'jsonl', out: path.join(out, 'x.pairs.jsonl'), split: [0.8, 0.1, 0.1], seed: 1 },
      ...{ from: ['classes'], limit: 500_000 },
    },
  };
  // What must be done anew each time, for there to be something to cancel.
  const fresh = (job: Job) => (job === 'scan' || job === 'embed' ? rpc.call('clearCache', ref) : undefined);
  try {
    for (const job of Object.keys(params) as Job[]) {
      if (only.length > 0 && !only.includes(job)) continue;
      await rpc.call(job, params[job] as never, {}); // the backend is loaded, and what is kept from run to run is there
      await fresh(job);
      const started = performance.now();
      await rpc.call(job, params[job] as never, {});
      const whole = performance.now() - started;
      const waits: { ms: number; stage: string }[] = [];
      for (let trial = 0; trial < trials; trial++) {
        await fresh(job);
        const abort = new AbortController();
        let stage = 'start';
        let cancelledAt = 0;
        const timer = setTimeout(
          () => {
            cancelledAt = performance.now();
            abort.abort();
          },
          (whole * (trial + 0.5)) / trials,
        );
        const options = { signal: abort.signal, onProgress: (progress: Progress) => (stage = progress.stage) };
        const ended: unknown = await rpc.call(job, params[job] as never, options as never).catch((e: unknown) => e);
        clearTimeout(timer);
        // A search that is cancelled gives what it found, and says so.
        const partial = (ended as { report?: { partial?: boolean } }).report?.partial === true;
        if (isCancelled(ended) || partial) waits.push({ ms: performance.now() - cancelledAt, stage });
        else if (ended instanceof Error) throw ended;
      }
      waits.sort((a, b) => a.ms - b.ms);
      onJob({ job, whole, waits: waits.map(({ ms }) => ms), slowest: waits.at(-1)?.stage ?? '' });
    }
  } finally {
    rpc.dispose();
    child.kill('SIGKILL');
    rmSync(out, { recursive: true, force: true });
  }
}
