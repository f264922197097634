import type { LabelCommand } from '../../src/rpc/label-protocol';
import type { Action } from './keys';
import type { LabelModel } from './model';
import type { Pictures } from '../ui/pictures';

/** What the page's templates may reach. */
export interface ViewContext {
  model: LabelModel;
  pictures: Pictures;
  /** `event`: what a control was used with */
  act(action: Action, event?: Event): void;
  run(command: LabelCommand): void;
}
