/** What the command line needs of the engine. */
export { LANES, METRICS } from '../core/types';
export { STRATEGIES } from '../core/mining/types';
export { MINING_CHOICES, whyIgnored, type ChoiceContext } from '../core/mining/choices';
export { assetsBeside } from './assets';
export { Engine } from './engine';
export type { JobOptions } from './progress';
export { EngineError, messageOf } from './errors';
export type {
  ChanceInfo,
  EngineSettings,
  EpochPoint,
  HeldOutMeasure,
  EvaluateParams,
  EvaluateResult,
  ExamplesInfo,
  IntervalInfo,
  MapInfo,
  RetrievalInfo,
  TrainParams,
  TrainResult,
  FileProblem,
  Item,
  MineResult,
  PairItem,
  RankedItem,
  Progress,
} from '../rpc/engine-protocol';
export { BACKBONES, LOSSES, ONLINE_MININGS, OPTIMISERS, SCHEDULES } from '../model';
export { BENCHES } from './jobs/bench';
export type { BenchResult } from './jobs/bench';
export { formats } from './jobs/import';
export { splitShape as checkSplit } from '../core/splits';
