import type { ImageHash } from '../core/types';
import type { ImageFile } from './output';
import { byText, joined, portablePath, relativePath } from './paths';
import type { ImageRef } from './types';
import { ManifestError } from './types';

/** What happens to the images: they stay where they are, are copied, or are hard-linked (copied where links cannot be). */
export type ImageMode = 'leave' | 'copy' | 'link';

/** How an image's path is written: from the opened folder, from the manifest's own folder, or from the root. */
export type PathStyle = 'folder' | 'manifest' | 'absolute';

export interface LayoutChoice {
  /** absolute path of the folder that images' paths start from */
  folder: string;
  /** absolute path of the folder that is written to */
  out: string;
  images: ImageMode;
  paths: PathStyle;
}

/** Where images are, seen from the files that mention them; remembers which must travel. */
export class Layout {
  private readonly taken = new Map<string, Set<string>>();
  private readonly travelling = new Map<string, ImageFile & { image: ImageRef }>();
  private readonly assigned = new Map<string, string>();

  constructor(readonly choice: LayoutChoice) {}

  /**
   * Decides where copied images go, before any path is asked for: sorted by path, so that which of two colliding names
   * keeps its own does not hang on the order of rows.
   */
  prepare(images: Iterable<ImageRef>, directory = 'images'): void {
    if (this.choice.images === 'leave') return;
    const taken = this.taken.get(directory) ?? new Set();
    this.taken.set(directory, taken);
    const distinct = new Map<ImageHash, ImageRef>();
    for (const image of images) distinct.set(image.hash, image);
    for (const image of [...distinct.values()].sort((x, y) => byText(x.path, y.path))) {
      const key = `${directory} ${image.hash}`;
      if (this.assigned.has(key)) continue;
      this.place(image, `${directory}/${portablePath(image.path, image.hash, taken)}`, directory);
    }
  }

  /** Gives an image a name of the format's own choosing (LFW's tree). */
  place(image: ImageRef, name: string, directory = 'images'): void {
    this.assigned.set(`${directory} ${image.hash}`, name);
    if (this.choice.images === 'leave') return;
    const from = joined(this.choice.folder, image.path);
    this.travelling.set(name, { name, from, hash: image.hash, how: this.choice.images, image });
  }

  /**
   * The path to write for an image.
   * @param fileFolder folder of the file that mentions it, relative to `out`; empty for `out` itself
   * @throws ManifestError `unsupported-rows` where no relative path leads there (another drive)
   */
  pathOf(image: ImageRef, fileFolder = '', directory = 'images'): string {
    const { folder, out, paths, images } = this.choice;
    const here = fileFolder === '' ? out : joined(out, fileFolder);
    if (images !== 'leave') {
      const name = this.assigned.get(`${directory} ${image.hash}`);
      if (name === undefined) throw new Error(`no place was prepared for ${image.path}`);
      return paths === 'absolute' ? joined(out, name) : relativePath(here, joined(out, name))!;
    }
    if (paths === 'folder') return image.path;
    const absolute = joined(folder, image.path);
    if (paths === 'absolute') return absolute;
    const path = relativePath(here, absolute);
    if (path !== null) return path;
    throw new ManifestError(
      'unsupported-rows',
      'The images and the export lie on different drives, so no relative path leads from one to the other. ' +
        'Choose absolute paths, or copy the images.',
    );
  }

  /** Where a reader that stands in `out` finds what written paths start from. */
  root(): string {
    const { folder, out, paths, images } = this.choice;
    if (images !== 'leave' || paths !== 'folder') return '.';
    return relativePath(out, folder) ?? joined(folder, '.');
  }

  /** The images that travel, by name. */
  files(): (ImageFile & { image: ImageRef })[] {
    return [...this.travelling.values()].sort((x, y) => byText(x.name, y.name));
  }
}
