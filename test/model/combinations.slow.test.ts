import { beforeAll, expect, it } from 'vitest';
import { bundleWorker } from './support/bundle';
import { shortTraining, trainable } from './support/training';
import { wasmDir } from './support/wasm';

let workerFile: string;

beforeAll(async () => {
  workerFile = await bundleWorker('src/model/training/train-worker.ts');
  wasmDir();
}, 60_000);

it.each(trainable())(
  'lowers its loss and finds held-out classes better with %s on %s, normalised: %s',
  async (...combination) => {
    const { history, before, after } = await shortTraining(combination, workerFile);
    const [first, last] = [history[0]!.loss, history.at(-1)!.loss];
    expect(last).toBeLessThan(first);
    expect(after).toBeGreaterThan(before);
  },
);
