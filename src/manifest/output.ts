import type { ImageHash } from '../core/types';

/** A file to write: its bytes in pieces, or an image to copy. */
export type Content = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

export interface TextFile {
  /** relative to the folder of the export, forward slashes */
  name: string;
  /** rows of the manifest that it holds; 0 for side files */
  rows: number;
  /** true for a file that accompanies the manifest and may hold nothing */
  side?: boolean;
  content: Content;
}

/** An image that travels with the manifest. */
export interface ImageFile {
  name: string;
  /** absolute path of the original */
  from: string;
  hash: ImageHash;
  how: 'copy' | 'link';
}

/** What became of a written file. */
export interface WrittenFile {
  name: string;
  rows: number;
  bytes: number;
  /** lower-case hex */
  sha256: string;
}
