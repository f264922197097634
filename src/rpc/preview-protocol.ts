import type { ImageHash, Relation, TripletVerdict } from '../core/types';
import type { Thumbnail } from './engine-protocol';

/** What a preview page may ask of the host. */
export interface PreviewHostProtocol {
  calls: {
    ready: { params: Record<string, never>; result: PreviewState };
    thumbnail: { params: { hash: ImageHash; size: number }; result: Thumbnail };
    /** one of the page's buttons */
    act: { params: { id: string }; result: null };
  };
  notifications: Record<string, never>;
}

export interface PreviewImage {
  path: string;
  hash?: ImageHash;
  class?: string;
}

export interface PreviewedRow {
  images: PreviewImage[];
  /** what the row says; null: nothing */
  verdict: Relation | TripletVerdict | null;
  /** what it would be instead */
  instead?: Relation | TripletVerdict;
  /** where it comes from, in words */
  from?: string;
}

/** What is about to be done, and what it would come to: in the display language already. */
export interface PreviewState {
  title: string;
  /** under the title: where to, or where from */
  subtitle: string;
  facts: { name: string; value: string }[];
  /** what a person should know before going on */
  warnings: string[];
  /** good news in a line, such as that nothing leaks */
  assurance?: string;
  sections: { title: string; note?: string; rows: PreviewedRow[] }[];
  /** the first one is what one came for */
  actions: { id: string; title: string }[];
}

export interface PreviewPageProtocol {
  calls: Record<string, never>;
  notifications: Record<string, never>;
}
