export { Ledger, tripletAnswers } from './ledger';
export type { Appended, AppendOptions, LedgerChange, LedgerOptions, Unsaved } from './ledger';
export { LedgerError, type LedgerErrorCode } from './errors';
export type {
  AnswerDraft,
  AnswerEvent,
  ClassDraft,
  ClassEvent,
  EventDraft,
  FlagDraft,
  FlagEvent,
  LedgerEvent,
  UndoEvent,
  Why,
} from './events';
export type { LedgerState, StandingAnswer, StandingClass, StandingFlag } from './state';
export type { LineProblem, ReadOptions } from './reader';
export { whoJudges } from './who';
export { addUnionMerge, unionMerge, type UnionMerge } from './git';
export { Leases, type LeaseOptions } from './leases';
export { lostImages, type LostImage } from './lost';
export { compact, type Compacted } from './compact';
