import type { EpochPoint, HeldOutMeasure, Progress, TrainParams, TrainResult } from './engine-protocol';

/** What is chosen of a training; the folder and its settings are added when it starts. */
export type TrainChoice = Omit<TrainParams, 'folder' | 'settings'>;

/** One training: what was chosen and how far it came. Kept by the host, so that it outlives the page and the window. */
export interface TrainRun {
  /** absolute path */
  folder: string;
  /** what people call that folder */
  folderName: string;
  choice: TrainChoice;
  /** the choices in words, in the order in which they were made */
  facts: { name: string; value: string }[];
  /** the model in use when it began */
  modelBefore: string;
  /** an epoch each, in order */
  history: EpochPoint[];
  /** what the held-out figure is, once that is known */
  measure?: HeldOutMeasure;
}

/** Everything the page shows. */
export type TrainState =
  | { kind: 'nothing' }
  | { kind: 'untrusted' }
  | {
      kind: 'running';
      run: TrainRun;
      /** stage, counts and time left, as one line */
      detail?: string;
      progress?: Progress;
      /** cancelled, and the best so far is being saved */
      stopping: boolean;
    }
  /** `inUse`: the folder's model is this one */
  | { kind: 'done'; run: TrainRun; result: TrainResult; inUse: boolean }
  /** cancelled before there was anything to keep */
  | { kind: 'cancelled'; run: TrainRun }
  /** the window was closed, or the engine went away, while it ran */
  | { kind: 'interrupted'; run: TrainRun }
  | { kind: 'failed'; run: TrainRun; message: string; hint?: string };

/** The page's buttons. */
export const TRAIN_COMMANDS = [
  'cancel',
  'start',
  'useModel',
  'mineAgain',
  'evaluate',
  'openFolder',
  'change',
  'showAnswers',
  'showLog',
  'trustFolder',
] as const;

export type TrainCommand = (typeof TRAIN_COMMANDS)[number];

/** What the page of a training may ask of the host. */
export interface TrainHostProtocol {
  calls: {
    /** a full snapshot, asked for on every (re)load of the page */
    ready: { params: Record<string, never>; result: TrainState };
    command: { params: { id: TrainCommand }; result: null };
  };
  notifications: Record<string, never>;
}

/** What the host tells the page unasked. */
export interface TrainPageProtocol {
  calls: Record<string, never>;
  notifications: { state: TrainState };
}
