export { QuestionOrder, type OrderContext, type OrderOptions, type Question } from './order';
export { worthOf, type Worth, type WorthContext } from './worth';
export { hiddenRepeat, type RepeatPlan } from './repeats';
export { chanceOfChange } from './stopping';
export { paceOf, timeLeft, type Pace, type TimeLeft } from './pace';
