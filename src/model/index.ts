/**
 * The siamese network: backends, loading, embedding, training. Importing this loads no tfjs: what needs it runs in workers,
 * or imports it when called.
 */
import type { BackendOptions, LoadedBackend } from './backend/choice';
import type { Embedder } from './embedder';
import type { ModelArtifacts } from './network/artifacts';
import { readModel } from './source';
import type { ModelPlaces, ModelSource } from './source';

export { BackendError } from './backend/choice';
export type { BackendChoice, BackendName, BackendOptions, LoadedBackend } from './backend/choice';
export type { ModelCard, ModelEmbedding, ModelInput } from './card';
export { batchSize, pictureBytes } from './embedder';
export type { Embedder, EmbedderInfo } from './embedder';
export { BACKBONE_DEFAULTS, BACKBONES } from './network/choices';
export type { Backbone } from './network/choices';
export type { ModelArtifacts } from './network/artifacts';
export { createEmbedderPool } from './pool';
export type { PoolOptions } from './pool';
export { judgedMap } from './training/map/judged-map';
export type { JudgedMap, MapVerdict } from './training/map/judged-map';
export { judgedWhitening } from './training/map/judged-whitening';
export type { JudgedWhitening, KnownClasses, WhiteningVerdict } from './training/map/judged-whitening';
export type { KnownPairs } from './training/map/fit-map';
export { saveModel } from './save';
export { readModel, ModelError } from './source';
export type { ModelPlaces, ModelSource } from './source';
export { DataError, Relations, tripletsAmong, usableRows } from './training/data';
export type { Answer, TrainingData } from './training/data';
export { completeOptions, LOSSES, ONLINE_MININGS, OPTIMISERS, OptionsError, SCHEDULES } from './training/options';
export type { Augmentation, Loss, OnlineMining, Synthesis, TrainOptions } from './training/options';
export { splitHeldOut } from './training/split';
export type { HeldOutSplit } from './training/split';
export type { EpochReport } from './training/state';
export type { TrainProgress } from './training/train-protocol';
export { train } from './training/trainer';
export type { TrainEnvironment, TrainResult } from './training/trainer';

/** Starts a tfjs backend in this thread; see `backend/load`. */
export async function loadBackend(options: BackendOptions): Promise<LoadedBackend> {
  return (await import('./backend/load')).loadBackend(options);
}

/** Builds the embedder of a model in this thread, on the backend that runs in it; see `load-model`. */
export async function createEmbedder(source: ModelSource, backend: LoadedBackend): Promise<Embedder> {
  return (await import('./load-model')).createEmbedder(source, backend);
}

/** Reads a model and runs it in this thread. For many images `readModel` and `createEmbedderPool` are faster. */
export async function loadModel(ref: string, options: ModelPlaces & { backend: BackendOptions }): Promise<Embedder> {
  return (await import('./start')).startEmbedder(await readModel(ref, options), options.backend);
}

/** A model with a linear map behind its embedding; see `network/parts`. Starts a tfjs backend in this thread. */
export async function appendMap(
  source: ModelSource,
  map: Float64Array,
  dimension: number,
  backend: BackendOptions,
): Promise<ModelArtifacts> {
  await loadBackend(backend);
  return (await import('./network/parts')).appendMap(source, map, dimension);
}
