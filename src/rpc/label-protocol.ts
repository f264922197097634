import type { ImageHash, Lane, Relation, TripletVerdict } from '../core/types';
import type { LabelWindow, Progress, Thumbnail } from './engine-protocol';

/** What the Label page may ask of the host. The host validates every parameter: a page is not trusted. */
export interface LabelHostProtocol {
  calls: {
    /** a full snapshot, sent on every (re)load of the page */
    ready: { params: Record<string, never>; result: LabelState };
    answer: {
      params: { itemId: string; verdict: TripletVerdict | Relation; ms: number; token: string };
      result: LabelState;
    };
    undo: { params: { token: string }; result: LabelState };
    flag: { params: { image: ImageHash; token: string }; result: LabelState };
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

export type LabelCommand =
  'mineHardTriplets' | 'mineHardNegatives' | 'openFolder' | 'showLog' | 'exportManifest' | 'cancel' | 'trustFolder';

/** Everything the page shows. It keeps no state of its own that a reload could lose. */
export type LabelState =
  | { kind: 'no-folder' }
  | { kind: 'untrusted' }
  | { kind: 'nothing-mined'; message?: string }
  | { kind: 'working'; what: string; progress?: Progress }
  | { kind: 'error'; message: string; hint?: string }
  | { kind: 'ready'; lane: Lane; window: LabelWindow; revealOpinion: boolean };

/** What the host tells the page unasked. */
export interface LabelPageProtocol {
  calls: Record<string, never>;
  notifications: {
    state: LabelState;
  };
}
