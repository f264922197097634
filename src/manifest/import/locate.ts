import { isAbsolutePath, joined, normalized, relativePath, slashed } from '../paths';
import type { Mention } from '../schema';
import type { ImageRef } from '../types';

/** Finds the images that a file mentions among those of the opened folder. */
export class Locator {
  private readonly byHash = new Map<string, ImageRef>();
  private readonly byPath = new Map<string, ImageRef>();
  /** without regard to case and Unicode form; null where two images share that */
  private readonly loosely = new Map<string, ImageRef | null>();

  /**
   * @param images every path of the folder; several may share a hash
   * @param folder absolute path of the opened folder
   * @param fileFolder absolute path of the folder that the imported file lies in
   */
  constructor(
    images: readonly ImageRef[],
    private readonly folder: string,
    private readonly fileFolder: string,
  ) {
    for (const image of images) {
      if (!this.byHash.has(image.hash)) this.byHash.set(image.hash, image);
      this.byPath.set(image.path, image);
      const loose = loosen(image.path);
      const other = this.loosely.get(loose);
      this.loosely.set(loose, other === undefined || other?.hash === image.hash ? image : null);
    }
  }

  /**
   * The image meant: by its hash where the file has one that is known here; else by its path, read as relative to the
   * opened folder, then to the file's own; of an absolute path that leads elsewhere (another machine's) the longest end
   * that names an image here.
   */
  find({ hash, path }: Mention): ImageRef | undefined {
    const known = hash === undefined ? undefined : this.byHash.get(hash);
    if (known || path === undefined) return known;
    for (const candidate of path.includes('\\') ? [path, slashed(path)] : [path]) {
      const found = this.byRelative(normalized(candidate)) ?? this.fromFileFolder(candidate) ?? this.byEnd(candidate);
      if (found) return found;
    }
    return undefined;
  }

  private byRelative(path: string): ImageRef | undefined {
    return this.byPath.get(path) ?? this.loosely.get(loosen(path)) ?? undefined;
  }

  private fromFileFolder(path: string): ImageRef | undefined {
    const absolute = isAbsolutePath(path) ? path : joined(this.fileFolder, path);
    const relative = relativePath(this.folder, absolute);
    return relative === null || relative.startsWith('..') ? undefined : this.byRelative(relative);
  }

  private byEnd(path: string): ImageRef | undefined {
    if (!isAbsolutePath(path) && !path.startsWith('../') && !path.startsWith('images/')) return undefined;
    const names = path.split('/').filter(name => name !== '' && name !== '..');
    // at least a folder and a name: a bare "1.jpg" may be anything
    for (let from = 1; from < names.length - 1; from++) {
      const found = this.byRelative(names.slice(from).join('/'));
      if (found) return found;
    }
    const last = names.at(-1);
    return path.startsWith('images/') && last !== undefined && names.length === 2 ? this.byRelative(last) : undefined;
  }
}

function loosen(path: string): string {
  return path.normalize('NFC').toLowerCase();
}
