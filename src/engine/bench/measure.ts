import { completeOptions, pictureBytes, train } from '../../model';
import type { Backbone, BackendOptions, Embedder, ModelInput } from '../../model';
import { Random } from '../../core/random';

/** Pictures a second, by the clock and for each second that all threads spent, of each repetition. */
export interface Pace {
  clock: number[];
  processor: number[];
}

/** A network to measure with, and its input's size in pixels. */
export interface BenchNetwork {
  backbone: Backbone;
  size: number;
  channels: 1 | 3;
}

export function inputOf({ size, channels }: BenchNetwork): ModelInput {
  const each = (value: number): number[] => new Array<number>(channels).fill(value);
  return {
    ...{ width: size, height: size, channels, fit: 'fill', background: 0, scale: 1 / 255 },
    ...{ mean: each(0.5), std: each(0.5) },
  };
}

/** `count` pictures of random bytes, the same every time. */
export function noisePictures(input: ModelInput, count: number): Uint8Array {
  const random = new Random(1);
  return new Uint8Array(count * pictureBytes(input)).map(() => random.below(256));
}

/** Seconds that all threads of this process have spent. */
export function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** The middle one, of an even number the lower; NaN of none. */
export function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? NaN;
}

/**
 * Embeds the same pictures again and again; decoding is no part of it. An eighth of them goes before, to warm up.
 * @throws AbortError when the signal is aborted
 */
export async function paceOfEmbedding(
  embedder: Embedder,
  count: number,
  runs: number,
  { signal, done }: { signal?: AbortSignal; done?: (runs: number) => void } = {},
): Promise<Pace> {
  const pixels = noisePictures(embedder.input, count);
  const few = Math.ceil(count / 8);
  const options = signal ? { signal } : {};
  await embedder.embed(pixels.subarray(0, few * pictureBytes(embedder.input)), few, options);
  const pace: Pace = { clock: [], processor: [] };
  for (let run = 0; run < runs; run++) {
    const [clock, before] = [performance.now(), processorSeconds()];
    await embedder.embed(pixels, count, options);
    pace.clock.push(count / ((performance.now() - clock) / 1000));
    pace.processor.push(count / (processorSeconds() - before));
    done?.(run + 1);
  }
  return pace;
}

/** What a measured training runs with. */
export interface TrainingBench {
  network: BenchNetwork;
  batch: number;
  /** steps a repetition */
  steps: number;
  runs: number;
  threads: number;
  backend: BackendOptions;
  /** the bundled worker, `dist/train-worker.cjs` */
  workerFile: string;
  signal?: AbortSignal;
  done?: (runs: number) => void;
}

/**
 * Trains a new network on random pictures: whole steps (pictures changed, forward, contrastive loss over all pairs of a
 * batch, backward, optimiser). One repetition goes before, to warm up.
 * @throws BackendError where the backend does not load; AbortError when the signal is aborted
 */
export async function paceOfTraining(bench: TrainingBench): Promise<Pace & { backend: string; why: string[] }> {
  const { network, batch, steps, runs, threads, backend, workerFile, signal, done } = bench;
  const { backbone } = network;
  const input = inputOf(network);
  const count = 512;
  const options = completeOptions(
    {
      ...{ backbone, loss: 'contrastive', mining: 'all', embeddingSize: 64, heldOut: 0, threads },
      ...{ classesPerBatch: batch / 4, imagesPerClass: 4, epochs: runs + 1, stepsPerEpoch: steps },
    },
    input,
    threads,
  );
  const spent: number[] = [];
  let before = processorSeconds();
  const result = await train(
    options,
    input,
    { pixels: noisePictures(input, count), count, labels: Int32Array.from({ length: count }, (_, i) => i % 32) },
    {
      backend,
      workerFile,
      ...(signal && { signal }),
      onEpoch: ({ epoch }) => {
        const now = processorSeconds();
        spent.push((steps * batch) / (now - before));
        before = now;
        done?.(Math.min(runs, epoch));
      },
    },
  );
  signal?.throwIfAborted();
  return {
    clock: result.history.slice(1).map(({ imagesPerSecond }) => imagesPerSecond),
    processor: spent.slice(1),
    backend: result.backend.name,
    why: result.backend.why,
  };
}
