export { RelationGraph } from './graph';
export type { Judgement, Known, RelationChange, RelationCounts } from './graph';
export { explain, type PlacedJudgement } from './explain';
export { minCut, type Cut, type CutEdge } from './min-cut';
