export { buildRows, type SplitChoice } from './build';
export * from './types';
