export { QuestionOrder, type OrderChange, type OrderContext, type OrderOptions } from './order';
export { QuestionTable } from './table';
export { orderOf, type HashContext, type Question } from './by-hash';
export { worthOf, type Worth, type WorthContext } from './worth';
export { hiddenRepeat, type RepeatPlan } from './repeats';
export { chanceOfChange } from './stopping';
export { paceOf, timeLeft, type Pace, type TimeLeft } from './pace';
