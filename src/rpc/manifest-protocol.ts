import type { ImageHash } from '../core/types';
import type { Progress, Thumbnail } from './engine-protocol';
import type { ManifestAnswer, ManifestSummary, ManifestView, ManifestWindow } from './manifest-rows';

/** What the page of a manifest may ask of the host. The host validates every parameter: a page is not trusted. */
export interface ManifestHostProtocol {
  calls: {
    /** a full snapshot, asked for on every (re)load of the page */
    ready: { params: Record<string, never>; result: ManifestState };
    rows: {
      params: { view: ManifestView; from: number; count: number };
      result: ManifestWindow;
      progress: Progress;
    };
    /** resolves when the answer is on disk; asking again with the same token writes once */
    answer: { params: ManifestAnswer; result: null };
    undo: { params: { token: string }; result: null };
    thumbnail: { params: { hash: ImageHash; size: number }; result: Thumbnail };
    /** shows a line of the file as text */
    openLine: { params: { line: number }; result: null };
    command: { params: { id: ManifestCommand }; result: null };
  };
  notifications: Record<string, never>;
}

/** The buttons that the page can show. */
export const MANIFEST_COMMANDS = ['openAsText', 'openFolder', 'trustFolder', 'showLog', 'retry'] as const;

export type ManifestCommand = (typeof MANIFEST_COMMANDS)[number];

export type ManifestState =
  /** the file lies in no folder that is open here: its images cannot be told */
  | { kind: 'no-folder' }
  | { kind: 'untrusted' }
  /** an old version in a diff, a file in an archive: there is nothing beside it */
  | { kind: 'not-on-disk' }
  | { kind: 'opening'; detail?: string; progress?: Progress }
  | { kind: 'error'; message: string; hint?: string }
  | {
      kind: 'ready';
      /** the file's name */
      name: string;
      /** the folder that its paths start in, as people call it */
      folder: string;
      summary: ManifestSummary;
    };

/** What the host tells the page unasked. */
export interface ManifestPageProtocol {
  calls: Record<string, never>;
  notifications: {
    state: ManifestState;
    /** the answers of the folder changed: what is said of rows may too */
    changed: Record<string, never>;
  };
}
