import os from 'node:os';
import path from 'node:path';
import { mine } from '../../kernel';
import type { BackendInfo, FolderRef } from '../../rpc/engine-protocol';
import type { Assets } from '../assets';
import { medianOf, paceOfEmbedding, paceOfTraining, processorSeconds, type BenchNetwork } from '../bench/measure';
import { embeddings } from '../bench/vectors';
import type { Embedders } from '../embedders';
import { StageProgress, type JobOptions } from '../progress';

export const BENCHES = ['kernel', 'embed', 'train'] as const;

export interface BenchParams extends FolderRef {
  what: (typeof BENCHES)[number];
  /** `kernel`: vectors to mine over, and their numbers */
  images: number;
  dimension: number;
  /** repetitions; the median counts */
  runs: number;
}

/** What a measurement found; figures are medians of its repetitions. */
export type BenchResult = { runs: number; processor: string; cores: number; node: string } & (
  MiningBench | EmbeddingBench | TrainingBenchResult
);

export interface MiningBench {
  what: 'kernel';
  images: number;
  dimension: number;
  kernel: string;
  threads: number;
  /** semi-hard triplets found */
  found: number;
  seconds: number;
  processorSeconds: number;
  /** 2 N² d floating-point operations a second of the clock, in thousand millions */
  gflops: number;
}

export interface EmbeddingBench {
  what: 'embed';
  model: string;
  /** of the model's input */
  width: number;
  height: number;
  channels: number;
  dimension: number;
  backend: BackendInfo;
  threads: number;
  imagesPerSecond: number;
}

export interface TrainingBenchResult {
  what: 'train';
  network: BenchNetwork;
  batch: number;
  backend: BackendInfo;
  threads: number;
  imagesPerSecond: number;
}

/** Seconds that one repetition is to take, about. */
const REPETITION = 2;
/** Pictures a batch of the measured training. */
const BATCH = 128;

/**
 * Measures how fast this machine mines, embeds or trains, on vectors and pictures made up for it; the folder only says whose
 * models may be named.
 * @throws AbortError when the signal is aborted
 */
export async function measureSpeed(
  params: BenchParams,
  embedders: Embedders,
  assets: Assets,
  options: JobOptions,
): Promise<BenchResult> {
  const measured = { kernel: measureMining, embed: measureEmbedding, train: measureTraining }[params.what];
  const result = await measured(params, embedders, assets, options);
  const [processor] = os.cpus();
  return {
    ...result,
    runs: params.runs,
    processor: processor?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    node: process.versions.node,
  };
}

async function measureMining(
  { images, dimension, runs }: BenchParams,
  _embedders: Embedders,
  { dist }: Assets,
  { signal, report }: JobOptions,
): Promise<MiningBench> {
  const data = embeddings(images, dimension, 'clustered');
  const progress = new StageProgress('mine', report);
  const figures: { seconds: number; processor: number }[] = [];
  let last = { kernel: '', threads: 0, found: 0 };
  for (let run = 0; run < runs; run++) {
    const before = processorSeconds();
    const { report: ran } = await mine(
      data,
      {
        ...{ lane: 'semi-hard-triplets', metric: 'l2', margin: 0.2, strategy: 'nearest', perPair: 1, topK: 1000 },
        ...{ guards: { perImage: 5 }, seed: 1, indexAbove: images },
      },
      {
        ...(signal && { signal }),
        workerPath: path.join(dist, 'kernel-worker.cjs'),
        onProgress: ({ done, total }) => progress.update(run + (total > 0 ? done / total : 0), runs),
      },
    );
    signal?.throwIfAborted();
    figures.push({ seconds: ran.seconds, processor: processorSeconds() - before });
    last = ran;
  }
  const seconds = medianOf(figures.map(figure => figure.seconds));
  return {
    what: 'kernel',
    images,
    dimension,
    kernel: last.kernel,
    threads: last.threads,
    found: last.found,
    seconds,
    processorSeconds: medianOf(figures.map(figure => figure.processor)),
    gflops: (2 * images ** 2 * dimension) / seconds / 1e9,
  };
}

async function measureEmbedding(
  { folder, settings, runs }: BenchParams,
  embedders: Embedders,
  _assets: Assets,
  { signal, report }: JobOptions,
): Promise<EmbeddingBench> {
  const progress = new StageProgress('embed', report);
  return embedders.use(folder, settings, signal, async embedder => {
    const options = signal ? { signal } : {};
    // twice: what the first call starts is no part of its pace
    await paceOfEmbedding(embedder, 32, 1, options);
    const [pace] = (await paceOfEmbedding(embedder, 64, 1, options)).clock;
    const count = Math.max(64, Math.min(16384, Math.ceil((pace! * REPETITION) / 64) * 64));
    const { clock } = await paceOfEmbedding(embedder, count, runs, {
      ...options,
      done: done => progress.update(done, runs),
    });
    const { width, height, channels } = embedder.input;
    return {
      what: 'embed',
      model: embedder.name,
      ...{ width, height, channels },
      dimension: embedder.dimension,
      backend: { name: embedder.backend.name, why: embedder.backend.why },
      threads: embedder.threads,
      imagesPerSecond: medianOf(clock),
    };
  });
}

async function measureTraining(
  { settings, runs }: BenchParams,
  embedders: Embedders,
  { dist }: Assets,
  { signal, report }: JobOptions,
): Promise<TrainingBenchResult> {
  const progress = new StageProgress('train', report);
  const network: BenchNetwork = { backbone: 'conv4', size: 28, channels: 1 };
  const threads = Math.max(1, Math.min(4, os.availableParallelism()));
  const { clock, backend, why } = await paceOfTraining({
    ...{ network, batch: BATCH, steps: 10, runs, threads },
    backend: embedders.options(settings),
    workerFile: path.join(dist, 'train-worker.cjs'),
    ...(signal && { signal }),
    done: done => progress.update(done, runs),
  });
  return {
    what: 'train',
    network,
    batch: BATCH,
    backend: { name: backend, why },
    threads,
    imagesPerSecond: medianOf(clock),
  };
}
