// A worker thread that trains: one replica of the network. Bundled to dist/train-worker.cjs.
import { parentPort, workerData } from 'node:worker_threads';
import { loadBackend } from '../backend/load';
import { wasmModule } from '../backend/wasm-module';
import { buildParts } from '../network/parts';
import { Exchange, share } from './exchange';
import { Learner } from './learner';
import { Run } from './run';
import { Sampler } from './sampler';
import type { TrainGo, TrainReply, TrainStart } from './train-protocol';

const port = parentPort!;
const reply = (message: TrainReply): void => port.postMessage(message);

async function main(): Promise<void> {
  const start = workerData as TrainStart;
  const { options, input, data } = start;
  const backend = await loadBackend(start.backend);
  if (backend.name === 'wasm' && !wasmModule()) {
    throw new Error(`training on wasm needs kernels of our own: ${backend.why.join('; ')}. Reinstall the extension.`);
  }
  const { width, height, channels } = input;
  const { embeddingSize, widen, seed, freeze } = options;
  const parts = await buildParts(
    { backbone: options.backbone, width, height, channels, embeddingSize, widen, seed, freeze },
    start.source,
  );
  const sampler = new Sampler(data, start.train, options);
  // The sizes that the shared memory must have are the network's: a learner alone, never run, tells them.
  const alone = new Learner(
    parts,
    data,
    input,
    options,
    sampler,
    new Exchange(share(1, 1, 1), 0),
    start.source?.card.embedding,
  );
  const parameters = alone.optimiser.parameters;
  const gradientSize = Learner.gradientSize(parameters);
  const dimension = Math.max(alone.dimension, parts.original?.dimension ?? 0);
  reply({ kind: 'ready', dimension, gradientSize, backend, parameters: parts.network.countParams() });
  const go = await new Promise<TrainGo>(resolve => port.once('message', resolve));
  const exchange = new Exchange(go.shared, start.replica);
  const stepsPerEpoch = options.stepsPerEpoch || sampler.stepsPerEpoch(start.train.length);
  const run = new Run(alone.joined(exchange), parts, start, go, exchange, stepsPerEpoch, {
    progress: progress => reply({ kind: 'progress', progress }),
    epoch: (report, state) => reply({ kind: 'epoch', report, state }),
  });
  const outcome = await run.toEnd();
  if (start.replica === 0) reply({ kind: 'done', outcome });
}

main().then(
  () => port.close(),
  (error: unknown) => {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    reply({ kind: 'failed', name, message });
    port.close();
  },
);
