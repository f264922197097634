import type { Memento } from 'vscode';
import type { TrainControllerOptions, TrainRecord } from './trainController';

const KEY = 'margin.training';

/** Remembers the last training of this workspace, so that a closed window can take it up again. */
export function trainMemory(memento: Memento): TrainControllerOptions['memory'] {
  return {
    get() {
      const record = memento.get<Partial<TrainRecord> | null>(KEY);
      return typeof record?.run?.folder === 'string' ? (record as TrainRecord) : undefined;
    },
    set: record => void memento.update(KEY, record),
  };
}
