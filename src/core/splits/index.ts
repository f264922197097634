export {
  type SplitBy,
  SplitError,
  type SplitErrorCode,
  type SplitPlan,
  type SplitRequest,
  type SplitShape,
} from './plan';
export { planSplit, splitNames, splitShape } from './plan';
export { checkLeaks, describeLeaks, type LeakReport, leaks } from './leaks';
export { type Ties, type Units, unitsOf } from './units';
export { hash32, type Random, sampleIndices, seeded, shuffled } from './random';
