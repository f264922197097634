import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { sampleImages } from '../../../scripts/sample-images.mjs';
import { dataSet, temporaryFolder } from '../../support/data';

export { dataSet, temporaryFolder };

/** The project's own sample images: there on every machine. */
export const samples = await sampleImages();

/**
 * A copy of the first images of some classes, to work in.
 * @param set folder of an image set
 * @param classes folders inside it, forward slashes; they keep their paths
 * @param perClass images from each, in the order of their names
 */
export function subset(set: string, classes: readonly string[], perClass: number): string {
  const folder = temporaryFolder('margin-images-');
  for (const name of classes) {
    mkdirSync(path.join(folder, name), { recursive: true });
    for (const file of readdirSync(path.join(set, name)).sort().slice(0, perClass)) {
      cpSync(path.join(set, name, file), path.join(folder, name, file));
    }
  }
  return folder;
}

export function remove(folder: string | undefined): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
