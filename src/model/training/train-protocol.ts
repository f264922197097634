import type { BackendOptions, LoadedBackend } from '../backend/choice';
import type { ModelInput } from '../card';
import type { ModelArtifacts } from '../network/artifacts';
import type { ModelSource } from '../source';
import type { TrainingData } from './data';
import type { Shared } from './exchange';
import type { TrainOptions } from './options';
import type { HeldOutSplit } from './split';
import type { EpochReport, RunState } from './state';

/** workerData of a training worker. */
export interface TrainStart {
  replica: number;
  options: TrainOptions;
  input: ModelInput;
  data: TrainingData;
  train: number[];
  heldOut: number[];
  /** what the held-out part is judged by, and what its pictures are found among beside each other */
  judge: { by: HeldOutSplit['judgedBy']; gallery: number[] };
  backend: BackendOptions;
  /** the network to start from, of `own` */
  source?: ModelSource;
}

/** Sent once every replica is ready. */
export interface TrainGo {
  shared: Shared;
  resume?: RunState;
  fingerprint: string;
  choices: string;
}

export interface TrainProgress {
  step: number;
  steps: number;
  epoch: number;
  epochs: number;
  /** running mean */
  loss: number;
  imagesPerSecond: number;
  /** of training as planned; early stopping may end it before */
  secondsLeft: number;
}

export interface Whitened {
  kept: boolean;
  before?: number;
  after?: number;
}

export interface TrainOutcome {
  artifacts: ModelArtifacts;
  dimension: number;
  /** of the weighted L1 */
  weights?: Float32Array;
  /** of the loss, where it has one */
  margin: number;
  history: EpochReport[];
  best: RunState['best'];
  /** nothing was better: `artifacts` is the model that was gone on from, whatever was chosen */
  unchanged?: true;
  /** of a run that whitens in the end: the held-out figure without and with it, and whether it is in the network */
  whitened?: Whitened;
  ended: 'finished' | 'early' | 'time' | 'cancelled';
  seconds: number;
  steps: number;
}

export type TrainReply =
  /** `dimension`: of the longest embeddings that the replicas exchange */
  | { kind: 'ready'; dimension: number; gradientSize: number; backend: LoadedBackend; parameters: number }
  | { kind: 'progress'; progress: TrainProgress }
  | { kind: 'epoch'; report: EpochReport; state: RunState }
  | { kind: 'done'; outcome: TrainOutcome }
  | { kind: 'failed'; name: string; message: string };
