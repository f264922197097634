import type { Memento } from 'vscode';
import type { Lane } from '../core/types';
import type { LabelControllerOptions } from './label/labelController';

/** Remembers, for this workspace, which lane each folder was left at. */
export function laneMemory(memento: Memento): LabelControllerOptions['lane'] {
  const key = (folder: string) => `margin.lane:${folder}`;
  return {
    get: folder => memento.get<Lane>(key(folder)),
    set: (folder, lane) => {
      if (memento.get<Lane>(key(folder)) !== lane) void memento.update(key(folder), lane);
    },
  };
}
