import type { ImageHash, Lane, Relation, TripletVerdict } from '../core/types';
import type { LabelWindow, Progress, Thumbnail } from './engine-protocol';

/** What the Label page may ask of the host. The host validates every parameter: a page is not trusted. */
export interface LabelHostProtocol {
  calls: {
    /** a full snapshot, asked for on every (re)load of the page */
    ready: { params: Record<string, never>; result: LabelState };
    /** resolves when the answer is on disk; asking again with the same token writes once */
    answer: {
      params: { itemId: string; verdict: TripletVerdict | Relation; ms: number; token: string; repeat?: boolean };
      result: LabelState;
    };
    undo: { params: { token: string }; result: LabelState };
    flag: { params: { image: ImageHash; token: string }; result: LabelState };
    /** of the contradiction that is shown: says what a pair of it really is */
    settle: { params: { a: ImageHash; b: ImageHash; relation: Relation; token: string }; result: LabelState };
    /** leaves the contradiction or the offer that is shown */
    later: { params: { what: 'contradiction' | 'offer' }; result: LabelState };
    /** makes the change of classes that is offered */
    acceptOffer: { params: { kind: 'merge' | 'relabel' | 'name'; token: string }; result: LabelState };
    /** pictures travel as bytes, shown as blob URLs and released: webview resource URLs are cached for ever */
    thumbnail: { params: { hash: ImageHash; size: number }; result: Thumbnail };
    /** one of the page's own buttons: runs a Margin command */
    command: { params: { id: LabelCommand }; result: null };
  };
  notifications: {
    /** for the context key that lets keys belong to the panel */
    focus: { focused: boolean };
  };
}

/** The buttons that the page can show; each stands for one command of the host. */
export const LABEL_COMMANDS = [
  'mineHardTriplets',
  'mineSemiHardTriplets',
  'mineHardNegatives',
  'openFolder',
  'chooseModel',
  'showLog',
  'exportManifest',
  'cancel',
  'retry',
  'trustFolder',
] as const;

export type LabelCommand = (typeof LABEL_COMMANDS)[number];

/** Work under way, in words for a person, and how far it is. */
export interface LabelJob {
  what: string;
  /** the stage, counts and time left, as one line */
  detail?: string;
  progress?: Progress;
}

/** Everything the page shows. It keeps no state of its own that a reload could lose. */
export type LabelState =
  | { kind: 'no-folder' }
  | { kind: 'untrusted' }
  | { kind: 'nothing-mined'; message?: string }
  | ({ kind: 'working' } & LabelJob)
  | { kind: 'error'; message: string; hint?: string }
  | {
      kind: 'ready';
      lane: Lane;
      window: LabelWindow;
      revealOpinion: boolean;
      /** work that goes on while one judges */
      job?: LabelJob;
    };

/** What the host tells the page unasked. */
export interface LabelPageProtocol {
  calls: Record<string, never>;
  notifications: {
    state: LabelState;
    /** put the keyboard here: a command led to this panel */
    focus: Record<string, never>;
  };
}
