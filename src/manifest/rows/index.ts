export { buildRows, rowSteps, type SplitChoice } from './build';
export * from './types';
