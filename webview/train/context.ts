import type { TrainCommand, TrainState } from '../../src/rpc/train-protocol';

/** What the page's templates may reach. */
export interface ViewContext {
  state: TrainState;
  /** a button that could not do its work, and why */
  failure: string | undefined;
  run(command: TrainCommand): void;
}
