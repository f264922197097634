import type { LabelConvention } from '../labels';
import type { ImageMode, Layout, PathStyle } from '../layout';
import type { TextFile } from '../output';
import type { ReadRow } from '../schema';
import type { Part, Shape } from '../types';

/** What a writer is given. */
export interface WriteRequest {
  shape: Shape;
  parts: readonly Part[];
  layout: Layout;
  seed: number;
  /** the name of a part's file, without folder and extension: `train`, or `garments-train` */
  stem(part: Part): string;
  /** of n-tuples: negatives in a row; chosen so that most are kept where not given */
  negatives?: number | undefined;
  /** of TFRecord: whether the images' bytes lie in the records */
  embed?: boolean | undefined;
}

export interface WriteResult {
  files: TextFile[];
  /** what a person should know of this export, for the card */
  notes: string[];
  /** rows that this format cannot carry, by reason */
  leftOut: Record<string, number>;
  /** the rows that it does carry, part by part */
  kept: readonly Part[];
}

/** Some lines of Python that load an export; run in its folder. At most five lines. */
export interface Snippet {
  /** the library that reads */
  reader: string;
  /** pip names of what it needs */
  needs: string[];
  code: string[];
}

export interface ManifestFormat {
  id: string;
  /** for a list to choose from */
  title: string;
  shapes: readonly Shape[];
  convention: LabelConvention;
  /** the column that holds a pair's label; null where the format has none */
  labelColumn: string | null;
  /** where model, distance, rank, who and when are kept */
  provenance: 'columns' | 'side-file';
  images: ImageMode;
  paths: PathStyle;
  /** true where the format decides itself where copied images go, and lists them */
  placesImages?: boolean;
  write(request: WriteRequest): WriteResult;
  /** @param result what `write` gave for this request */
  snippets(request: WriteRequest, result: WriteResult): Snippet[];
  /** Whether a file, by its name and its first 4096 bytes as text, is one of this format's. */
  claims(name: string, head: string): boolean;
  /**
   * Reads what `write` wrote.
   * @param file absolute path
   * @throws ManifestError `malformed` (with the line) or `file`
   */
  read(file: string, signal?: AbortSignal): AsyncIterable<ReadRow>;
}
