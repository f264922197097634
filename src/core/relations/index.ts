export { RelationGraph } from './graph';
export type { Judgement, Known, RelationChange, RelationCounts } from './graph';
export { explain, type PlacedJudgement } from './explain';
export { minCut, type Cut, type CutEdge } from './min-cut';
export { calibrate, logOddsRight, type Calibration, type Evidence, type EvidenceOptions } from './evidence';
export { contradictionAt, type Contradiction, type Suspect } from './contradiction';
export { contradictions, rankSuspects, type RankedAnswer } from './suspects';
export { type ScoreOptions, type WeightOf } from './scores';
export { classProposals, type ClassProposal, type ClassView } from './reclass';
