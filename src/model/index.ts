/** The siamese network: backends, loading, embedding. Heavy parts (tfjs) are reached only through functions that need them. */
import { loadBackend } from './backend/load';
import type { BackendOptions } from './backend/load';
import type { Embedder } from './embedder';
import { createEmbedder } from './load-model';
import { readModel } from './source';
import type { ModelPlaces } from './source';

export { loadBackend, BackendError } from './backend/load';
export type { BackendChoice, BackendName, BackendOptions, LoadedBackend } from './backend/load';
export type { ModelCard, ModelEmbedding, ModelInput } from './card';
export { batchSize, pictureBytes } from './embedder';
export type { Embedder, EmbedderInfo } from './embedder';
export { createEmbedder } from './load-model';
export { createEmbedderPool } from './pool';
export type { PoolOptions } from './pool';
export { BACKBONE_DEFAULTS, BACKBONES } from './network/backbones';
export type { Backbone } from './network/backbones';
export { saveModel } from './save';
export { readModel, ModelError } from './source';
export type { ModelPlaces, ModelSource } from './source';
export { DataError } from './training/data';
export type { Answer, TrainingData } from './training/data';
export { completeOptions, LOSSES, ONLINE_MININGS, OptionsError } from './training/options';
export type { Augmentation, Loss, OnlineMining, Synthesis, TrainOptions } from './training/options';
export { splitHeldOut } from './training/split';
export type { HeldOutSplit } from './training/split';
export type { EpochReport } from './training/state';
export type { TrainProgress } from './training/train-protocol';
export { train } from './training/trainer';
export type { TrainEnvironment, TrainResult } from './training/trainer';

/** Reads a model and runs it in this thread. For many images `readModel` and `createEmbedderPool` are faster. */
export async function loadModel(ref: string, options: ModelPlaces & { backend: BackendOptions }): Promise<Embedder> {
  return createEmbedder(await readModel(ref, options), await loadBackend(options.backend));
}
